"""What the voices give: pieces of speech with the times of their words."""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE_RATE_HZ = 24_000
PAUSE_MS = 200
"""Between two sentences."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word as written in the text, punctuation included, and where it sounds.

    Times are milliseconds from the start of all audio of one `speak()` call.
    """

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """One sentence or less: 24 kHz mono PCM16 (little-endian) with the words that it holds."""

    pcm: bytes
    words: tuple[SpokenWord, ...]
