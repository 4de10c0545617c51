"""One side of a recording as sound on the session clock, made from its packets in order of arrival.

Packets that follow each other are joined as they are. A sender whose clock runs fast or slow comes to lie
apart from its positions by a few samples a second: a quiet packet is put where it belongs, and in unbroken
sound single packets are stretched by less than a hundredth, so that no cut is heard and nothing strays.
"""

from __future__ import annotations

import numpy as np

from media.opus import Decoder, OpusError, packet_samples
from media.pcm import (
    BYTES_PER_SAMPLE,
    Samples,
    as_array,
    fade_out,
    is_silent,
    ms_to_samples,
    ramp,
    silence,
)

CODER_DELAY_SAMPLES = 156
"""6.5 ms: an encoder looks so far ahead, and what comes out of the decoder is so late."""
APART_SAMPLES = ms_to_samples(14)
"""Farther than this from its place, a packet does not follow the one before it: one is missing, or double.

More than the slack and the 10 ms by which a microphone's positions may leap after its clock; less than a
packet.
"""
SLACK_SAMPLES = ms_to_samples(3)
_STRETCH_OF = 120
"""A stretched packet gains or loses one sample in so many."""
CONCEALED_MAX_SAMPLES = ms_to_samples(120)
"""A longer hole is a pause."""
_CONCEAL_STEP_SAMPLES = ms_to_samples(2.5)
_FADE_SAMPLES = ms_to_samples(2.5)


class Side:
    """`add` the packets, and `take` the sound from `start` on, both in order."""

    def __init__(self, start: int) -> None:
        self._decoder = Decoder()
        self._pcm = bytearray()
        """Sound that was not taken yet, from `_taken` on."""
        self._taken = start
        self._begun = False
        self._broken = True
        """The next packet does not follow the sound before it."""

    @property
    def end(self) -> int:
        """The position after the last sample that is there."""
        return self._taken + len(self._pcm) // BYTES_PER_SAMPLE

    def add(self, payload: bytes, position: int) -> None:
        """Put a packet whose first sample is at `position`. One that is malformed leaves a hole."""
        try:
            samples = packet_samples(payload)
        except OpusError:
            return
        apart = position - CODER_DELAY_SAMPLES - self.end
        if apart > self._loose:
            apart -= self._bridge(apart, payload)
        pcm = self._fitted(self._decoded(payload, samples), apart)
        self._begun = True
        self._append(pcm)

    def take(self, until: int) -> Samples:
        """The sound up to a position; what is not there by now is silence."""
        if until > self.end:
            self._pause(until - self.end)
        size = max(0, until - self._taken) * BYTES_PER_SAMPLE
        taken = as_array(bytes(self._pcm[:size]))
        del self._pcm[:size]
        self._taken += taken.size
        return taken

    def close(self) -> None:
        self._decoder.close()

    # ------------------------------------------------------------------ inside

    @property
    def _loose(self) -> int:
        """How far from its place a packet may be joined: not at all when there is nothing to join."""
        return 0 if self._broken else APART_SAMPLES

    def _bridge(self, hole: int, following: bytes) -> int:
        """Fill a hole before a packet; returns by how many samples."""
        if not self._begun or self._broken or hole > CONCEALED_MAX_SAMPLES:
            self._pause(hole)
            return hole
        missing = round(hole / _CONCEAL_STEP_SAMPLES) * _CONCEAL_STEP_SAMPLES
        try:
            self._append(self._decoder.recover(following, missing))
        except OpusError:
            self._pause(missing)
        return missing

    def _decoded(self, payload: bytes, samples: int) -> bytes:
        try:
            return self._decoder.decode(payload)
        except OpusError:
            return silence(samples)

    def _fitted(self, pcm: bytes, apart: int) -> bytes:
        """The packet's sound, nearer to its place: `apart` samples are missing before it, or doubled."""
        if apart < -self._loose:
            self._break()
            return pcm[-apart * BYTES_PER_SAMPLE :]
        if is_silent(pcm):
            return silence(apart) + pcm if apart > 0 else pcm[-apart * BYTES_PER_SAMPLE :]
        if abs(apart) > SLACK_SAMPLES:
            return _stretched(pcm, 1 if apart > 0 else -1)
        return pcm

    def _pause(self, samples: int) -> None:
        self._break()
        self._pcm += silence(samples)

    def _break(self) -> None:
        """End the sound so far, and begin the next, without a click."""
        if self._broken:
            return
        tail = _FADE_SAMPLES * BYTES_PER_SAMPLE
        self._pcm[-tail:] = fade_out(bytes(self._pcm[-tail:]), _FADE_SAMPLES)
        self._broken = True

    def _append(self, pcm: bytes) -> None:
        if self._broken and pcm:
            head = _FADE_SAMPLES * BYTES_PER_SAMPLE
            pcm = ramp(pcm[:head], 0.0, 1.0, 1 / _FADE_SAMPLES)[0] + pcm[head:]
            self._broken = False
        self._pcm += pcm


def _stretched(pcm: bytes, direction: int) -> bytes:
    """A packet a little longer (1) or shorter (-1), its ends where they were."""
    sound = as_array(pcm)
    count = sound.size + direction * max(1, sound.size // _STRETCH_OF)
    at = np.linspace(0, sound.size - 1, count)
    return np.rint(np.interp(at, np.arange(sound.size), sound)).astype("<i2").tobytes()
