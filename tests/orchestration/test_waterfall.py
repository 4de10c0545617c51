"""A turn's way to the ear: its parts sum to the whole, whatever happened in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.events import PlayoutReported
from orchestration.ports import Lane
from orchestration.spoken import SpokenTurn
from orchestration.waterfall import After, Ear, Moments, Step, parts, rtp_since

SECONDS = st.floats(-50, 50, allow_nan=False)
PATIENCE_S = 0.9


@given(SECONDS, st.dictionaries(st.sampled_from(list(Step)), SECONDS))
def test_the_parts_sum_to_the_whole_and_none_is_negative(zero: float, instants: dict[Step, float]) -> None:
    found = parts(zero, instants)
    assert [part.part for part in found] == [step.value for step in Step if step in instants]
    assert all(part.ms >= 0 for part in found)
    last = max(instants, key=list(Step).index, default=None)
    whole = 0 if last is None else max(0, round((instants[last] - zero) * 1000))
    assert sum(part.ms for part in found) == whole


def test_each_part_is_what_its_step_took() -> None:
    instants = {Step.END_OF_SPEECH: 10.9, Step.TRANSCRIPT: 11.0, Step.DECISION: 11.001, Step.HEARD: 11.25}
    found = parts(10.0, instants)
    assert [part.ms for part in found] == [900, 100, 1, 249]


def test_what_was_prepared_before_the_zero_took_no_time() -> None:
    found = parts(10.0, {Step.DECISION: 10.0, Step.FIRST_DELTA: 8.5, Step.FIRST_PACKET: 10.35})
    assert [part.ms for part in found] == [0, 0, 350]


def test_rtp_times_are_told_apart_across_the_wrap() -> None:
    assert rtp_since(5, 2**32 - 5) == 10
    assert rtp_since(2**32 - 5, 5) == -10


# ---------------------------------------------------------------------- what a turn follows


def spoken_at(moments: Moments, began: float, quiet: float | None, stopped: float) -> None:
    moments.sound_began()
    moments.speech_started(began)
    if quiet is not None:
        moments.sound_ended(quiet)
    moments.speech_stopped("item", stopped)


def test_a_turn_follows_the_human_s_last_sound_as_the_microphone_heard_it() -> None:
    moments = Moments(PATIENCE_S)
    moments.arrived(0.0)
    moments.voice_ended(2.0, cut=False)
    spoken_at(moments, 3.0, 4.95, 6.0)
    moments.said("item", 6.2)
    origin = moments.origin(6.2)
    assert (origin.after, origin.zero) == (After.HUMAN, 4.95)
    assert origin.instants == {Step.END_OF_SPEECH: 6.0, Step.TRANSCRIPT: 6.2}


@pytest.mark.parametrize("quiet", [None, 2.0, 5.7])
def test_without_a_last_sound_that_can_be_it_lay_before_the_pause(quiet: float | None) -> None:
    """The gate never opened, or its news are of before the speech, or a noise fell into the pause."""
    moments = Moments(PATIENCE_S)
    moments.speech_started(3.0)
    if quiet is not None:
        moments.sound_ended(quiet)
    moments.speech_stopped("item", 6.0)
    assert moments.origin(6.0).zero == pytest.approx(5.1)


def test_the_talk_key_s_release_needs_no_pause() -> None:
    moments = Moments(PATIENCE_S)
    moments.speech_started(3.0)
    moments.key_released(5.0)
    moments.speech_stopped("item", 5.02)
    origin = moments.origin(5.02)
    assert (origin.zero, origin.instants[Step.END_OF_SPEECH]) == (5.0, 5.02)


def test_while_the_key_is_down_a_pause_is_no_end() -> None:
    moments = Moments(PATIENCE_S)
    spoken_at(moments, 3.0, 4.0, 5.0)
    moments.key_released(7.0)
    origin = moments.origin(7.1)
    assert (origin.zero, origin.instants[Step.END_OF_SPEECH]) == (4.0, 7.0)


def test_a_transcript_of_another_turn_is_none_of_this_one() -> None:
    moments = Moments(PATIENCE_S)
    spoken_at(moments, 3.0, 4.0, 5.0)
    moments.said("an earlier item", 5.1)
    assert Step.TRANSCRIPT not in moments.origin(5.2).instants


def test_a_turn_after_a_voice_follows_its_end() -> None:
    moments = Moments(PATIENCE_S)
    moments.arrived(0.0)
    spoken_at(moments, 1.0, 2.0, 3.0)
    moments.voice_began()
    moments.voice_ended(9.0, cut=False)
    origin = moments.origin(9.0)
    assert (origin.after, origin.zero, origin.instants) == (After.VOICE, 9.0, {})


def test_words_typed_over_a_voice_are_followed_though_the_voice_fell_silent_later() -> None:
    moments = Moments(PATIENCE_S)
    moments.voice_began()
    moments.typed(5.0)
    moments.voice_ended(5.03, cut=True)
    origin = moments.origin(5.03)
    assert (origin.after, origin.zero, origin.instants) == (After.HUMAN, 5.0, {})


def test_the_first_turn_and_the_first_after_a_lost_connection_follow_the_listener_s_coming() -> None:
    moments = Moments(PATIENCE_S)
    assert moments.origin(asked=0.5).zero == 0.5
    moments.arrived(1.0)
    moments.voice_ended(7.0, cut=True)
    moments.arrived(60.0)
    origin = moments.origin(60.1)
    assert (origin.after, origin.zero) == (After.START, 60.0)


HAPPENINGS: dict[str, Callable[[Moments, float], None]] = {
    "arrived": lambda moments, now: moments.arrived(now),
    "sound began": lambda moments, now: moments.sound_began(),
    "sound ended": lambda moments, now: moments.sound_ended(now - 0.3),
    "speech started": lambda moments, now: moments.speech_started(now),
    "speech stopped": lambda moments, now: moments.speech_stopped("item", now),
    "key released": lambda moments, now: moments.key_released(now),
    "said": lambda moments, now: moments.said("item", now),
    "typed": lambda moments, now: moments.typed(now),
    "voice began": lambda moments, now: moments.voice_began(),
    "voice ended": lambda moments, now: moments.voice_ended(now, cut=False),
    "voice cut": lambda moments, now: moments.voice_ended(now, cut=True),
}
STEPS_S = st.floats(0, 3)


@given(
    st.lists(st.tuples(st.sampled_from(sorted(HAPPENINGS)), STEPS_S), max_size=25),
    st.lists(st.none() | st.floats(-3, 3), min_size=4, max_size=4),
)
def test_whatever_happens_in_whatever_order_a_turn_s_parts_sum_to_its_whole(
    happenings: list[tuple[str, float]], turn: list[float | None]
) -> None:
    moments, now = Moments(PATIENCE_S), 100.0
    for what, step_s in happenings:
        now += step_s
        HAPPENINGS[what](moments, now)
    spoken = SpokenTurn("turn1", "sarah", cast(Lane, None), now - 1)
    asked, first, sent, heard = (None if after is None else now + after for after in turn)
    spoken.given_at, spoken.first_audio_at, spoken.sent_at, spoken.heard_at = now, first, sent, heard
    spoken.origin = moments.origin(now if asked is None else asked)
    told = spoken.metrics()
    assert all(part.ms >= 0 for part in told.parts)
    assert told.whole_ms == sum(part.ms for part in told.parts)
    last = next(at for at in (heard, sent, first, now) if at is not None)
    assert told.whole_ms == max(0, round((last - spoken.origin.zero) * 1000))
    assert {"human": 6, "voice": 4, "start": 4}[told.after] >= len(told.parts)


def test_of_a_turn_that_never_had_the_floor_nothing_is_told() -> None:
    told = SpokenTurn("turn1", "sarah", cast(Lane, None), 1.0).metrics()
    assert (told.whole_ms, told.parts, told.pause_ms, told.ready_before_ms) == (None, (), None, None)


# ---------------------------------------------------------------------- the listener's ear


def report(at_s: float, rtt_ms: float | None = 40.0) -> PlayoutReported:
    return PlayoutReported(0, round(at_s * 1000), 55.0, rtt_ms)


def test_the_delay_to_the_ear_is_found_whatever_the_page_s_clock_says() -> None:
    """Sent at s, heard 100 ms later; the page's clock is 500 s behind ours, its message takes 20 ms."""
    ear = Ear()
    delay = None
    for n, idle in enumerate((0.015, 0.0, 0.009)):  # how long the page waits before it reports
        heard = 1000.1 + n
        delay = ear.reported(report(heard - 500), heard - 0.1, heard + idle + 0.02)
    assert delay == pytest.approx(0.1, abs=0.0011)
    assert ear.delay(1003.0) == delay
    assert ear.delay(1100.0) is None


def test_without_a_page_s_clock_its_figures_are_taken() -> None:
    assert Ear().reported(PlayoutReported(0, None, 55.0, 40.0), 1.0, 2.0) == pytest.approx(0.075)
    assert Ear().reported(PlayoutReported(0, None, None, 40.0), 1.0, 2.0) is None


def test_a_clock_that_jumped_is_not_believed() -> None:
    """A page that slept for a minute goes on where its clock stood."""
    ear = Ear()
    ear.reported(report(10.0), 9.9, 10.02)
    assert ear.reported(report(11.0), 70.9, 71.02) is None
    assert ear.delay(71.0) is None
    assert ear.reported(report(12.0), 71.9, 72.02) == pytest.approx(0.1)


def test_another_page_has_another_way() -> None:
    ear = Ear()
    ear.reported(report(10.0), 9.9, 10.02)
    ear.forget()
    assert ear.delay(10.1) is None


@given(st.lists(st.tuples(SECONDS, SECONDS, SECONDS, st.floats(0, 500)), max_size=40))
def test_whatever_a_page_reports_no_delay_is_negative_or_absurd(
    told: list[tuple[float, float, float, float]],
) -> None:
    ear = Ear()
    for at_s, sent_at, now, rtt_ms in told:
        delay = ear.reported(report(at_s, rtt_ms), sent_at, now)
        assert delay is None or 0 <= delay <= 5.0
