"""What was sent, remembered by position, and after which delay it comes back."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from media.pcm import Samples, as_array, ms_to_samples

REACH_SAMPLES = ms_to_samples(640)
"""An echo comes no later: both ways of the network, two jitter buffers, a loudspeaker by radio."""
WINDOW_SAMPLES = ms_to_samples(160)
"""So much of what is heard is looked for in what was sent."""
_KEPT_BLOCKS = 75
_RING_SAMPLES = 1 << 16
_STEP = 3
"""Looked for at 8 kHz."""
_FFT_SAMPLES = 6400
"""The window and the reach: a product of small primes."""
_GRAIN = 16
"""The energies of what was sent are told to 2 ms."""
_ENERGY_MIN = 0.1
"""Where less was sent than this share of it all, likeness would be that of two silences."""


class Sent:
    """The session's voice of the last 1.5 s. Taking it in costs nearly nothing, looking at it a little."""

    def __init__(self) -> None:
        self.end: int | None = None
        """The position after the last sample, None before the first."""
        self._fresh: deque[tuple[int, bytes]] = deque(maxlen=_KEPT_BLOCKS)
        self._ring = np.zeros(_RING_SAMPLES, np.int16)
        self._written = 0
        """The position after the last sample in the ring."""

    def add(self, position: int, pcm: bytes) -> None:
        """PCM16 24 kHz that belongs at `position`; positions never go back."""
        self._fresh.append((position, pcm))
        self.end = position + len(pcm) // 2

    def between(self, start: int, end: int) -> Samples:
        """What was sent there, silence where nothing was (yet) or where it is forgotten.

        To be read before the next call.
        """
        while self._fresh:
            self._write(*self._fresh.popleft())
        at = start % _RING_SAMPLES
        if (
            self._written - _RING_SAMPLES <= start
            and end <= self._written
            and at + end - start <= _RING_SAMPLES
        ):
            return self._ring[at : at + end - start]
        found = np.zeros(end - start, np.int16)
        low = max(start, self._written - _RING_SAMPLES, 0)
        high = min(end, self._written)
        while low < high:
            at = low % _RING_SAMPLES
            count = min(high - low, _RING_SAMPLES - at)
            found[low - start : low - start + count] = self._ring[at : at + count]
            low += count
        return found

    def _write(self, position: int, pcm: bytes) -> None:
        gap = position - self._written
        if gap > 0:
            self._put(position - min(gap, _RING_SAMPLES), np.zeros(min(gap, _RING_SAMPLES), np.int16))
        self._put(position, as_array(pcm))

    def _put(self, position: int, samples: Samples) -> None:
        at = position % _RING_SAMPLES
        self._written = position + samples.size
        if at + samples.size <= _RING_SAMPLES:
            self._ring[at : at + samples.size] = samples
        else:
            self._ring[at:] = samples[: _RING_SAMPLES - at]
            self._ring[: self._written % _RING_SAMPLES] = samples[_RING_SAMPLES - at :]


class Likeness(NamedTuple):
    delay: int
    """In samples at 24 kHz, known to 3."""
    degree: float
    """1: what is heard is what was sent, with another gain; around 0.2 where both are just speech."""


def likeness(heard: Samples, sent: Samples) -> Likeness:
    """Where `heard` (WINDOW_SAMPLES) resembles most what was sent up to REACH_SAMPLES before.

    `sent` has REACH_SAMPLES + WINDOW_SAMPLES and ends where `heard` does. Compared is the waveform with its
    high tones raised, so that vowels of one pitch are not taken for each other.
    """
    short, long = _sharp(heard), _sharp(sent)
    product = np.fft.rfft(long, _FFT_SAMPLES) * np.fft.rfft(short, _FFT_SAMPLES).conj()
    alike = np.abs(np.fft.irfft(product, _FFT_SAMPLES)[: long.size - short.size])
    energy = np.cumsum(np.square(long).reshape(-1, _GRAIN).sum(axis=1))
    there = energy[short.size // _GRAIN :] - energy[: -(short.size // _GRAIN)]
    norm = np.maximum(there, energy[-1] * _ENERGY_MIN) * (short @ short) + 1.0
    degrees = alike.reshape(-1, _GRAIN).max(axis=1) / np.sqrt(norm)
    degrees[0] = 0.0  # at the edge of the reach a maximum is none
    grain = int(degrees.argmax())
    best = grain * _GRAIN + int(alike[grain * _GRAIN :][:_GRAIN].argmax())
    return Likeness((long.size - short.size - best) * _STEP, float(degrees[grain]))


def _sharp(samples: Samples) -> NDArray[np.float32]:
    """At 8 kHz, with the tilt of speech taken out by two differences."""
    wave = samples.astype(np.float32)
    low = wave[::_STEP] + wave[1::_STEP] + wave[2::_STEP]
    for _ in (1, 2):
        low[1:] -= 0.9 * low[:-1]
    return low
