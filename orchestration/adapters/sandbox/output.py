"""A program's output, from bytes to lines that one can show: cut, cleaned, counted. No input or output."""

from __future__ import annotations

import re

CUT = "…"
# Colours and cursor movements, then whatever else is not text. A line is one line.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Lines:
    """Feed it bytes, take lines. A line's rest beyond `characters` is forgotten at once, so that one endless
    line takes no more memory than a short one.
    """

    def __init__(self, characters: int) -> None:
        self._characters = characters
        self._bytes_max = 4 * characters  # UTF-8 has at most four for one
        self._line = bytearray()
        self._cut = False
        self.count = 0
        """Lines so far."""
        self.bytes = 0
        """Bytes so far, those of cut lines included."""

    def feed(self, data: bytes) -> list[str]:
        """The lines that end in `data`."""
        self.bytes += len(data)
        *ended, rest = data.split(b"\n")
        lines = []
        for piece in ended:
            self._add(piece)
            lines.append(self._take())
        self._add(rest)
        return lines

    def end(self) -> list[str]:
        """The last line, when it has no end of its own."""
        return [self._take()] if self._line else []

    def _add(self, piece: bytes) -> None:
        room = self._bytes_max - len(self._line)
        self._line += piece[:room]
        self._cut = self._cut or len(piece) > room

    def _take(self) -> str:
        text = self._line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
        text = _CONTROLS.sub("", _ESCAPES.sub("", text))
        cut = self._cut or len(text) > self._characters
        self._line.clear()
        self._cut = False
        self.count += 1
        return text[: self._characters] + CUT if cut else text
