"""What an echo's spectrum can be, so that what is more than an echo is recognised as a human.

The way from the loudspeaker to the microphone is learned as one gain for each of 18 bands. That holds for a
room's reverberation, for a loudspeaker that distorts, for clocks that drift and for delays that are known to
10 ms only, where subtracting the waveform would not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, ms_to_samples

HOP_SAMPLES = ms_to_samples(10)
SPAN_SAMPLES = FRAME_SAMPLES + 2 * HOP_SAMPLES
"""So much of what was sent is looked at for one frame: 10 ms more on both sides."""

Bands = NDArray[np.float32]
"""Power in each band, in squares of sample values."""

_EDGES_HZ = (
    *(100, 200, 300, 400, 500, 600, 750, 900, 1100, 1300),
    *(1550, 1850, 2200, 2650, 3200, 3900, 4750, 5850, 7250),
)
_BIN_HZ = SAMPLE_RATE_HZ / FRAME_SAMPLES
_EDGES = np.array([round(hz / _BIN_HZ) for hz in _EDGES_HZ])
_WINDOW = np.hanning(FRAME_SAMPLES + 2)[1:-1].astype(np.float32)
_CENTRES = (_EDGES[:-1] + _EDGES[1:]) / 2
_WEIGHTS = (_CENTRES / _CENTRES.mean()).astype(np.float32)
"""Speech falls off with frequency; what tells one sound from another does not."""

_MARGIN = 4.0
"""Up to 6 dB above what is expected is still an echo."""
_NOISE_MARGIN = 3.0
_DECAY = 0.65
"""What rings on in the room, from frame to frame: a reverberation time of 0.6 s."""
_LEAK = 0.001
"""Of all of the echo's power, so much may turn up in any band: distortion, the coder's noise."""
_RISE, _FALL = 0.15, 0.15
"""How far a gain follows one frame, of the way to what that frame says."""
_TOLD_MIN, _TOLD_MAX = 0.1, 4.0
"""No frame says more than that it is less or more by so much."""
_NOISE_RISE = np.float32(1.02)
_NOISE_MIN = np.float32(1e3)
_LEARNED_SHARE = 0.3
"""Frames of which less is unexplained teach the gains."""
_EXPECTED_SHARE = 0.03
"""An echo 15 dB below what is heard is not worth silencing anything for."""
_GAIN_MAX, GONE = np.float32(8.0), 1e-6
"""No echo is louder than by 9 dB; one below -60 dB is none."""
_TINY = np.float32(1.0)


def bands(frames: NDArray[np.float32]) -> Bands:
    """The bands of frames of 480 samples (the last axis)."""
    spectrum = np.fft.rfft(frames * _WINDOW)[..., : _EDGES[-1]]
    power = spectrum.real**2 + spectrum.imag**2
    return np.add.reduceat(power, _EDGES[:-1], axis=-1)


def heard_and_sent(heard: Samples, sent: Samples) -> tuple[Bands, Bands]:
    """The bands of frames heard, and the most that was in each around the time at which they were sent.

    `heard` has 480 samples a frame; `sent` SPAN_SAMPLES, those of the frame itself in their middle. One
    frame, or several as rows.
    """
    frames = np.empty((4, *heard.shape[:-1], FRAME_SAMPLES), np.float32)
    frames[0] = heard
    for row in (1, 2, 3):
        start = (row - 1) * HOP_SAMPLES
        frames[row] = sent[..., start : start + FRAME_SAMPLES]
    found = bands(frames)
    return found[0], found[1:].max(axis=0)


class Judgement(NamedTuple):
    unexplained: float
    """Which share of the frame (0 to 1) is no echo and no steady noise."""
    expected: bool
    """There must be some echo in it that is worth mentioning."""


class EchoShape:
    """The gain of each band, and what rings on. One for each way that an echo takes."""

    def __init__(self, heard: Bands, sent: Bands) -> None:
        """From what was heard and sent in a while that was nothing but echo, one row a frame."""
        self.gains: Bands = np.minimum(heard.sum(axis=0) / (sent.sum(axis=0) + _TINY), _GAIN_MAX)
        self._ringing: Bands = np.zeros_like(self.gains)
        self._noise: Bands = np.full_like(self.gains, _NOISE_MIN)
        self._studies = False
        """Every other frame is learned from: that is enough."""

    @classmethod
    def learned(cls, heard: Bands, sent: Bands) -> EchoShape | None:
        """As above, but None when what was heard cannot be that echo, whatever the gains."""
        shape = cls(heard, sent)
        totals = heard @ _WEIGHTS
        shares = [shape.judge(*rows).unexplained for rows in zip(heard, sent, strict=True)]
        return shape if float(totals @ np.array(shares)) < _LEARNED_SHARE * float(totals.sum()) else None

    @property
    def gone(self) -> bool:
        """Nothing comes back any more."""
        return float(self.gains.max()) < GONE

    def judge(self, heard: Bands, sent: Bands) -> Judgement:
        """Frames come in order; the gains follow those that are echoes."""
        direct = self.gains * sent
        echo = self._ringing = np.maximum(direct, self._ringing * _DECAY)
        self._studies = not self._studies
        if self._studies:
            self._noise = np.maximum(np.minimum(heard, self._noise * _NOISE_RISE), _NOISE_MIN)
        expected = float(echo @ _WEIGHTS)
        total = float(heard @ _WEIGHTS) + 1.0
        explained = (echo + _LEAK * expected) * _MARGIN + self._noise * _NOISE_MARGIN
        unexplained = float(np.maximum(heard - explained, 0) @ _WEIGHTS) / total
        if self._studies and unexplained < _LEARNED_SHARE:
            self._learn(heard, sent, direct)
        return Judgement(unexplained, expected > _EXPECTED_SHARE * total)

    def _learn(self, heard: Bands, sent: Bands, direct: Bands) -> None:
        """Where an echo must be heard, by how much it is more or less than expected."""
        more = np.minimum(np.maximum(heard / (direct + _TINY), _TOLD_MIN), _TOLD_MAX) - 1
        told = (direct > self._noise * _NOISE_MARGIN) & (sent > 1e-3 * sent.max())
        step = np.where(more > 0, _RISE, _FALL) * more * told
        self.gains = np.minimum(self.gains * (1 + step), _GAIN_MAX)
