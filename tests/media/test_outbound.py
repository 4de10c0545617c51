"""The session's voice in virtual time: when packets leave and what they say."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from virtual_media import Stage, steady, tone

from media.clock import SessionClock
from media.fanout import OutboundPacket
from media.floor import FloorEvent, PlayoutFinished, PlayoutInterrupted, PlayoutStarted
from media.outbound import HURRY_S
from media.pcm import FRAME_SAMPLES, level_dbfs, ms_to_samples
from media.tracks import VoiceTrack


def test_the_first_packet_leaves_at_once_and_the_others_every_20_ms() -> None:
    stage = Stage()
    stage.loop.run_ms(1234.5)
    begin = stage.loop.now
    stage.say("a", tone(100))
    stage.loop.run_ms(1000)
    times = [time for time, _ in stage.packets]
    assert times[0] == pytest.approx(begin, abs=1e-4)
    assert np.diff(times) == pytest.approx([0.02] * 5)
    assert stage.positions[0] == stage.clock.position(begin)
    assert set(np.diff(stage.positions)) == {FRAME_SAMPLES}


def test_rtp_time_is_the_session_clock_and_sequence_numbers_have_no_gap() -> None:
    stage = Stage()
    for turn in range(4):
        stage.loop.run_ms(333.3)
        stage.say(f"turn {turn}", tone(90))
        stage.loop.run_ms(200)
    numbers = [packet.sequence_number for _, packet in stage.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] < 1 << 15
    for time, packet in stage.packets:
        assert stage.clock.time_of(packet.position) == pytest.approx(time, abs=1e-4)
        assert packet.timestamp == stage.clock.rtp_timestamp(packet.position)
    assert len(stage.marked) == 4


def test_a_spurt_ends_with_one_packet_of_silence_and_then_nothing() -> None:
    stage = Stage()
    stage.say("a", tone(100))
    stage.loop.run_ms(5000)
    assert [packet.level_dbov for _, packet in stage.packets][-2:] == [-15, -127]
    assert len(stage.packets) == 6
    assert stage.loop.waiting == 0


def test_a_hand_over_is_exact_to_the_sample_with_a_marker_off_the_grid() -> None:
    stage = Stage()
    stage.say("a", steady(93.25))
    stage.say("b", steady(50), pause_ms=317)
    stage.loop.run_ms(1000)
    expected = ms_to_samples(93.25) + ms_to_samples(317)
    assert stage.marked == [0, expected]
    assert stage.events[2] == PlayoutStarted("b", stage.clock.rtp_timestamp(expected))


def test_a_pause_shorter_than_the_end_of_a_spurt_stays_in_the_spurt() -> None:
    stage = Stage()
    stage.say("a", steady(93.25))
    stage.say("b", steady(50), pause_ms=20)
    stage.loop.run_ms(1000)
    assert stage.marked == [0]
    expected = ms_to_samples(93.25) + ms_to_samples(20)
    assert stage.events[2] == PlayoutStarted("b", stage.clock.rtp_timestamp(expected))


@pytest.mark.parametrize("given_after_ms", [0, 50, 95, 101, 115, 135, 300])
def test_the_pause_does_not_depend_on_when_the_turn_was_given(given_after_ms: float) -> None:
    stage = Stage()
    stage.say("a", steady(100))
    stage.loop.run_ms(given_after_ms)
    stage.say("b", steady(50), pause_ms=400)
    stage.loop.run_ms(1000)
    started = [event for event in stage.events if isinstance(event, PlayoutStarted)]
    assert started[1].rtp_timestamp == stage.clock.rtp_timestamp(ms_to_samples(500))


def test_a_turn_given_too_late_starts_at_once() -> None:
    stage = Stage()
    stage.say("a", steady(100))
    stage.loop.run_ms(3000)
    stage.say("b", steady(50), pause_ms=400)
    stage.loop.run_ms(100)
    assert stage.marked == [0, ms_to_samples(3000)]


def test_a_turn_whose_audio_comes_late_starts_with_its_first_audio() -> None:
    stage = Stage()
    stage.say("a", steady(100))
    stage.floor.give("b", 300)
    stage.loop.run_ms(1000)
    stage.floor.lane("b").put(steady(200))
    stage.loop.run_ms(300)
    assert stage.marked == [0, ms_to_samples(1000)]


def test_audio_that_trickles_in_real_time_makes_one_spurt() -> None:
    stage = Stage()
    lane = stage.floor.lane("a")
    stage.floor.give("a", 0)
    lane.put(steady(40))
    for _ in range(20):
        stage.loop.run_ms(20)
        lane.put(steady(20))
    lane.finish()
    stage.loop.run_ms(200)
    assert len(stage.marked) == 1
    assert stage.events[-1] == PlayoutFinished("a", 440)


def test_audio_that_comes_too_late_starts_a_new_spurt_of_the_same_turn() -> None:
    stage = Stage()
    lane = stage.floor.lane("a")
    stage.floor.give("a", 0)
    lane.put(steady(100))
    stage.loop.run_ms(500)
    lane.put(steady(100))
    lane.finish()
    stage.loop.run_ms(500)
    assert stage.marked == [0, ms_to_samples(500)]
    assert stage.events[-1] == PlayoutFinished("a", 200)
    assert len([event for event in stage.events if isinstance(event, PlayoutStarted)]) == 1


def test_cut_is_silent_within_60_ms_at_the_listener() -> None:
    stage = Stage()
    stage.say("a", tone(2000))
    stage.loop.run_ms(509)
    stage.floor.cut()
    cut_at = ms_to_samples(509)
    stage.loop.run_ms(500)
    assert stage.events[-1] == PlayoutInterrupted("a", 520, 520)
    after = stage.sound()[cut_at + ms_to_samples(60) :]
    assert np.abs(after).max() < 200
    assert stage.positions[-1] < cut_at + ms_to_samples(60)


def test_a_fade_leaves_early_enough_for_a_timer_that_is_a_millisecond_late() -> None:
    """Or a cut just after a packet would be heard for more than 20 ms."""
    stage = Stage()
    stage.say("a", tone(2000))
    stage.loop.run_ms(500.1)
    stage.floor.cut()
    stage.loop.run_ms(500)
    left = [time - stage.clock.time_of(packet.position) for time, packet in stage.packets]
    assert left[-3:] == pytest.approx([0, -HURRY_S, 0], abs=1e-4), "speech, the fade, silence"


def test_a_cut_goes_back_to_the_coder_state_of_the_last_packet_sent() -> None:
    """The residual after the fade is as small as if the dropped packet had never been encoded."""
    stage = Stage()
    stage.say("a", tone(2000, hz=200))
    stage.loop.run_ms(509)
    stage.floor.cut()
    stage.say("b", tone(200, hz=900), pause_ms=200)
    stage.loop.run_ms(1000)
    sound = stage.sound()
    fade_end = ms_to_samples(520 + 5)
    between = sound[fade_end + ms_to_samples(10) : fade_end + ms_to_samples(150)]
    assert np.abs(between).max() < 300
    onset = sound[fade_end + ms_to_samples(200) : fade_end + ms_to_samples(400)]
    assert level_dbfs(onset.astype("<i2").tobytes()) == pytest.approx(level_dbfs(tone(20)), abs=1.5)


def test_duck_is_heard_within_60_ms() -> None:
    stage = Stage()
    stage.say("a", tone(2000))
    stage.loop.run_ms(509)
    stage.floor.duck()
    stage.loop.run_ms(300)
    sound = stage.sound()[ms_to_samples(509 + 60) : ms_to_samples(700)]
    assert level_dbfs(sound.astype("<i2").tobytes()) == pytest.approx(level_dbfs(tone(20)) - 15, abs=1.5)


def test_hold_stops_and_resume_starts_a_new_spurt_with_the_rest() -> None:
    stage = Stage()
    stage.say("a", steady(200))
    stage.loop.run_ms(90)
    stage.floor.hold()
    stage.loop.run_ms(1000)
    assert len(stage.packets) == 5 + 2
    stage.floor.resume()
    stage.loop.run_ms(1000)
    assert stage.events[-1] == PlayoutFinished("a", 200)
    assert stage.marked == [0, ms_to_samples(1090)]


def test_a_short_stall_is_made_up_for_and_a_long_one_moves_the_rest() -> None:
    stage = Stage()
    stage.say("a", steady(400))
    stage.loop.run_ms(90)
    stage.loop.lag = 0.1
    stage.loop.run_ms(150)
    assert set(np.diff(stage.positions)) == {FRAME_SAMPLES}
    stage.loop.lag = 0.5
    stage.loop.run_ms(1500)
    assert len(stage.marked) == 2
    assert stage.events[-1] == PlayoutFinished("a", 400)
    late = [time - stage.clock.time_of(packet.position) for time, packet in stage.packets]
    assert max(late[-5:]) < 0.001


def test_a_report_may_give_the_next_turn() -> None:
    stage = Stage()

    def report(event: FloorEvent) -> None:
        stage.events.append(event)
        if isinstance(event, PlayoutFinished) and event.turn == "a":
            stage.say("b", steady(40), pause_ms=5)

    stage.floor._on_event = report
    stage.say("a", steady(100))
    stage.loop.run_ms(400)
    assert stage.events[-1] == PlayoutFinished("b", 40)


def test_a_report_that_fails_does_not_silence_the_session() -> None:
    stage = Stage()

    def report(event: FloorEvent) -> None:
        stage.events.append(event)
        if len(stage.events) == 1:
            raise RuntimeError("whoever is told")

    stage.floor._on_event = report
    stage.say("a", steady(100))
    stage.say("b", steady(100), pause_ms=50)
    stage.loop.run_ms(1000)
    assert stage.ended == ["a", "b"]
    assert len(stage.packets) == 12


def test_one_listeners_failure_is_its_own_and_not_for_good(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    taken: list[int] = []

    def fail_at_first(packet: OutboundPacket) -> None:
        if len(stage.packets) <= 3:
            raise RuntimeError("a broken peer")
        taken.append(packet.sequence_number)

    stage.outbound.subscribe(fail_at_first)
    stage.say("a", steady(100))
    stage.loop.run_ms(400)
    assert len(stage.packets) == 6
    assert len(taken) == 3
    assert stage.outbound.listeners == 2
    assert [record.message for record in caplog.records] == ["a listener could not take a packet"]


def test_a_listener_who_fails_again_and_again_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()

    def fail_now_and_then(packet: OutboundPacket) -> None:
        if packet.sequence_number % 2:
            raise RuntimeError("a broken peer")

    stage.outbound.subscribe(fail_now_and_then)
    stage.say("a", steady(400))
    stage.loop.run_ms(600)
    assert len(caplog.records) == 1


def test_who_goes_on_at_once_is_not_sent_early() -> None:
    stage = Stage()
    stage.say("a", steady(400))
    stage.loop.run_ms(107)
    stage.floor.hold()
    stage.loop.run_ms(1)
    stage.floor.resume()
    stage.loop.run_ms(400)
    late = [time - stage.clock.time_of(packet.position) for time, packet in stage.packets]
    assert min(late) > -1e-6


def test_fec_is_on_while_losses_are_expected() -> None:
    stage = Stage()
    encoder = stage.outbound._encoder
    assert encoder.expected_loss_percent == 0
    for lossy in (True, False):
        stage.outbound.expect_loss(lossy)
        stage.say(f"lossy {lossy}", tone(300))
        stage.loop.run_ms(500)
        assert (encoder.expected_loss_percent >= 6) is lossy
        assert encoder.expected_loss_percent not in range(1, 6)


def test_nothing_is_sent_after_close() -> None:
    stage = Stage()
    stage.say("a", steady(500))
    stage.loop.run_ms(100)
    sent = len(stage.packets)
    stage.outbound.close()
    stage.outbound.close()
    stage.floor.cut()
    stage.say("b", steady(100))
    stage.outbound.expect_loss(True)
    stage.loop.run_ms(1000)
    assert len(stage.packets) == sent
    assert stage.loop.waiting == 0


async def test_a_track_returns_ready_packets_and_ends_when_stopped() -> None:
    stage = Stage()
    stage.loop.run_ms(50)
    track = VoiceTrack(stage.outbound)
    stage.outbound.subscribe(lambda packet: None)
    waiting = asyncio.ensure_future(track.recv())
    await asyncio.sleep(0)
    stage.say("a", steady(100))
    stage.loop.run_ms(10)
    packet = await waiting
    assert packet.pts == ms_to_samples(50) * 2
    assert bytes(packet) == stage.packets[0][1].payload
    track.stop()
    track.stop()
    assert stage.outbound.listeners == 2


def test_rtp_time_wraps() -> None:
    clock = SessionClock(0.0, rtp_origin=2**32 - 96_000)
    assert clock.rtp_timestamp(24_000) == 2**32 - 48_000
    assert clock.rtp_timestamp(72_000) == 48_000
    assert clock.rtp_timestamp_at(3.0) == 48_000
    assert clock.position_of_rtp(48_000, near=50_000) == 72_000
    assert clock.position_of_rtp(2**32 - 48_000, near=80_000) == 24_000
    assert clock.position(clock.time_of(12_345)) == 12_345


@pytest.mark.parametrize("seed", range(25))
def test_whatever_happens_the_stream_stays_whole_and_every_turn_ends_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stage = Stage()
    turns: list[str] = []
    discarded: set[str] = set()
    for step in range(60):
        stage.loop.lag = float(rng.choice([0, 0, 0, 0.005, 0.3]))
        stage.loop.run_ms(float(rng.exponential(60)))
        open_turns = [turn for turn in turns if turn not in discarded and turn not in stage.ended] or turns
        match int(rng.integers(0, 9)):
            case 0 | 1:
                turns.append(f"t{step}")
                stage.floor.give(turns[-1], int(rng.integers(0, 300)))
            case 2 | 3 if turns:
                stage.floor.lane(open_turns[0]).put(steady(float(rng.integers(1, 400))))
            case 4 if turns:
                stage.floor.lane(str(rng.choice(turns))).finish()
            case 5:
                stage.floor.cut()
            case 6:
                stage.floor.duck() if rng.integers(2) else stage.floor.restore()
            case 7:
                stage.floor.resume() if stage.floor.held else stage.floor.hold()
            case 8 if turns:
                discarded.add(str(rng.choice(turns)))
                stage.floor.discard(sorted(discarded)[-1])
    stage.floor.resume()
    for turn in turns:
        stage.floor.lane(turn).finish()
    stage.loop.run_ms(30_000)

    numbers = [packet.sequence_number for _, packet in stage.packets]
    assert set(np.diff(numbers)) <= {1}
    steps = np.diff(stage.positions)
    assert (steps >= FRAME_SAMPLES).all()
    for step_samples, (_, packet) in zip(steps, stage.packets[1:], strict=True):
        assert packet.marker or step_samples == FRAME_SAMPLES
    assert all(
        time >= stage.clock.time_of(packet.position) - HURRY_S - 1e-4 for time, packet in stage.packets
    )
    ends = stage.ended
    assert len(ends) == len(set(ends))
    assert set(turns) - set(ends) <= discarded
    assert stage.loop.waiting == 0
