"""What the product's recogniser understands of a sound, and how much of it is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES, as_array
from server.engine.downsampler import Downsampler
from server.engine.sphinx import SphinxRecogniser

QUIET_RMS = 100.0
PAUSE_FRAMES = 20
"""400 ms: a pause between sentences, and what is left of one when packets are lost."""
AROUND_FRAMES = 15
"""300 ms of the pause are heard with the sentence, as a turn's prefix is."""


def recognised(pcm: bytes) -> list[str]:
    """The words of PCM16 24 kHz, sentence by sentence."""
    recogniser = SphinxRecogniser()
    mean, words = "", []
    for stretch in stretches(pcm):
        recogniser.begin(mean, 0.0)
        recogniser.hear(Downsampler().push(stretch))
        words += [word for word, _ in recogniser.end()]
        mean = recogniser.mean or mean
    return words


def stretches(pcm: bytes) -> Iterator[bytes]:
    """Cut at the pauses."""
    samples = as_array(pcm).astype(np.float64)
    frames = samples[: samples.size - samples.size % FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    loud = np.flatnonzero(np.sqrt(np.mean(frames**2, axis=1)) >= QUIET_RMS)
    if not loud.size:
        return
    breaks = np.flatnonzero(np.diff(loud) > PAUSE_FRAMES)
    starts = [int(loud[0]), *(int(loud[index + 1]) for index in breaks)]
    ends = [*(int(loud[index]) for index in breaks), int(loud[-1])]
    for start, end in zip(starts, ends, strict=True):
        first, last = max(0, start - AROUND_FRAMES), end + 1 + AROUND_FRAMES
        yield pcm[first * FRAME_SAMPLES * BYTES_PER_SAMPLE : last * FRAME_SAMPLES * BYTES_PER_SAMPLE]


def plain(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Words wrong, missing and too many (Levenshtein distance)."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(said, 1):
        diagonal, row[0] = row[0], index
        for column, other in enumerate(heard, 1):
            change = diagonal + (word != other)
            diagonal = row[column]
            row[column] = min(change, diagonal + 1, row[column - 1] + 1)
    return row[-1]
