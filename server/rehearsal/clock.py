"""RTP time against the session's clock, as a listener on the same machine can judge it.

The server states its session clock in every Sender Report: the RTP time of the very moment at which it is
sent, whether somebody speaks or not. What arrives is late by the network and the scheduler, never early but
for the fade of a turn that was cut; so the least delay ever seen of all reports is the clock itself, and the
least delay of a talk spurt's packets, without its last ones, is where that spurt lies.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.rehearsal.packets import RTP_HZ, Packet, Report

HURRIED_PACKETS = 2
"""The last of a spurt: a fade may leave up to 1.5 ms before its time, the packet of silence follows it."""
JUDGED_PACKETS = 25
"""A spurt of half a second or more has a packet that nothing delayed; in a shorter one that is luck."""


@dataclass(frozen=True, slots=True)
class ClockFigures:
    """How far each talk spurt's RTP time lay from the session's clock, in ms."""

    sender_reports: int
    spurts: int
    """As many as were long enough to be judged."""
    within_1_ms: int
    worst_ms: float
    earliest_ms: float
    latest_ms: float


def delay_ms(one: Packet | Report) -> float:
    """Arrival minus RTP time: a constant (of the two clocks' origins) plus what it was late."""
    return one.arrival_s * 1000 - one.timestamp * 1000 / RTP_HZ


def spurt_delays(packets: list[Packet], least_packets: int = 1) -> list[float]:
    """The least delay of each talk spurt that has at least so many packets, in order. Its end is left out."""
    spurts: list[list[float]] = []
    for packet in packets:
        if packet.marker or not spurts:
            spurts.append([])
        spurts[-1].append(delay_ms(packet))
    return [min(delays[:-HURRIED_PACKETS] or delays) for delays in spurts if len(delays) >= least_packets]


def against_session_clock(packets: list[Packet], reports: list[Report]) -> ClockFigures | None:
    """None without a report to compare with."""
    if not reports:
        return None
    clock_ms = min(delay_ms(report) for report in reports)
    offsets = [delay - clock_ms for delay in spurt_delays(packets, JUDGED_PACKETS)]
    earliest, latest = min(offsets, default=0.0), max(offsets, default=0.0)
    return ClockFigures(
        len(reports),
        len(offsets),
        sum(abs(offset) <= 1.0 for offset in offsets),
        round(max(-earliest, latest), 2),
        round(earliest, 2),
        round(latest, 2),
    )
