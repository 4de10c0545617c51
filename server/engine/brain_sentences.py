"""A model's text, as it streams in, cut into sentences for a voice. Pure."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|\n+")
_ABBREVIATION = re.compile(r"(?:^|\s)(?:mr|mrs|ms|dr|st|vs|no|etc|e\.g|i\.e|[a-z]|\d+)\.$", re.IGNORECASE)
_LABEL = re.compile(r"^\s*\[[^\]\n]{1,40}\]:\s*")
_UNSAID = re.compile(r"[*#`_]+|^\s*[-•]\s+", re.MULTILINE)
_THOUGHT, _THOUGHT_END = "<think>", "</think>"
LONGEST = 240
"""Characters after which a sentence is cut at its last comma or blank."""


class Sentences:
    """Feed it pieces of text; it gives whole sentences, without mark-up, thoughts and a speaker's label."""

    def __init__(self) -> None:
        self._text = ""
        self._begun = False

    @property
    def begun(self) -> bool:
        """There are words, after all thoughts."""
        return self._begun

    def feed(self, piece: str) -> list[str]:
        """The sentences that this piece completes; one is complete when something follows it."""
        self._text += piece
        if not self._begun and not self._begin():
            return []
        found: list[str] = []
        while (end := self._end()) > 0:
            found.append(self._text[:end])
            self._text = self._text[end:]
        return [said for text in found if (said := _plain(text))]

    def rest(self) -> str:
        """What is left when the text is over; it need not be a whole sentence."""
        if not self._begun:
            self._text = "" if self._text.lstrip().startswith(_THOUGHT) else _LABEL.sub("", self._text)
        text, self._text = self._text, ""
        return _plain(text)

    def _begin(self) -> bool:
        """Leave out what models put before their words: thoughts, and the label that they read elsewhere."""
        start = self._text.lstrip()
        if start.startswith(_THOUGHT):
            _, closed, after = start.partition(_THOUGHT_END)
            if not closed:
                return False
            self._text = start = after.lstrip()
        if _THOUGHT.startswith(start) or (start.startswith("[") and "\n" not in start and len(start) < 44):
            if not _LABEL.match(start):
                return False
        self._text = _LABEL.sub("", start)
        self._begun = bool(self._text)
        return self._begun

    def _end(self) -> int:
        """Where the first sentence ends; 0 while it does not."""
        for match in _END.finditer(self._text, 0, LONGEST + 1):
            if not _ABBREVIATION.search(self._text[: match.end()]):
                return match.end()
        if len(self._text) <= LONGEST:
            return 0
        comma = self._text.rfind(", ", LONGEST // 2, LONGEST)
        return comma + 1 if comma > 0 else max(self._text.rfind(" ", 0, LONGEST), 0) or LONGEST


def _plain(text: str) -> str:
    return " ".join(_UNSAID.sub("", text).split())
