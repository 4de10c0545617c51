"""The rehearsal's measurements, on streams whose true figures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from media.opus import Encoder
from server.rehearsal.figures import (
    Pause,
    Spoken,
    audible_intervals,
    continuity,
    handover_share,
    pauses,
    silences,
)
from server.rehearsal.packets import Packet, Sound, decode, unwrap

FIRST = 4_294_960_000  # the RTP timestamp wraps soon


def tone(ms: int, level: int = 8000) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    t = np.arange(ms * 24)
    return (level * np.sin(2 * np.pi * 220 * t / 24_000)).astype(np.int16)


def silent(ms: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.zeros(ms * 24, np.int16)


def spurt(start: int, count: int, sequence: int, at_s: float) -> list[Packet]:
    return [
        Packet(at_s + n * 0.02, sequence + n, start + n * 960, n == 0, b"\xf8\xff\xfe") for n in range(count)
    ]


def test_a_counter_that_wraps_goes_on_growing() -> None:
    assert unwrap(3, 65_534, 1 << 16) == 65_539
    assert unwrap(65_534, 65_539, 1 << 16) == 65_534
    assert unwrap(7, None, 1 << 16) == 7


def test_a_stream_on_the_session_clock_has_no_fault() -> None:
    packets = spurt(FIRST, 10, 1, 100.0) + spurt(FIRST + 48_000, 10, 11, 101.0)
    found = continuity(packets)
    assert (found.packets, found.spurts) == (20, 2)
    assert (found.sequence_gaps, found.steps_inside_spurts, found.backward_steps) == (0, 0, 0)
    assert found.clock_spread_ms == pytest.approx(0, abs=0.1)


def test_each_fault_of_a_stream_is_counted() -> None:
    packets = spurt(0, 4, 1, 100.0)
    lost = spurt(6 * 960, 4, 7, 100.12)  # two packets are missing before it
    late = spurt(100_000, 4, 11, 103.0)  # RTP time fell behind the clock in the pause
    jump = Packet(104.0, 15, late[-1].timestamp + 1500, False, b"x")
    back = Packet(104.1, 16, late[-1].timestamp, False, b"x")
    found = continuity([*packets, *lost, *late, jump, back])
    assert found.sequence_gaps == 2
    assert found.steps_inside_spurts == 2
    assert found.pauses_without_marker == 1
    assert found.backward_steps == 1
    assert found.clock_spread_ms > 500


def test_decoding_puts_each_packet_at_its_own_time() -> None:
    encoder = Encoder()
    voice = np.concatenate([tone(200), silent(20)])
    payloads = [encoder.encode(voice[n : n + 480].tobytes()) for n in range(0, voice.size, 480)]
    start = 1000
    packets = [Packet(0.0, n, start + n * 960, n == 0, payload) for n, payload in enumerate(payloads)]
    later = [
        Packet(1.0, 100 + n, start + 48_000 + n * 960, n == 0, payload) for n, payload in enumerate(payloads)
    ]
    sound = decode([*packets, *later])
    first, second = audible_intervals(sound)
    assert second[0] - first[0] == pytest.approx(24_000, abs=480)
    assert first[1] - first[0] == pytest.approx(200 * 24, abs=960)


def test_a_broken_packet_is_silent() -> None:
    assert not decode([Packet(0.0, 1, 0, True, b"\xff\xff\xff\xff")]).pcm.any()


def turn(name: str, speaker: str, start_ms: int, length_ms: int, chosen_ms: int) -> Spoken:
    rtp = (FIRST + start_ms * 48) % (1 << 32)
    return Spoken(name, speaker, "ask", rtp, start_ms, start_ms + length_ms, chosen_ms)


def test_a_pause_is_measured_from_speech_to_speech() -> None:
    pcm = np.concatenate([tone(500), silent(350), tone(400), silent(900), tone(300)])
    sound = Sound(FIRST, pcm)
    turns = [
        turn("t1", "marcus", 0, 500, 0),
        turn("t2", "sarah", 850, 400, 350),
        turn("t3", "sarah", 2150, 300, 0),
    ]
    one, two = pauses(turns, sound, [(1900, "human")])
    assert one.measured_ms == pytest.approx(350, abs=2)
    assert (one.speakers, one.waited) == (("marcus", "sarah"), "")
    assert two.measured_ms == pytest.approx(900, abs=2)
    assert two.waited == "human"


def test_what_came_while_somebody_spoke_was_not_waited_for() -> None:
    pcm = np.concatenate([tone(3000), silent(350), tone(400), silent(350), tone(400)])
    turns = [
        turn("t1", "maya", 0, 3000, 0),
        turn("t2", "alex", 3350, 400, 350),
        turn("t3", "marcus", 4100, 400, 350),
    ]
    one, two = pauses(turns, Sound(FIRST, pcm), [(1500, "job"), (3600, "job")])
    assert (one.waited, two.waited) == ("", "job")


def test_a_turn_that_was_cut_ends_in_no_hand_over() -> None:
    pcm = np.concatenate([tone(500), silent(350), tone(400)])
    cut = replace(turn("t1", "maya", 0, 500, 0), interrupted=True)
    assert pauses([cut, turn("t2", "alex", 850, 400, 350)], Sound(FIRST, pcm), []) == []


def test_only_hand_overs_that_waited_for_nothing_are_judged() -> None:
    found = [
        Pause("a", "b", ("marcus", "sarah"), 369.0, 350, 900, ""),
        Pause("b", "c", ("sarah", "maya"), 500.0, 350, 0, ""),
        Pause("c", "d", ("maya", "maya"), 900.0, 250, 0, ""),
        Pause("d", "e", ("maya", "alex"), 4000.0, 350, 0, "job"),
    ]
    assert handover_share(found) == (1, 2)


def test_a_silence_is_explained_by_what_the_listener_was_told() -> None:
    audible = [(0.0, 1000.0), (9000.0, 10_000.0), (18_000.0, 19_000.0)]
    explained = [(900.0, 9000.0, "human"), (10_000.0, 11_000.0, "job")]
    found = silences(audible, explained, 0.0, 19_500.0)
    assert [(s.start_ms, s.duration_ms, s.explained_by) for s in found] == [
        (1000, 8000, "human"),
        (10_000, 8000, ""),
    ]
