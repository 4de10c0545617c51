"""The rehearsal's own receive path: every RTP packet as it arrives, with its header and its time.

The only file of the rehearsal that touches aiortc's privates: `RTCRtpReceiver._handle_rtp_packet` is
replaced on the instance, so that no jitter buffer or decoder comes between the network and the figures.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiortc import RTCRtpReceiver
from aiortc.rtp import RtpPacket

from server.rehearsal.packets import Packet, unwrap

_SEQUENCES = 1 << 16
_TIMES = 1 << 32


@dataclass(slots=True)
class RtpTap:
    """What one receiver has got so far, in order of arrival."""

    packets: list[Packet]
    newest: int | None = None
    """The last RTP timestamp, as it is on the wire."""

    @classmethod
    def attach(cls, receiver: RTCRtpReceiver) -> RtpTap:
        """Call it before the connection is up. The receiver's track yields nothing then."""
        tap = cls([])
        loop = asyncio.get_running_loop()

        async def take(packet: RtpPacket, arrival_time_ms: int) -> None:
            tap.take(packet, loop.time())

        vars(receiver)["_handle_rtp_packet"] = take
        return tap

    def take(self, packet: RtpPacket, arrival_s: float) -> None:
        if not packet.payload:
            return
        last = self.packets[-1] if self.packets else None
        sequence = unwrap(packet.sequence_number, last.sequence if last else None, _SEQUENCES)
        timestamp = unwrap(packet.timestamp, last.timestamp if last else None, _TIMES)
        self.packets.append(Packet(arrival_s, sequence, timestamp, bool(packet.marker), packet.payload))
        self.newest = packet.timestamp
