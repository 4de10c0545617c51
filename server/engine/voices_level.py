"""Sound made even: 24 kHz, no silence at the ends, one loudness for all voices, no clipping."""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray

from server.engine.voices_types import SAMPLE_RATE_HZ

Samples = NDArray[np.float64]
"""Mono at 24 kHz, full scale 1.0."""

LOUDNESS_DB = -18.0
"""What `loudness_db` of every sentence becomes."""
PEAK = 10 ** (-2.0 / 20)
"""Sample peaks are held here, so that true peaks stay under −1 dBFS."""
_FRAME_SAMPLES = SAMPLE_RATE_HZ // 200
_GATE_DB = -25.0
"""Frames this far under the loudest are pauses: they do not count."""
_SILENCE_DB = -24.0
_MARGIN_FRAMES = 2
_FADE_SAMPLES = SAMPLE_RATE_HZ // 500
_LIMITER_SAMPLES = SAMPLE_RATE_HZ // 200


def resample(samples: NDArray[np.int16], rate_hz: int) -> Samples:
    """A whole sentence at 24 kHz."""
    if not len(samples):
        return np.zeros(0)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate_hz
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray().reshape(-1) for part in frames]).astype(np.float64)


def _frames_db(samples: Samples) -> Samples:
    """Level of each 5 ms frame in dBFS."""
    count = -(-len(samples) // _FRAME_SAMPLES)
    padded = np.zeros(count * _FRAME_SAMPLES)
    padded[: len(samples)] = samples
    power = np.mean(padded.reshape(count, _FRAME_SAMPLES) ** 2, axis=1)
    return np.asarray(10 * np.log10(power + 1e-12))


def weighted(samples: Samples) -> Samples:
    """`samples` with the ear's preference for high frequencies: the shelf and high-pass of ITU-R BS.1770."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    shelf = 10 ** (4.0 / 20 / (1 + (1500.0 / np.maximum(hertz, 1.0)) ** 2))
    high_pass = hertz**2 / (hertz**2 + 38.0**2)
    return np.asarray(np.fft.irfft(spectrum * shelf * high_pass, len(samples)))


def loudness_db(samples: Samples) -> float:
    """Loudness of speech without its pauses, dBFS: the mean of plain and of ear-weighted level.

    Both matter: meters use either, and a dark and a bright voice differ by up to 2 dB between them.
    """
    if not len(samples):
        return -120.0
    levels = _frames_db(samples)
    speech = levels > levels.max() + _GATE_DB
    plain = np.mean(10 ** (levels[speech] / 10))
    heard = np.mean(10 ** (_frames_db(weighted(samples))[speech] / 10))
    return float(5 * np.log10(plain + 1e-12) + 5 * np.log10(heard + 1e-12))


def trim(samples: Samples, quiet_db: float = LOUDNESS_DB + _SILENCE_DB) -> tuple[Samples, int]:
    """Without lead and tail silence (at most 10 ms left, faded); also how many samples the lead was."""
    loud = np.flatnonzero(_frames_db(samples) > quiet_db) if len(samples) else np.zeros(0)
    if not len(loud):
        return np.zeros(0), 0
    first = max(0, int(loud[0]) - _MARGIN_FRAMES) * _FRAME_SAMPLES
    last = min(len(samples), (int(loud[-1]) + 1 + _MARGIN_FRAMES) * _FRAME_SAMPLES)
    kept = samples[first:last].copy()
    fade = min(_FADE_SAMPLES, len(kept))
    ramp = np.linspace(0, 1, fade)
    kept[:fade] *= ramp
    kept[len(kept) - fade :] *= ramp[::-1]
    return kept, first


def level(samples: Samples) -> Samples:
    """At the common loudness, peaks held under `PEAK` by a limiter that moves over 5 ms."""
    gained = samples * 10 ** ((LOUDNESS_DB - loudness_db(samples)) / 20)
    return _limit(gained)


def _limit(samples: Samples) -> Samples:
    over = np.maximum(np.abs(samples) / PEAK, 1.0)
    if over.max(initial=1.0) <= 1.0:
        return samples
    width = _LIMITER_SAMPLES
    padded = np.pad(over, width, constant_values=1.0)
    held = np.lib.stride_tricks.sliding_window_view(padded, 2 * width + 1).max(axis=1)
    smooth = np.convolve(np.pad(1 / held, width // 2, mode="edge"), np.ones(width) / width, "same")
    gain = smooth[width // 2 : width // 2 + len(samples)]
    return np.asarray(samples * np.minimum(gain, 1 / over))


def pcm16(samples: Samples) -> bytes:
    """Little-endian 16-bit."""
    return np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2").tobytes()
