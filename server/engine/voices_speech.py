"""What a synthesizer gives back, before it is trimmed and levelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Speech:
    """Raw speech of one sentence.

    `samples` are mono int16 at `rate_hz`; `spans` are (start_ms, end_ms) per word, () when unknown.
    """

    samples: NDArray[np.int16]
    rate_hz: int
    spans: tuple[tuple[int, int], ...]


class Synthesizer(Protocol):
    """What a voice is to `Voices`, whichever library is behind it; blocks while it speaks one sentence."""

    def __call__(self, words: Sequence[str], voice: str, speed: float) -> Speech:
        """`words` are plain words, each with its closing mark; `voice` is one of `voices.names()`."""
