"""PCM16 mono at 24 kHz, as bytes: the one form of sound inside the house.

Everything here takes and returns little-endian 16-bit samples. The engine imports this module alone,
so it must never import aiortc.
"""

from __future__ import annotations

import math
import warnings

import av
import numpy as np
from numpy.typing import NDArray

with warnings.catch_warnings():
    # Python 3.13 moved it, unchanged, to the package audioop-lts, which installs it under its old name.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

SAMPLE_RATE_HZ = 24_000
BYTES_PER_SAMPLE = 2
FRAME_SAMPLES = 480
"""20 ms: what one packet holds."""
SILENCE_DBFS = -96.0
"""What a level of nothing at all is called."""
AUDIBLE_PEAK = 164
"""-46 dBFS: a sample of at least this size is sound, anything smaller is a synthesizer's silence."""

_PCM16 = np.dtype("<i2")
_FULL_SCALE = 32768.0

Samples = NDArray[np.int16]


def ms_to_samples(ms: float) -> int:
    return round(ms * SAMPLE_RATE_HZ / 1000)


def samples_to_ms(samples: int) -> int:
    return round(samples * 1000 / SAMPLE_RATE_HZ)


def silence(samples: int) -> bytes:
    return bytes(samples * BYTES_PER_SAMPLE)


def as_array(pcm: bytes | bytearray | memoryview) -> Samples:
    """A view of whole samples; an odd last byte is left out."""
    return np.frombuffer(pcm, _PCM16, len(pcm) // BYTES_PER_SAMPLE)


def level_dbfs(pcm: bytes) -> float:
    """RMS level, 0 for full scale, SILENCE_DBFS for nothing."""
    rms: int = audioop.rms(pcm, BYTES_PER_SAMPLE)
    return 20 * math.log10(rms / _FULL_SCALE) if rms else SILENCE_DBFS


def first_audible(pcm: bytes, peak: int = AUDIBLE_PEAK) -> int | None:
    """Index of the first sample at or above `peak`, None when all is silence."""
    loud = _loud(pcm, peak)
    index = int(loud.argmax()) if loud.size else 0
    return index if loud.size and loud[index] else None


def audible_end(pcm: bytes, peak: int = AUDIBLE_PEAK) -> int:
    """Index after the last sample at or above `peak`, 0 when all is silence."""
    loud = _loud(pcm, peak)
    if not loud.size:
        return 0
    from_the_end = int(loud[::-1].argmax())
    return int(loud.size - from_the_end) if loud[loud.size - 1 - from_the_end] else 0


def is_silent(pcm: bytes, peak: int = AUDIBLE_PEAK) -> bool:
    return first_audible(pcm, peak) is None


def fade_out(pcm: bytes, samples: int) -> bytes:
    """The same sound with its last `samples` (or all, if shorter) going to zero.

    Quadratically: the coder leaves a fifth less noise behind than after a straight line.
    """
    faded = as_array(pcm).copy()
    count = min(samples, faded.size)
    if count:
        gains = np.linspace(1, 0, count, endpoint=False) ** 2
        faded[-count:] = np.rint(faded[-count:] * gains).astype(np.int16)
    return faded.astype("<i2", copy=False).tobytes()


def ramp(pcm: bytes, gain: float, target: float, step: float) -> tuple[bytes, float]:
    """Apply a gain that moves from `gain` towards `target` by `step` a sample; returns the gain reached."""
    if gain == target == 1.0:
        return pcm, gain
    samples = as_array(pcm)
    moved = np.arange(1, samples.size + 1) * step
    gains = np.minimum(gain + moved, target) if target > gain else np.maximum(gain - moved, target)
    scaled = np.rint(samples * gains).astype("<i2")
    return scaled.tobytes(), float(gains[-1]) if samples.size else gain


def _loud(pcm: bytes, peak: int) -> NDArray[np.bool_]:
    samples = as_array(pcm)
    return (samples >= peak) | (samples <= -peak)


class Resampler:
    """Any rate to 24 kHz mono. One per stream, kept for the stream's life: it is chunk-exact."""

    def __init__(self, rate_hz: int, channels: int = 1) -> None:
        """`channels` is 1 or 2 (interleaved). Raises ValueError for anything else."""
        if channels not in (1, 2) or rate_hz <= 0:
            raise ValueError(f"cannot resample {channels} channels at {rate_hz} Hz")
        self._rate_hz = rate_hz
        self._layout = "mono" if channels == 1 else "stereo"
        self._frame_bytes = BYTES_PER_SAMPLE * channels
        self._rest = b""
        same = rate_hz == SAMPLE_RATE_HZ and channels == 1
        self._resampler = (
            None if same else av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
        )

    def push(self, pcm: bytes) -> bytes:
        """Resample a chunk of any length; a split sample waits for its other half."""
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) - len(data) % self._frame_bytes
        self._rest = data[whole:]
        data = data[:whole]
        if self._resampler is None or not data:
            return data
        frame = av.AudioFrame(format="s16", layout=self._layout, samples=whole // self._frame_bytes, align=1)
        frame.sample_rate = self._rate_hz
        frame.planes[0].update(data)
        return _join(self._resampler.resample(frame))

    def flush(self) -> bytes:
        """What is still inside the filter; the stream is over."""
        return b"" if self._resampler is None else _join(self._resampler.resample(None))


def _join(frames: list[av.AudioFrame]) -> bytes:
    return b"".join(bytes(frame.planes[0])[: frame.samples * BYTES_PER_SAMPLE] for frame in frames)
