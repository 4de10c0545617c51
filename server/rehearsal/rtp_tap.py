"""The rehearsal's own receive path: every RTP packet as it arrives, with its header and its time.

The only file of the rehearsal that touches aiortc's privates: `RTCRtpReceiver._handle_rtp_packet` is
replaced on the instance, so that no jitter buffer or decoder comes between the network and the figures,
and `_handle_rtcp_packet` is overheard for the Sender Reports.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiortc import RTCRtpReceiver
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket, RtpPacket

from server.rehearsal.packets import Packet, Report, unwrap

_SEQUENCES = 1 << 16
_TIMES = 1 << 32


@dataclass(slots=True)
class RtpTap:
    """What one receiver has got so far, in order of arrival."""

    packets: list[Packet]
    reports: list[Report] = field(default_factory=list)
    newest: int | None = None
    """The last RTP timestamp, as it is on the wire."""

    @classmethod
    def attach(cls, receiver: RTCRtpReceiver) -> RtpTap:
        """Call it before the connection is up. The receiver's track yields nothing then."""
        tap = cls([])
        loop = asyncio.get_running_loop()

        async def take(packet: RtpPacket, arrival_time_ms: int) -> None:
            tap.take(packet, loop.time())

        handle_rtcp = receiver._handle_rtcp_packet

        async def overhear(packet: AnyRtcpPacket) -> None:
            if isinstance(packet, RtcpSrPacket):
                tap.take_report(packet.sender_info.rtp_timestamp, loop.time())
            await handle_rtcp(packet)

        vars(receiver)["_handle_rtp_packet"] = take
        vars(receiver)["_handle_rtcp_packet"] = overhear
        return tap

    def take(self, packet: RtpPacket, arrival_s: float) -> None:
        if not packet.payload:
            return
        last = self.packets[-1] if self.packets else None
        sequence = unwrap(packet.sequence_number, last.sequence if last else None, _SEQUENCES)
        timestamp = unwrap(packet.timestamp, last.timestamp if last else None, _TIMES)
        self.packets.append(Packet(arrival_s, sequence, timestamp, bool(packet.marker), packet.payload))
        self.newest = packet.timestamp

    def take_report(self, rtp_timestamp: int, arrival_s: float) -> None:
        """One that comes before the first packet cannot be placed, and is left out."""
        if self.packets:
            timestamp = unwrap(rtp_timestamp, self.packets[-1].timestamp, _TIMES)
            self.reports.append(Report(arrival_s, timestamp))
