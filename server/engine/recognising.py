"""What a recogniser is to the process that hears, whichever library is behind it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

from server.engine.expecting import Expectation

RATE_HZ = 16_000
PARTIAL_BYTES = RATE_HZ * 2 // 5
"""200 ms: how often the words so far are looked at."""

Words = list[tuple[str, float]]
"""Lower-case words with their natural-log probabilities."""


class Recogniser(Protocol):
    """One stretch of speech after the other: `begin`, any number of `hear`, `end`. It blocks."""

    listening: bool
    """From `begin` to `end`."""
    mean: str
    gain: float
    """After `end`: what to hand to `begin` for the same speaker's next stretch; "" and 0 when unknown."""

    def begin(self, mean: str, gain: float, expected: Expectation) -> None: ...

    def hear(self, pcm: bytes) -> None:
        """More audio: 16 kHz mono PCM16."""

    def partial(self) -> Sequence[str] | None:
        """The words so far that will probably stay, if they changed."""

    def end(self) -> Words:
        """The final words."""


class StableWords:
    """Words that two looks agree on."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._stable: list[str] = []

    def look(self, words: list[str]) -> list[str] | None:
        """The agreement of this look and the last one, if it changed."""
        stable = list(os.path.commonprefix([words, self._seen]))
        self._seen = words
        if stable == self._stable:
            return None
        self._stable = stable
        return stable
