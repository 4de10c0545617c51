"""What one peer sends: RTP packets in clear to a Microphone, and the books for our receiver reports."""

from __future__ import annotations

from collections.abc import Callable, Set

from media import reports, rtp
from media.microphone import Microphone
from media.reception import Reception


class Receiving:
    def __init__(
        self,
        microphone: Microphone,
        payload_types: Set[int],
        on_source: Callable[[int], None],
        on_forgotten: Callable[[int], None],
    ) -> None:
        """Packets of other payload types are ignored.

        `on_source` is told each new SSRC, `on_forgotten` each one for which there are too many newer ones.
        """
        self._microphone: Microphone | None = microphone
        self._payload_types = payload_types
        self._on_source = on_source
        self._on_forgotten = on_forgotten
        self._sources: dict[int, Reception] = {}

    def take(self, data: bytes, now: float) -> None:
        """An RTP packet that arrived at `now`. Never raises, whatever is in it."""
        try:
            payload_type, sequence_number, timestamp, ssrc, payload = rtp.parse(data)
        except ValueError:
            return
        if payload_type not in self._payload_types:
            return
        source = self._sources.get(ssrc)
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

    def _new_source(self, ssrc: int) -> Reception:
        if len(self._sources) >= reports.BLOCKS_MAX:
            oldest = next(iter(self._sources))
            del self._sources[oldest]
            self._on_forgotten(oldest)
        self._on_source(ssrc)
        source = self._sources[ssrc] = Reception(ssrc)
        return source
