"""What the simulated human has to say: six answers and the corrections it will make."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

KEYS = ("name", "offer", "audience", "difference", "pages", "style")


class AnswersError(ValueError):
    """The file is not what it should be; the text is for the one who wrote it."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Question key → what is said; `corrections` are typed on the card once that answer was understood."""

    said: dict[str, str]
    corrections: dict[str, str] = field(default_factory=dict)

    def corrected(self) -> list[str]:
        """The six answers as they would be typed."""
        return [self.corrections.get(key, text) for key, text in self.said.items()]

    def correction(self, key: str, understood: str) -> str | None:
        """What to type on the card of this answer; None leaves it as understood.

        Without corrections of its own the human puts the business's name right, and only that.
        """
        if self.corrections:
            wanted = self.corrections.get(key)
        else:
            wanted = self.said[key] if key == "name" else None
        return wanted if wanted is not None and wanted != understood else None


def load(path: Path) -> Answers:
    """A JSON list of six texts, or `{"answers": [six texts], "corrections": {"name": text}}`."""
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AnswersError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise AnswersError(f"{path} is not JSON: {error}.") from error
    corrections: object = {}
    if isinstance(value, dict):
        corrections = value.get("corrections", {})
        value = value.get("answers")
    if not isinstance(value, list) or len(value) != len(KEYS) or not all(_is_text(text) for text in value):
        raise AnswersError(f"{path} must hold a list of {len(KEYS)} answers, none of them empty.")
    if not isinstance(corrections, dict) or not set(corrections) <= set(KEYS):
        raise AnswersError(f"{path}: corrections belong to {', '.join(KEYS)}.")
    return Answers(
        dict(zip(KEYS, (str(text).strip() for text in value), strict=True)),
        {str(key): str(text) for key, text in corrections.items()},
    )


def word_errors(said: str, understood: str) -> tuple[int, int]:
    """Edit distance in words, and how many were said; case and punctuation do not count."""
    wanted, got = _words(said), _words(understood)
    row = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1], len(wanted)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
