"""Figures of made-up streams, each with one known fault."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.figures import Window, judge
from tests.bench.streams import Event, Stream, utterances

BEGIN_S, LENGTH_S = 100.0, 6.0
PACKETS = 300
WINDOW = Window(settled_s=99.0, begin_s=99.0, end_s=120.0)


def stream_of(times_s: list[float], levels: list[float] | None = None, skip: int = 0) -> Stream:
    """Packets at these times with RTP time after the wall clock, all of them speech."""
    times = np.array(times_s)
    numbers = np.arange(65_500, 65_500 + times.size + skip) & 0xFFFF
    numbers = np.delete(numbers, range(10, 10 + skip))
    stamps = np.rint((times - BEGIN_S) * 48_000 / 960).astype(np.int64) * 960 + (1 << 32) - 5_000
    loud = np.full(times.size, -20.0) if levels is None else np.array(levels)
    sizes = np.full(times.size, 80)
    return Stream(0, times, numbers, stamps & 0xFFFFFFFF, times < 0, sizes, loud)


def told(*begins_s: float, cut_s: float | None = None, length_s: float = LENGTH_S) -> list[Event]:
    half = round(length_s * 24_000)
    events: list[Event] = []
    for number, begin_s in enumerate(begins_s):
        events.append({"s": 0, "k": "delta", "t": begin_s, "u": number, "i": 0, "n": half})
        events.append({"s": 0, "k": "delta", "t": begin_s + 0.4, "u": number, "i": 1, "n": half})
    if cut_s is not None:
        events.append({"s": 0, "k": "interrupt", "t": cut_s, "u": 0})
    return events


def spurt(begin_s: float = BEGIN_S, packets: int = PACKETS) -> list[float]:
    return [begin_s + 0.001 + 0.02 * index for index in range(packets)]


def test_the_log_becomes_utterances() -> None:
    first, second = utterances(told(BEGIN_S, BEGIN_S + 7, cut_s=BEGIN_S + 2))
    assert (first.samples, first.next_s, first.interrupted_s) == (144_000, BEGIN_S + 7, BEGIN_S + 2)
    assert second.interrupted_s is None


def test_a_perfect_run_has_no_faults() -> None:
    figures = judge([stream_of(spurt() + spurt(BEGIN_S + 7))], told(BEGIN_S, BEGIN_S + 7), WINDOW)
    assert figures.spacing_max_ms == pytest.approx(0, abs=1e-3)
    assert figures.lateness_max_ms == pytest.approx(0, abs=1e-3)
    assert figures.first_audio_p50_ms == pytest.approx(1, abs=1e-3)
    assert (figures.missing, figures.wire_lost, figures.wire_repeated) == (0, 0, 0)
    assert figures.stretch_max == pytest.approx(1)
    assert figures.clock_error_max_ms == pytest.approx(0, abs=0.05)


def test_a_late_packet_is_two_wrong_spacings_and_one_lateness() -> None:
    times = spurt()
    times[50] += 0.008
    figures = judge([stream_of(times)], told(BEGIN_S), WINDOW)
    assert figures.spacing_max_ms == pytest.approx(8, abs=0.01)
    assert figures.lateness_max_ms == pytest.approx(8, abs=0.01)
    assert figures.spacing_p50_ms == pytest.approx(0, abs=1e-3)


def test_a_pause_between_utterances_is_no_wrong_spacing() -> None:
    figures = judge([stream_of(spurt() + spurt(BEGIN_S + 7.013))], told(BEGIN_S, BEGIN_S + 7.013), WINDOW)
    assert figures.spacing_max_ms == pytest.approx(0, abs=1e-3)


def test_a_slow_server_is_late_though_its_spacing_is_good() -> None:
    times = [BEGIN_S + 0.0205 * index for index in range(PACKETS)]
    figures = judge([stream_of(times)], told(BEGIN_S, BEGIN_S + 7), WINDOW)
    assert figures.spacing_p99_ms == pytest.approx(0.5, abs=0.01)
    assert figures.lateness_max_ms == pytest.approx(0.5 * (PACKETS - 1), abs=0.5)
    assert figures.stretch_max == pytest.approx(1.025, abs=0.001)


def test_silence_is_told_by_its_level_not_by_its_size() -> None:
    levels = [-96.0] * 5 + [-20.0] * 10 + [-96.0] * 5
    figures = judge([stream_of(spurt(packets=20), levels)], told(BEGIN_S), WINDOW)
    assert figures.first_audio_p50_ms == pytest.approx(101, abs=0.01)


def test_what_sounds_on_after_the_interrupt_is_the_flush() -> None:
    cut = told(BEGIN_S, BEGIN_S + 2.4, cut_s=BEGIN_S + 1.0)
    figures = judge([stream_of(spurt(packets=54))], cut, WINDOW)
    assert figures.cuts == 1
    assert figures.flush_max_ms == pytest.approx(61, abs=0.01)
    assert figures.missing is None


def test_a_server_that_stops_at_once_has_a_flush_below_zero() -> None:
    cut = told(BEGIN_S, BEGIN_S + 2.4, cut_s=BEGIN_S + 1.0)
    figures = judge([stream_of(spurt(packets=50))], cut, WINDOW)
    assert figures.flush_max_ms == pytest.approx(-19, abs=0.01)


def test_packets_lost_on_the_wire_are_counted_across_the_wrap() -> None:
    figures = judge([stream_of(spurt(packets=290), skip=10)], told(BEGIN_S, BEGIN_S + 7), WINDOW)
    assert (figures.wire_lost, figures.wire_repeated) == (10, 0)
    assert figures.missing == pytest.approx(1 / 30, abs=1e-4)


def test_a_marker_in_the_middle_is_a_break() -> None:
    stream = stream_of(spurt())
    stream.markers[:] = False
    stream.markers[[0, 100, 150]] = True
    assert judge([stream], told(BEGIN_S), WINDOW).breaks == 2
    stream.markers[[100, 150]] = False
    assert judge([stream], told(BEGIN_S), WINDOW).breaks == 0


def test_a_repeated_packet_is_counted() -> None:
    stream = stream_of(spurt())
    stream.sequence_numbers[100] = stream.sequence_numbers[99]
    assert judge([stream], told(BEGIN_S), WINDOW).wire_repeated == 1


def test_rtp_time_that_stands_still_in_a_pause_is_a_clock_error() -> None:
    stream = stream_of(spurt() + spurt(BEGIN_S + 7))
    stream.timestamps[PACKETS:] -= 48_000
    figures = judge([stream], told(BEGIN_S, BEGIN_S + 7), WINDOW)
    assert figures.clock_error_max_ms == pytest.approx(1_000, abs=0.1)


def test_the_first_audio_of_an_utterance_that_the_last_one_runs_into_is_unknown() -> None:
    long = judge([stream_of(spurt(packets=400))], told(BEGIN_S, BEGIN_S + 7), WINDOW)
    assert long.first_audio_p95_ms == pytest.approx(1, abs=1e-3)


def test_utterances_from_before_all_stood_do_not_count() -> None:
    figures = judge([stream_of(spurt())], told(BEGIN_S), Window(101.0, 101.0, 120.0))
    assert (figures.utterances, figures.spacing_p99_ms) == (0, None)
