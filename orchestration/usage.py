"""What a session's responses used, in tokens, as a service bills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by direction and modality, each counted once: what came from the cache is not in `input_*`."""

    input_text: int = 0
    input_audio: int = 0
    input_image: int = 0
    cached_text: int = 0
    cached_audio: int = 0
    cached_image: int = 0
    output_text: int = 0
    output_audio: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def counts(self) -> Mapping[tuple[str, str], int]:
        """(input, cached or output; text, audio or image) → tokens."""
        found = {}
        for field in fields(self):
            direction, _, modality = field.name.partition("_")
            found[direction, modality] = int(getattr(self, field.name))
        return found
