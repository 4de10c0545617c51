"""What a listener heard of an utterance, judged by the recorded sound alone: its onset and its tail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.pcm import Resampler, as_array, ms_to_samples

ONSET_SAMPLES = ms_to_samples(60)
ONSET_SHIFT_SAMPLES = ms_to_samples(30)
FOLLOWING = slice(ONSET_SAMPLES, ms_to_samples(260))
"""Where this is says where the onset should be."""
BODY = slice(ONSET_SAMPLES, ms_to_samples(1_060))
"""Where this is says which utterance it is."""
LAST_SAMPLES = ms_to_samples(300)
STRETCH_SAMPLES = ms_to_samples(100)
"""How much longer or shorter the browser may make an utterance while its buffer finds its depth."""
TAIL_SAMPLES = ms_to_samples(200)
Wave = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Utterance:
    """How one utterance was played."""

    position: int
    """Where it begins in the recording, in samples."""
    onset_correlation: float
    """Of its first 60 ms with the source, aligned within ± 30 ms of where the next 200 ms say."""
    onset_shift_ms: float
    tail_level: float
    """RMS of the 200 ms after its end, as a share of its own."""


def at_24_khz(samples_48_khz: NDArray[np.float32]) -> Wave:
    """A recording in the house's rate, as floats."""
    pcm = (np.clip(samples_48_khz, -1, 1) * 32767).astype("<i2").tobytes()
    resampler = Resampler(48_000)
    return wave(resampler.push(pcm) + resampler.flush())


def wave(pcm: bytes) -> Wave:
    return as_array(pcm).astype(np.float64) / 32768


def correlations(template: Wave, sound: Wave) -> Wave:
    """The normalised correlation of `template` with `sound` from each of its samples on (-1 to 1)."""
    places = sound.size - template.size + 1
    if places < 1:
        return np.zeros(0)
    size = 1 << (sound.size + template.size - 1).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(template, size))
    products = np.fft.irfft(spectrum, size)[:places]
    squares = np.concatenate(([0.0], np.cumsum(sound**2)))
    energies = np.maximum(squares[template.size :] - squares[:places], 0)
    norms = np.sqrt(energies * np.dot(template, template))
    found: Wave = np.divide(products, norms, out=np.zeros(places), where=norms > 1e-6)
    return found


def best(template: Wave, sound: Wave, start: int, stop: int) -> tuple[int, float]:
    """Where between `start` and `stop` the template fits best, and how well."""
    start = max(0, start)
    found = correlations(template, sound[start : max(start, stop) + template.size])
    if not found.size:
        return start, 0.0
    place = int(found.argmax())
    return start + place, float(found[place])


def judge(source: bytes, recording: Wave, after: int = 0) -> Utterance:
    """Find an utterance of at least 1.1 s (PCM16 24 kHz) in what was recorded, from sample `after` on."""
    said = wave(source)
    body, _ = best(said[BODY], recording, after, recording.size)
    following = _near(said[FOLLOWING], recording, body + FOLLOWING.start - BODY.start, STRETCH_SAMPLES)
    expected = following[0] - FOLLOWING.start
    onset, correlation = _near(said[:ONSET_SAMPLES], recording, expected, ONSET_SHIFT_SAMPLES)
    last, _ = _near(said[-LAST_SAMPLES:], recording, expected + said.size - LAST_SAMPLES, 2 * STRETCH_SAMPLES)
    end = last + LAST_SAMPLES
    level = _rms(recording[max(0, onset) : end])
    tail = _rms(recording[end : end + TAIL_SAMPLES])
    return Utterance(onset, correlation, (onset - expected) / 24, tail / max(level, 1e-9))


def _near(template: Wave, sound: Wave, place: int, tolerance: int) -> tuple[int, float]:
    return best(template, sound, place - tolerance, place + tolerance)


def _rms(sound: Wave) -> float:
    return float(np.sqrt(np.mean(sound**2))) if sound.size else 0.0
