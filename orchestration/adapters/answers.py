"""The six answers as the work receives them: checked, cleaned of control characters, otherwise verbatim."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from orchestration.adapters import names, words
from orchestration.adapters.headline import headline_in
from orchestration.adapters.work import WorkError, WorkErrorCode

KEYS = ("name", "offer", "audience", "difference", "pages", "style")
ANSWER_CHARACTERS_MAX = 20_000
ANSWER_CHARACTERS_USED = 5_000
SPOKEN_SOURCES = {"voice", ""}
CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the human answered; an empty text is an unanswered question."""

    name: str
    offer: str
    audience: str
    difference: str
    pages: str
    style: str
    name_source: str = ""
    """How the name came: what was typed keeps its letters, what was corrected keeps every word."""
    headline: str = ""
    """What the first page is to say first, where the human asked for it; the answer on the look tells it."""
    contact: str = ""
    """How people reach the business: nobody asks for it, it may be added at any time. Lines end in "; "."""

    @classmethod
    def of(cls, payload: dict[str, object]) -> Answers:
        """From a job's payload: `brief` maps the keys to texts; `sources` (optional) tells how each came.

        An answer without a word (pictures, signs) says nothing that could be shown: it counts as none. Only a
        name may be a picture. Raises WorkError `invalid_brief`.
        """
        brief = payload.get("brief")
        if not isinstance(brief, dict):
            raise WorkError(WorkErrorCode.INVALID_BRIEF, "The brief is missing.")
        sources = payload.get("sources")
        source = str(sources.get("name", "")) if isinstance(sources, dict) else ""
        texts = {key: _clean(brief.get(key, "")) for key in KEYS}
        texts = {key: text if key == "name" or _has_words(text) else "" for key, text in texts.items()}
        texts["style"], headline = headline_in(texts["style"])
        contact = _clean_lines(brief.get("contact", ""))
        return cls(
            **texts,
            name_source=source,
            headline=headline,
            contact=contact if _has_words(contact) else "",
        )

    def text(self, key: str) -> str:
        """The verbatim answer. Raises KeyError for an unknown key."""
        return self.texts()[key]

    def texts(self) -> dict[str, str]:
        return {key: str(getattr(self, key)) for key in KEYS}

    def unanswered(self) -> tuple[str, ...]:
        return tuple(key for key, text in self.texts().items() if not text)

    @property
    def display_name(self) -> str:
        """The business's name as it is shown; empty when there is none."""
        if self.name_source in SPOKEN_SOURCES:
            return words.spoken_name(self.name)
        return self.name if self.name_source == CORRECTED else names.written(self.name)


def _clean(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise WorkError(WorkErrorCode.INVALID_BRIEF, "An answer in the brief is not a text.")
    if len(value) > ANSWER_CHARACTERS_MAX:
        raise WorkError(WorkErrorCode.INVALID_BRIEF, "An answer in the brief is far too long.")
    spaced = "".join(" " if character.isspace() else character for character in value)
    kept = "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cs", "Cn"} and not _turns(c))
    return " ".join(kept.split())[:ANSWER_CHARACTERS_USED]


def _clean_lines(value: object) -> str:
    """The same of a text whose lines tell things apart."""
    lines = value.splitlines() if isinstance(value, str) and _clean(value) else [value]
    return "; ".join(line.rstrip(";") for line in map(_clean, lines) if line)[:ANSWER_CHARACTERS_USED]


def _has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


def _turns(character: str) -> bool:
    """Whether it is one of Unicode's invisible direction overrides, which can disguise a text."""
    return character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
