"""One peer's copy of the session's voice: its RTP headers, its counters, its Sender Reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from media import reports, rtp
from media.clock import SessionClock
from media.fanout import OutboundPacket


class Wire(Protocol):
    """The protected way to one peer. Both return at once, and whether the packet left."""

    def send(self, packet: bytes) -> bool:
        """An RTP packet."""

    def send_rtcp(self, compound: bytes) -> bool:
        """A compound RTCP packet."""


class Sending:
    """Sequence numbers are the session's but for their top bit; RTP time is the session's."""

    def __init__(
        self,
        wire: Wire,
        clock: SessionClock,
        *,
        ssrc: int,
        payload_type: int,
        cname: str,
        extension: Callable[[int], bytes],
        ntp_offset: int,
    ) -> None:
        """`extension` makes the header's extension block for a level in dBov (-127 to 0).

        `ntp_offset` plus the event loop's time is NTP time, in NTP's 32.32 fixed point.
        """
        self._wire = wire
        self._clock = clock
        self._ssrc = ssrc
        self._payload_type = payload_type
        self._cname = cname
        self._extension = extension
        self._extensions: dict[int, bytes] = {}
        self._ntp_offset = ntp_offset
        self._turn_down: int | None = None
        self._packets = self._octets = 0

    def send(self, packet: OutboundPacket) -> None:
        """Now or never: nothing waits for a peer whose socket is full."""
        if self._turn_down is None:
            # Starting in the upper half, a lost packet near the wrap would leave the receiver's roll-over
            # counter wrong for good (RFC 3711 section 3.3.1).
            self._turn_down = packet.sequence_number & 0x8000
        level = packet.level_dbov
        extension = self._extensions.get(level)
        if extension is None:
            extension = self._extensions[level] = self._extension(level)
        header = rtp.header(
            self._payload_type,
            packet.marker,
            packet.sequence_number ^ self._turn_down,
            packet.timestamp,
            self._ssrc,
            extension,
        )
        if self._wire.send(header + packet.payload):
            self._packets += 1
            self._octets += len(packet.payload)

    def report(self, now: float) -> None:
        """A Sender Report that pairs the session clock and NTP time of this very moment."""
        self._wire.send_rtcp(self._sender_report(now))

    def leave(self, now: float) -> None:
        """The last report, with a BYE (RFC 3550 section 6.6)."""
        self._wire.send_rtcp(self._sender_report(now) + reports.bye(self._ssrc))

    def _sender_report(self, now: float) -> bytes:
        return reports.sender_report(
            self._ssrc,
            self._cname,
            ntp_timestamp=self._ntp_offset + reports.ntp(now),
            rtp_timestamp=self._clock.rtp_timestamp_at(now),
            packets=self._packets,
            octets=self._octets,
        )
