"""One turn's audio: waiting, heard, or gone."""

from __future__ import annotations

from collections.abc import Callable

from media.pcm import (
    BYTES_PER_SAMPLE,
    FRAME_SAMPLES,
    SAMPLE_RATE_HZ,
    as_array,
    audible_end,
    fade_out,
    first_audible,
    ms_to_samples,
    samples_to_ms,
)

LANE_SAMPLES_MAX = 180 * SAMPLE_RATE_HZ
"""No turn is longer than three minutes; what a mad source sends beyond is dropped."""
_FADE_SAMPLES = ms_to_samples(5)
_FORGET_SAMPLES = 2 * SAMPLE_RATE_HZ
"""What was sent goes in pieces of this size, but for the last frame: a fade may need it."""


class Lane:
    """Received PCM16 24 kHz mono, from its first audible sample on.

    Received = trimmed + sent + waiting. Sample indices count from the first audible one.
    """

    def __init__(self, turn: str, changed: Callable[[], None]) -> None:
        self.turn = turn
        self.finished = False
        self.sent = 0
        """Samples really sent."""
        self.trimmed = 0
        """Samples of silence removed before the first audible one."""
        self._changed = changed
        self._pcm = bytearray()
        self._forgotten = 0
        self._received = 0
        self._audible_end = 0
        self._half = b""
        self._closed = False

    def put(self, pcm: bytes) -> None:
        """Append received audio. Dropped silently once the lane was finished, cut or discarded."""
        if self._closed or self.finished or self._received >= LANE_SAMPLES_MAX:
            return
        data = self._half + pcm
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._half = data[whole:]
        data = data[:whole]
        if not self._received:
            lead = first_audible(data)
            self.trimmed += whole // BYTES_PER_SAMPLE if lead is None else lead
            if lead is None:
                return
            data = data[lead * BYTES_PER_SAMPLE :]
        loud = audible_end(data)
        if loud:
            self._audible_end = self._received + loud
        self._pcm += data
        self._received += len(data) // BYTES_PER_SAMPLE
        self._changed()

    def finish(self) -> None:
        """The turn is whole; silence at its end will not be sent."""
        if not self._closed and not self.finished:
            self.finished = True
            self._changed()

    def break_off(self, received_ms: int) -> None:
        """The turn ends here in the received audio, or at once where more was sent, with a fade."""
        if self._closed or self.finished:
            return
        end = min(self._received, max(ms_to_samples(received_ms) - self.trimmed, self.sent + _FADE_SAMPLES))
        unsent = (self.sent - self._forgotten) * BYTES_PER_SAMPLE
        pcm = bytes(self._pcm[unsent : (end - self._forgotten) * BYTES_PER_SAMPLE])
        self._pcm[unsent:] = fade_out(pcm, _FADE_SAMPLES)
        self._received = end
        self._audible_end = min(self._audible_end, self._forgotten + audible_end(bytes(self._pcm)))
        self.finish()

    @property
    def trimmed_ms(self) -> int:
        """Lead silence removed so far: received time minus this is audible time."""
        return samples_to_ms(self.trimmed)

    @property
    def sent_ms(self) -> int:
        return samples_to_ms(self.sent)

    @property
    def source_ms(self) -> int:
        """How far into the received audio the listener has got."""
        return samples_to_ms(self.trimmed + self.sent)

    @property
    def waiting(self) -> int:
        """Samples that can be sent now."""
        waiting = (self._audible_end if self.finished else self._received) - self.sent
        return waiting if waiting > 0 else 0

    @property
    def audible_end(self) -> int:
        """Index after the last audible sample received; more may be sent, as a pause, until it is the end."""
        return self._audible_end

    @property
    def complete(self) -> bool:
        """Everything was sent and nothing will follow."""
        return self.finished and not self.waiting

    def read(self, count: int, skip: int = 0) -> bytes:
        """The next `count` waiting samples after `skip` others; all stay waiting."""
        start = (self.sent - self._forgotten + skip) * BYTES_PER_SAMPLE
        return bytes(self._pcm[start : start + count * BYTES_PER_SAMPLE])

    def fading(self, count: int) -> bytes:
        """`count` samples to fade out on: those that wait and, where they lack, the last ones backwards."""
        waiting = min(count, self.waiting)
        end = (self.sent - self._forgotten + waiting) * BYTES_PER_SAMPLE
        back = max(0, end - (count - waiting) * BYTES_PER_SAMPLE)
        return self.read(waiting) + as_array(self._pcm[back:end])[::-1].tobytes()

    def advance(self, count: int) -> None:
        """`count` samples were sent."""
        self.sent += count
        surplus = self.sent - self._forgotten - FRAME_SAMPLES
        if surplus >= _FORGET_SAMPLES:
            del self._pcm[: surplus * BYTES_PER_SAMPLE]
            self._forgotten += surplus

    def close(self) -> None:
        """Drop what waits and whatever still comes."""
        self._closed = True
        self._pcm.clear()
