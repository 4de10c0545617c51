"""The Floor alone: what the next 20 ms hold, to the sample."""

from __future__ import annotations

import numpy as np
import pytest
from virtual_media import steady

from media.clock import SessionClock
from media.floor import (
    Block,
    Floor,
    FloorEvent,
    PlayoutFinished,
    PlayoutInterrupted,
    PlayoutStarted,
    Segment,
)
from media.pcm import FRAME_SAMPLES, Samples, as_array, ms_to_samples, silence


class Listener:
    """Plays a Floor block by block."""

    def __init__(self) -> None:
        self.events: list[FloorEvent] = []
        self.floor = Floor(SessionClock(0.0, rtp_origin=1000), self.events.append)
        self.position = 0

    def say(self, turn: str, pcm: bytes, pause_ms: int = 0) -> None:
        lane = self.floor.lane(turn)
        lane.put(pcm)
        lane.finish()
        self.floor.give(turn, pause_ms)

    def next(self) -> Block:
        block = self.floor.peek(self.position, decisive=True)
        assert block is not None
        self.floor.sent(block)
        self.position += FRAME_SAMPLES
        return block

    def play(self, blocks: int) -> Samples:
        return as_array(b"".join(self.next().pcm for _ in range(blocks)))


def test_a_lane_that_was_not_given_is_not_heard() -> None:
    listener = Listener()
    listener.floor.lane("a").put(steady(100))
    assert listener.floor.next_start(0) is None
    assert not listener.play(2).any()
    assert listener.events == []


def test_the_first_turn_starts_at_once_whatever_its_pause() -> None:
    listener = Listener()
    listener.say("a", steady(100), pause_ms=500)
    assert listener.floor.next_start(77) == 77


def test_speech_starts_at_the_first_audible_sample() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.put(silence(1000))
    lane.put(silence(200) + steady(100))
    listener.floor.give("a", 0)
    assert lane.trimmed_ms == 50
    assert listener.play(1)[0] == 8000


def test_the_pause_is_counted_from_the_last_audible_sample_to_the_sample() -> None:
    listener = Listener()
    listener.say("a", silence(240) + steady(30, 8000) + silence(5000))
    listener.say("b", silence(999) + steady(30, 5000), pause_ms=100)
    played = listener.play(10)
    a, b = np.flatnonzero(played == 8000), np.flatnonzero(played == 5000)
    assert (a[0], a[-1]) == (0, 719)
    assert b[0] == 720 + ms_to_samples(100)
    assert b.size == 720


def test_turns_are_heard_in_the_order_in_which_they_were_given() -> None:
    listener = Listener()
    listener.floor.lane("b")
    listener.say("a", steady(10, 1000))
    listener.say("b", steady(10, 2000))
    listener.say("c", steady(10, 3000))
    played = listener.play(2)
    assert [int(played[at]) for at in (0, 240, 480)] == [1000, 2000, 3000]
    assert [event.turn for event in listener.events] == ["a", "a", "b", "b", "c", "c"]


def test_reports_say_where_a_turn_started_and_how_much_of_it_was_sent() -> None:
    listener = Listener()
    listener.say("a", silence(480) + steady(30))
    listener.play(1)
    assert listener.events == [PlayoutStarted("a", 1000)]
    listener.say("b", steady(20), pause_ms=10)
    listener.play(2)
    assert listener.events[1:] == [
        PlayoutFinished("a", 30),
        PlayoutStarted("b", 1000 + 2 * ms_to_samples(40)),
        PlayoutFinished("b", 20),
    ]


def test_a_turn_that_ends_late_is_finished_the_moment_its_end_is_known() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.put(steady(20))
    listener.floor.give("a", 0)
    listener.play(1)
    assert listener.events[1:] == []
    lane.finish()
    assert listener.events[1:] == [PlayoutFinished("a", 20)]


def test_a_turn_without_any_sound_is_finished_when_its_turn_comes() -> None:
    listener = Listener()
    listener.say("a", steady(20))
    listener.say("b", silence(5000))
    assert listener.events == []
    listener.play(1)
    assert listener.events[1:] == [PlayoutFinished("a", 20), PlayoutFinished("b", 0)]


def test_silence_sent_before_the_end_was_known_counts_for_the_pause() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.put(steady(20) + silence(960))
    listener.floor.give("a", 0)
    listener.play(2)
    lane.finish()
    listener.say("b", steady(20, 5000), pause_ms=50)
    assert listener.floor.next_start(0) == ms_to_samples(20 + 50)


def test_a_turn_that_lacks_samples_stays_open_and_fades_instead_of_breaking() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.put(steady(30))
    listener.floor.give("a", 0)
    listener.play(1)
    assert listener.floor.peek(480, decisive=False) is None
    played = listener.play(2)
    assert played[100] == 8000
    assert abs(int(played[239])) < 100
    assert not played[240:].any()
    assert listener.floor.turn == "a"
    assert listener.floor.next_start(5000) is None
    lane.put(steady(20))
    assert listener.floor.next_start(5000) == 5000


@pytest.mark.parametrize(("pending", "expected"), [(True, 0), (False, 40)])
def test_cut_reports_what_was_really_sent(pending: bool, expected: int) -> None:
    listener = Listener()
    listener.say("a", silence(2400) + steady(500))
    if not pending:
        listener.play(2)
    listener.floor.cut()
    source = expected + 100 if expected else 0
    assert listener.events[-1] == PlayoutInterrupted("a", expected, source)


def test_cut_fades_within_5_ms_and_then_there_is_silence() -> None:
    listener = Listener()
    listener.say("a", steady(500))
    listener.play(2)
    listener.floor.cut()
    after = listener.play(2)
    assert after[0] == 8000
    assert np.all(np.diff(after[:121].astype(int)) <= 0)
    assert not after[120:].any()


def test_nothing_of_a_cut_turn_comes_back() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.put(steady(100))
    listener.floor.give("a", 0)
    listener.play(1)
    listener.floor.cut()
    lane.put(steady(100))
    lane.finish()
    listener.floor.lane("a").put(steady(100))
    listener.floor.give("a", 0)
    listener.play(1)
    assert listener.floor.next_start(9999) is None
    assert len(listener.events) == 2


def test_the_pause_after_a_cut_is_counted_from_the_end_of_the_fade() -> None:
    listener = Listener()
    listener.say("a", steady(500))
    listener.play(2)
    listener.floor.cut()
    listener.say("b", steady(20, 5000), pause_ms=10)
    after = listener.play(1)
    assert np.flatnonzero(after[120:] == 5000)[0] == 240


def test_cut_without_anything_to_cut_is_nothing() -> None:
    listener = Listener()
    listener.floor.cut()
    listener.floor.lane("waiting").put(steady(20))
    listener.floor.cut()
    assert listener.events == []


def test_duck_goes_down_by_15_db_within_20_ms_and_restore_comes_back() -> None:
    listener = Listener()
    listener.say("a", steady(500))
    listener.play(1)
    listener.floor.duck()
    ducked = listener.play(2)
    assert ducked[0] == pytest.approx(8000, abs=20)
    assert ducked[480] == ducked[959] == round(8000 * 10 ** (-15 / 20))
    listener.floor.restore()
    restored = listener.play(2)
    assert np.all(np.diff(restored[:480].astype(int)) >= 0)
    assert restored[480] == 8000


def test_a_duck_ends_with_its_turn() -> None:
    listener = Listener()
    listener.say("a", steady(60))
    listener.say("b", steady(60, 5000))
    listener.play(1)
    listener.floor.duck()
    assert listener.play(3)[-1] == 5000


def test_a_peek_changes_nothing() -> None:
    listener = Listener()
    listener.say("a", steady(500))
    listener.floor.duck()
    first, second = listener.floor.peek(0, True), listener.floor.peek(0, True)
    assert first == second
    assert listener.events == []


def test_discard_forgets_a_turn_that_was_never_heard() -> None:
    listener = Listener()
    listener.say("a", steady(20))
    listener.say("b", steady(20, 5000))
    listener.say("c", steady(20, 3000))
    listener.floor.discard("b")
    listener.floor.discard("b")
    listener.floor.discard("unknown")
    played = listener.play(2)
    assert played[480] == 3000
    assert "b" not in [event.turn for event in listener.events]


def test_hold_fades_and_resume_goes_on_at_the_same_sample() -> None:
    listener = Listener()
    ramp = np.arange(1000, 1000 + ms_to_samples(100), dtype="<i2").tobytes()
    listener.say("a", ramp)
    listener.play(2)
    listener.floor.hold()
    held = listener.play(2)
    assert held[0] == 1960
    assert not held[120:].any()
    assert listener.floor.next_start(9999) is None
    listener.floor.resume()
    assert listener.play(1)[0] == 1960
    assert [type(event) for event in listener.events] == [PlayoutStarted]


def test_a_turn_given_while_held_waits_for_resume() -> None:
    listener = Listener()
    listener.floor.hold()
    listener.say("a", steady(20))
    assert not listener.play(1).any()
    listener.floor.resume()
    assert listener.floor.next_start(480) == 480


def test_hold_and_resume_before_the_next_packet_leave_no_trace() -> None:
    listener = Listener()
    listener.say("a", steady(100))
    listener.play(1)
    listener.floor.hold()
    listener.floor.resume()
    assert set(listener.play(1).tolist()) == {8000}


def test_every_sample_is_known_by_its_turn() -> None:
    listener = Listener()
    listener.say("a", steady(30))
    listener.say("b", steady(30), pause_ms=10)
    listener.play(5)
    assert listener.floor.sent_segments("b") == (Segment("b", 0, 960, 720),)
    assert listener.floor.sent_at(1000 + 2 * 719) == Segment("a", 719, 719, 1)
    assert listener.floor.sent_at(1000 + 2 * 720) is None
    assert listener.floor.sent_at(1000 + 2 * 1000) == Segment("b", 40, 1000, 1)
    assert listener.floor.sent_at(998) is None
    assert listener.floor.time_of(1000 + 2 * 24_000) == 1.0
    assert listener.floor.time_of(1000 - 2 * 240) == -0.01


def test_a_turn_may_be_cut_from_inside_its_own_report() -> None:
    listener = Listener()
    floor = listener.floor
    reported: list[FloorEvent] = []

    def report(event: FloorEvent) -> None:
        reported.append(event)
        if isinstance(event, PlayoutStarted):
            floor.cut()

    floor._on_event = report
    listener.say("a", steady(100))
    listener.play(2)
    assert reported == [PlayoutStarted("a", 1000), PlayoutInterrupted("a", 20, 20)]


def test_half_samples_are_put_together() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    pcm = steady(20, 0x1234)
    for at in range(0, len(pcm), 7):
        lane.put(pcm[at : at + 7])
    lane.finish()
    listener.floor.give("a", 0)
    assert set(listener.play(1).tolist()) == {0x1234}


def test_a_lane_has_an_end_even_if_its_source_has_none() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    for _ in range(200):
        lane.put(steady(1000))
    assert lane.waiting == 180 * 24000


def test_a_turn_that_began_in_the_packet_is_known_when_the_one_before_it_is_reported() -> None:
    """Whoever cuts at that report cuts the turn that sounds by then, and is told how much of it was sent."""
    listener = Listener()
    reported: list[FloorEvent] = []

    def report(event: FloorEvent) -> None:
        reported.append(event)
        if isinstance(event, PlayoutFinished):
            listener.floor.cut()

    listener.floor._on_event = report
    listener.say("a", steady(10))
    listener.say("b", steady(100))
    listener.play(1)
    assert reported[1:] == [
        PlayoutFinished("a", 10),
        PlayoutStarted("b", 1000 + 2 * 240),
        PlayoutInterrupted("b", 10, 10),
    ]
    assert listener.play(1)[:120].any()


def test_the_pause_after_late_silence_is_counted_from_the_last_audible_sample() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    listener.floor.give("a", 0)
    for pcm in (steady(20), steady(20) + silence(480), silence(480)):
        lane.put(pcm)
        listener.play(2)
        listener.position += 4800
    lane.finish()
    listener.say("b", steady(20), pause_ms=500)
    assert listener.floor.next_start(0) == 960 + 4800 + ms_to_samples(20 + 500)


def test_what_was_sent_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.floor.REMEMBERED", 10)
    monkeypatch.setattr("media.history.REMEMBERED", 10)
    listener = Listener()
    for turn in range(100):
        listener.say(str(turn), steady(20))
        listener.play(1)
    assert listener.floor.sent_at(1000 + 2 * 480 * 90) == Segment("90", 0, 480 * 90, 1)
    assert listener.floor.sent_segments("5") == ()
    assert len(listener.floor._history._segments) <= 20
    assert len(listener.floor._gone) == 10


def test_a_turn_that_breaks_off_is_heard_to_that_place_and_fades_out_there() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.put(silence(240) + steady(200, 8000))
    listener.floor.give("a", 0)
    listener.play(2)
    lane.break_off(110)  # 10 ms of it were trimmed
    lane.put(steady(100, 4000))
    played = listener.play(5)
    assert list(played[: ms_to_samples(60) - ms_to_samples(5)]) == [8000] * ms_to_samples(55)
    assert 0 < played[ms_to_samples(58)] < played[ms_to_samples(56)] < 8000
    assert not played[ms_to_samples(60) :].any()
    assert listener.events[-1] == PlayoutFinished("a", 99)  # the end of the fade is no sound


def test_a_turn_that_breaks_off_where_it_was_heard_already_ends_within_a_fade() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.put(steady(200, 8000))
    listener.floor.give("a", 0)
    listener.play(3)
    lane.break_off(20)
    played = listener.play(2)
    assert 0 < played[ms_to_samples(3)] < played[ms_to_samples(1)] < 8000
    assert not played[ms_to_samples(5) :].any()
    assert listener.events[-1] == PlayoutFinished("a", 64)


def test_the_silence_at_the_place_where_a_turn_breaks_off_is_not_sent() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.put(steady(60, 8000) + silence(ms_to_samples(300)) + steady(100, 8000))
    listener.floor.give("a", 0)
    listener.play(1)
    lane.break_off(360)
    listener.play(4)
    assert listener.events[-1] == PlayoutFinished("a", 60)


def test_a_turn_of_which_nothing_is_kept_ends_without_a_sound() -> None:
    listener = Listener()
    lane = listener.floor.lane("a")
    lane.break_off(0)
    listener.floor.give("a", 0)
    assert listener.events == [PlayoutFinished("a", 0)]
