"""Real speech for the media tests: the embedded engine's voices, whichever this machine has."""

from __future__ import annotations

from functools import cache

import numpy as np

from media.pcm import Samples, as_array
from server.engine.voices import Voices

PERSONAS = ("cedar", "marin", "coral", "ash", "shimmer")
SENTENCES = (
    "We bake fresh bread and cakes for the families in our street.",
    "The quick brown fox jumps over the lazy dog while the church bells ring at noon.",
)


@cache
def spoken(voice: str, sentence: int = 0) -> Samples:
    chunks = Voices().speak(SENTENCES[sentence], voice)
    return as_array(b"".join(chunk.pcm for chunk in chunks))


@cache
def speech(personas: tuple[str, ...] = PERSONAS) -> tuple[Samples, ...]:
    return tuple(spoken(voice) for voice in personas)


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(float) ** 2)))
