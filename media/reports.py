"""Compound RTCP packets (RFC 3550 section 6), built with aiortc's own serializers."""

from __future__ import annotations

from collections.abc import Sequence

from aiortc.rtp import (
    RtcpByePacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

from media.reception import ReportBlock

INTERVAL_S = 1.0
"""On average; each one is moved by up to half of it either way (RFC 3550 section 6.2)."""
BLOCKS_MAX = 31
_CNAME = 1


def ntp(seconds: float) -> int:
    """Seconds as NTP counts them: 32.32 fixed point (RFC 3550 section 4)."""
    return int(seconds * (1 << 32))


def sender_report(
    ssrc: int, cname: str, *, ntp_timestamp: int, rtp_timestamp: int, packets: int, octets: int
) -> bytes:
    """SR and SDES. The counters wrap at 32 bits."""
    info = RtcpSenderInfo(ntp_timestamp, rtp_timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return bytes(RtcpSrPacket(ssrc=ssrc, sender_info=info)) + _description(ssrc, cname)


def receiver_report(ssrc: int, cname: str, blocks: Sequence[ReportBlock]) -> bytes:
    """RR with at most BLOCKS_MAX blocks, and SDES; `ssrc` and `cname` are whose report it is."""
    infos = [
        RtcpReceiverInfo(
            ssrc=block.ssrc,
            fraction_lost=block.fraction_lost,
            packets_lost=block.packets_lost,
            highest_sequence=block.highest_sequence,
            jitter=block.jitter,
            lsr=block.lsr,
            dlsr=block.dlsr,
        )
        for block in blocks[:BLOCKS_MAX]
    ]
    return bytes(RtcpRrPacket(ssrc=ssrc, reports=infos)) + _description(ssrc, cname)


def _description(ssrc: int, cname: str) -> bytes:
    """The SDES that every compound packet has to carry (RFC 3550 section 6.1)."""
    return bytes(RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=ssrc, items=[(_CNAME, cname.encode())])]))


def bye(ssrc: int) -> bytes:
    return bytes(RtcpByePacket(sources=[ssrc]))
