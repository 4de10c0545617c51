"""RTP time judged against Sender Reports, on streams whose true offsets are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.rehearsal.clock import against_session_clock, spurt_delays
from server.rehearsal.packets import Packet, Report

NETWORK_MS = 0.4


def spurt(at_ms: float, count: int, sequence: int, behind_ms: float = 0.0) -> list[Packet]:
    """Packets at their time on the session clock; each but the third is late by the scheduler too."""
    found = []
    for n in range(count):
        late_ms = NETWORK_MS + (0.0 if n == 2 else 1.0 + n % 5)
        timestamp = round((at_ms - behind_ms + n * 20) * 48)
        arrival_s = (at_ms + n * 20 + late_ms) / 1000
        found.append(Packet(arrival_s, sequence + n, timestamp, n == 0, b"x"))
    return found


def reports(count: int = 30) -> list[Report]:
    late_ms = [NETWORK_MS + n % 3 for n in range(count)]
    return [Report((n * 1000 + late) / 1000, n * 48_000) for n, late in enumerate(late_ms)]


def test_spurts_on_the_session_clock_are_found_there_however_late_most_packets_are() -> None:
    packets = spurt(500, 60, 1) + spurt(9000, 60, 61)
    found = against_session_clock(packets, reports())
    assert found is not None
    assert (found.spurts, found.within_1_ms, found.sender_reports) == (2, 2, 30)
    assert found.worst_ms == pytest.approx(0, abs=0.05)


def test_a_spurt_behind_or_ahead_of_the_clock_is_seen() -> None:
    packets = spurt(500, 60, 1) + spurt(9000, 60, 61, behind_ms=4) + spurt(15_000, 60, 121, behind_ms=-2)
    found = against_session_clock(packets, reports())
    assert found is not None
    assert (found.spurts, found.within_1_ms) == (3, 1)
    assert found.latest_ms == pytest.approx(4, abs=0.05)
    assert found.earliest_ms == pytest.approx(-2, abs=0.05)
    assert found.worst_ms == pytest.approx(4, abs=0.05)


def test_a_fade_that_left_early_moves_nothing() -> None:
    packets = spurt(500, 60, 1) + spurt(9000, 60, 61)
    hurried = packets[58]
    packets[58] = replace(hurried, arrival_s=hurried.timestamp / 48_000 - 0.0015)
    found = against_session_clock(packets, reports())
    assert found is not None
    assert found.within_1_ms == 2
    assert found.worst_ms == pytest.approx(0, abs=0.05)


def test_all_packets_off_the_clock_are_seen_though_they_agree_with_each_other() -> None:
    packets = spurt(500, 60, 1, behind_ms=3) + spurt(9000, 60, 61, behind_ms=3)
    found = against_session_clock(packets, reports())
    assert found is not None
    assert found.within_1_ms == 0


def test_short_spurts_are_not_judged_and_nothing_is_without_reports() -> None:
    packets = spurt(500, 60, 1) + spurt(9000, 5, 61)
    assert len(spurt_delays(packets)) == 2
    found = against_session_clock(packets, reports())
    assert found is not None
    assert found.spurts == 1
    assert against_session_clock(packets, []) is None
