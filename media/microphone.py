"""What the human says: Opus packets in, PCM16 24 kHz mono out, as it comes and never stopping.

Lost packets are rebuilt from the FEC of the next one, else concealed (RFC 6716 section 2.1.7). While no
packets come (the browser's DTX, a muted or lost device), silence is fed for a while, so that whoever
listens for the end of a turn finds it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from media.clock import RTP_TICKS_PER_SAMPLE
from media.gate import SpeechGate
from media.jitter import JitterBuffer, Ordered
from media.opus import Decoder, OpusError, packet_has_fec, packet_samples
from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE_DBFS, level_dbfs, ms_to_samples, silence
from media.timing import Loop, Timer

logger = logging.getLogger(__name__)

QUIET_AFTER_S = 0.15
"""Without a packet for so long, silence is fed in its place."""
FEED_MAX_S = 10.0
_FEED_EVERY_S = 0.04
_CONCEAL_MAX_SAMPLES = ms_to_samples(120)
_CONCEAL_STEP_SAMPLES = ms_to_samples(2.5)
_FILL_MAX_SAMPLES = ms_to_samples(1000)
"""A longer hole in time is not filled: the stream was paused."""

OnPcm = Callable[[bytes], None]
OnSound = Callable[[], None]


class Microphone:
    """One per session; peers come and go. Needs nobody to read it."""

    def __init__(
        self, on_pcm: OnPcm | None = None, on_sound: OnSound | None = None, loop: Loop | None = None
    ):
        self.on_pcm = on_pcm
        """Called with every chunk, in order; chunks have any length."""
        self.on_sound = on_sound
        """Called when sound begins, about 40 ms after it did. Perhaps speech."""
        self.level_dbfs = SILENCE_DBFS
        """Of the last chunk."""
        self.lost = 0
        """Packets that never came, and malformed ones."""
        self._loop: Loop = loop or asyncio.get_running_loop()
        self._jitter = JitterBuffer()
        self._decoder = Decoder()
        self._gate = SpeechGate()
        self._muted = False
        self._ssrc: int | None = None
        self._next_timestamp = 0
        self._spoiled = 0
        self._frame = FRAME_SAMPLES
        self._last_arrival = 0.0
        self._fed = 0
        self._timer: Timer | None = None
        self._closed = False

    @property
    def muted(self) -> bool:
        return self._muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        """While muted, silence is passed on and nothing is decoded."""
        self._muted = muted

    @property
    def sounding(self) -> bool:
        """Whether there is sound now, by the same guess as `on_sound`."""
        return self._gate.open

    def receive(self, payload: bytes, sequence_number: int, timestamp: int, ssrc: int, now: float) -> None:
        """Take an RTP packet. Never raises, whatever is in it."""
        if self._closed:
            return
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self._jitter.reset()
        self._last_arrival = now
        self._fed = 0
        self._jitter.put(payload, sequence_number, timestamp, now)
        self._drain(now)

    def hear(self, pcm: bytes, now: float) -> None:
        """Take decoded sound instead of packets (media.tracks)."""
        if not self._closed:
            self._last_arrival = now
            self._fed = 0
            self._emit(silence(len(pcm) // 2) if self._muted else pcm)
            self._plan(now)

    def close(self) -> None:
        """No callback after this."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._decoder.close()

    # ------------------------------------------------------------------ inside

    def _drain(self, now: float) -> None:
        for packet in self._jitter.pop(now):
            if not self._closed:  # a callback may close us
                self._play(packet)
        self._plan(now)

    def _plan(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        when = self._jitter.deadline
        if when is None and self._fed < FEED_MAX_S * SAMPLE_RATE_HZ:
            when = now + _FEED_EVERY_S if self._fed else self._last_arrival + QUIET_AFTER_S
        if when is not None and not self._closed:
            self._timer = self._loop.call_at(max(when, now), self._due)

    def _due(self) -> None:
        now = self._loop.time()
        self._timer = None
        if self._jitter.deadline is None:
            self._feed(now)
        self._drain(now)

    def _feed(self, now: float) -> None:
        """Pass on silence for the time since the last packet."""
        due = int((now - self._last_arrival) * SAMPLE_RATE_HZ) - self._fed
        samples = due - due % FRAME_SAMPLES
        if samples > 0:
            self._fed += samples
            self._emit(silence(samples))
            self._advance(samples)

    def _play(self, packet: Ordered) -> None:
        self.lost += packet.lost
        try:
            samples = packet_samples(packet.payload)
        except OpusError:
            self.lost += 1
            self._spoiled += 1
            return
        missing = self._missing(packet)
        if missing > 0:
            self._fill(missing, bool(packet.lost or self._spoiled), packet.payload)
        self._spoiled = 0
        self._next_timestamp = packet.timestamp
        self._frame = samples
        self._emit(silence(samples) if self._muted else self._decode(packet.payload, samples))
        self._advance(samples)

    def _missing(self, packet: Ordered) -> int:
        """Samples between what was passed on and this packet; negative when silence ran ahead of it."""
        if packet.restarted:
            return 0
        ticks = ((packet.timestamp - self._next_timestamp + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
        samples = ticks // RTP_TICKS_PER_SAMPLE
        return samples if samples <= _FILL_MAX_SAMPLES else 0

    def _fill(self, missing: int, lost: bool, following: bytes) -> None:
        if self._muted or not lost:
            self._emit(silence(missing))
            return
        recovered = self._frame if packet_has_fec(following) and missing >= self._frame else 0
        concealed = min(missing - recovered, _CONCEAL_MAX_SAMPLES)
        concealed -= concealed % _CONCEAL_STEP_SAMPLES
        pieces = [
            self._coded(lambda: self._decoder.conceal(concealed), concealed),
            silence(missing - recovered - concealed),
            self._coded(lambda: self._decoder.recover(following, recovered), recovered),
        ]
        self._emit(b"".join(pieces))

    def _decode(self, payload: bytes, samples: int) -> bytes:
        if self._closed:  # by a callback, on the way
            return b""
        try:
            return self._decoder.decode(payload)
        except OpusError:
            self.lost += 1
            return self._coded(lambda: self._decoder.conceal(samples), samples)

    @staticmethod
    def _coded(decode: Callable[[], bytes], samples: int) -> bytes:
        """`samples` of decoded sound, or of silence when the decoder cannot."""
        if not samples:
            return b""
        try:
            return decode()
        except OpusError:
            return silence(samples)

    def _advance(self, samples: int) -> None:
        self._next_timestamp = (self._next_timestamp + samples * RTP_TICKS_PER_SAMPLE) & 0xFFFFFFFF

    def _emit(self, pcm: bytes) -> None:
        if not pcm or self._closed:
            return
        self.level_dbfs = level_dbfs(pcm)
        began = self._gate.push(pcm)
        try:
            if began and self.on_sound is not None:
                self.on_sound()
            if self.on_pcm is not None:
                self.on_pcm(pcm)
        except Exception:  # a listener's fault must not reach the transport that called us
            logger.exception("whoever listens to the microphone failed")
