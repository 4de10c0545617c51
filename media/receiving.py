"""What one peer sends: RTP packets in clear to a Microphone, and the books for our receiver reports."""

from __future__ import annotations

from collections.abc import Callable, Set

from media import reports, rtp
from media.microphone import Microphone
from media.reception import Reception

PACKETS_PER_S, PACKETS_BURST = 200, 500
"""What is taken of a peer: two packets for each 10 ms, and what a stalled network holds back for seconds."""


class Receiving:
    def __init__(
        self,
        microphone: Microphone,
        payload_types: Set[int],
        on_source: Callable[[int], None],
        on_forgotten: Callable[[int], None],
    ) -> None:
        """Packets of other payload types, and too many at once, are ignored.

        `on_source` is told each new SSRC, `on_forgotten` each one of which nothing is kept.
        """
        self._microphone: Microphone | None = microphone
        self._payload_types = payload_types
        self._on_source = on_source
        self._on_forgotten = on_forgotten
        self._sources: dict[int, Reception] = {}
        self._allowed = float(PACKETS_BURST)
        self._allowed_at = 0.0

    def take(self, data: bytes, now: float) -> None:
        """An RTP packet that arrived at `now`. Never raises, whatever is in it."""
        try:
            payload_type, sequence_number, timestamp, ssrc, payload = rtp.parse(data)
        except ValueError:
            return
        source = self._sources.get(ssrc)
        if payload_type not in self._payload_types or not self._allows(now):
            if source is None:
                self._on_forgotten(ssrc)
            return
        if source is None:
            source = self._new_source(ssrc)
        source.add(sequence_number, timestamp, now)
        if self._microphone is not None:
            self._microphone.receive(payload, sequence_number, timestamp, ssrc, now)

    def sender_report(self, ssrc: int, ntp_timestamp: int, now: float) -> None:
        """The peer's Sender Report came."""
        if ssrc in self._sources:
            self._sources[ssrc].sender_report(ntp_timestamp, now)

    def report(self, ssrc: int, cname: str, now: float) -> bytes:
        """Our receiver report, under our `ssrc` and name; empty while nothing was received."""
        if not self._sources:
            return b""
        return reports.receiver_report(ssrc, cname, [source.report(now) for source in self._sources.values()])

    def deafen(self) -> None:
        """The microphone gets nothing more; reports go on."""
        self._microphone = None

    def _allows(self, now: float) -> bool:
        allowed = min(PACKETS_BURST, self._allowed + (now - self._allowed_at) * PACKETS_PER_S)
        self._allowed_at = now
        self._allowed = allowed - 1 if allowed >= 1 else allowed
        return allowed >= 1

    def _new_source(self, ssrc: int) -> Reception:
        if len(self._sources) >= reports.BLOCKS_MAX:
            quietest = min(self._sources.values(), key=lambda source: source.last_arrival).ssrc
            del self._sources[quietest]
            self._on_forgotten(quietest)
        self._on_source(ssrc)
        source = self._sources[ssrc] = Reception(ssrc)
        return source
