"""What the chirp tells: its momentary frequency is the position in the source, so nothing can hide. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.pcm import SAMPLE_RATE_HZ, as_array, ms_to_samples

LOW_HZ, HIGH_HZ, LENGTH_S = 400.0, 3400.0, 6.0
SPECTRUM = 8192
FULL_LEVEL = 16_000 / 2**0.5
HOP_MS, SPAN_MS = 5, 20
FILLED = 0.72
"""The share of a span that is tone when it counts as sounding: its level is 0.85 of a full one's."""
HOP, SPAN = ms_to_samples(HOP_MS), ms_to_samples(SPAN_MS)
SMOOTHED_HOPS = 9
"""A span across a splice holds two tones and says anything: the median of its neighbours stands for it."""
STEP_MS = 2.0
"""What moves by less, hop by hop, is the judge's own noise."""


@dataclass(frozen=True, slots=True)
class Content:
    """One chirp as it came out of the decoder, packet after packet."""

    first_ms: float
    last_ms: float
    """The positions in the source that sounded first and last: the middles of the first and last span."""
    sounding_ms: float
    level_db: float
    """Against the source."""
    lost_ms: float
    """Of the source, between the first and the last sound."""
    repeated_ms: float
    holes_ms: float
    """Quiet places between the first and the last sound, in place of it or in addition."""


def judge(pcm: bytes) -> Content | None:
    """Read one chirp out of decoded PCM16 24 kHz mono; None when there is hardly any."""
    positions_ms, levels = _positions(as_array(pcm).astype(np.float64))
    sounding = ~np.isnan(positions_ms)
    if np.count_nonzero(sounding) < 10:
        return None
    known = positions_ms[sounding]
    steps = np.diff(_median(known - np.arange(known.size) * HOP_MS))
    between = sounding[np.flatnonzero(sounding)[0] : np.flatnonzero(sounding)[-1]]
    return Content(
        first_ms=round(float(known[0]), 1),
        last_ms=round(float(known[-1]), 1),
        sounding_ms=round(known.size * HOP_MS + SPAN_MS * (2 * FILLED - 1), 1),
        level_db=round(20 * float(np.log10(np.median(levels[sounding]) / FULL_LEVEL)), 2),
        lost_ms=round(float(steps[steps > STEP_MS].sum()), 1),
        repeated_ms=round(float(np.abs(steps[steps < -STEP_MS]).sum()), 1),
        holes_ms=round(float(np.count_nonzero(~between) * HOP_MS), 1),
    )


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each value and its neighbours; of those at the ends, half in silence, nothing is said."""
    inner = values[SMOOTHED_HOPS // 2 : -(SMOOTHED_HOPS // 2)]
    if inner.size < SMOOTHED_HOPS:
        return inner
    spans = np.lib.stride_tricks.sliding_window_view(inner, SMOOTHED_HOPS)
    smooth: NDArray[np.float64] = np.median(spans, axis=1)
    return smooth


def _positions(sound: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each hop: where in the source it is from (ms; NaN where it is quiet), and its RMS level."""
    if sound.size < SPAN:
        return np.zeros(0), np.zeros(0)
    spans = np.lib.stride_tricks.sliding_window_view(sound, SPAN)[::HOP]
    levels = np.sqrt(np.mean(spans**2, axis=1))
    spectra = np.abs(np.fft.rfft(spans * np.hanning(SPAN), SPECTRUM, axis=1))
    peaks = np.clip(spectra.argmax(axis=1), 1, spectra.shape[1] - 2)
    rows = np.arange(peaks.size)
    below, top, above = (np.log(spectra[rows, peaks + offset] + 1e-9) for offset in (-1, 0, 1))
    curve = below - 2 * top + above
    shift = np.divide((below - above) / 2, curve, out=np.zeros_like(curve), where=np.abs(curve) > 1e-9)
    frequencies_hz = (peaks + shift) * SAMPLE_RATE_HZ / SPECTRUM
    middles_ms = (frequencies_hz - LOW_HZ) / (HIGH_HZ - LOW_HZ) * LENGTH_S * 1000
    loud = levels[levels > FULL_LEVEL / 4]
    full_level = float(np.median(loud)) if loud.size else FULL_LEVEL
    return np.where(levels > FILLED**0.5 * full_level, middles_ms, np.nan), levels
