"""`application/trickle-ice-sdpfrag` (RFC 8840, section 9): candidates that arrive after the offer.

Parsing only; nothing here knows aiortc.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CANDIDATES = 64
_ICE_CHARS = re.compile(r"[A-Za-z0-9+/]{4,256}\Z")


class FragmentError(ValueError):
    """The fragment breaks the grammar of RFC 8840."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one PATCH carries. `candidates`: pairs of mid (or empty) and the value after `candidate:`."""

    ufrag: str
    pwd: str
    candidates: tuple[tuple[str, str], ...]
    complete: bool
    """`end-of-candidates` was there: no more will come."""


def parse(text: str) -> Fragment:
    """Read a fragment. Raises FragmentError."""
    reader = _Reader()
    for line in text.replace("\r\n", "\n").split("\n"):
        if line:
            reader.line(line)
    if len(reader.candidates) > MAX_CANDIDATES:
        raise FragmentError("too many candidates")
    if not reader.candidates and not reader.complete and not reader.ufrag:
        raise FragmentError("nothing in it")
    return Fragment(reader.ufrag, reader.pwd, tuple(reader.candidates), reader.complete)


class _Reader:
    """One pass over the lines; `mid` is that of the pseudo media section being read."""

    def __init__(self) -> None:
        self.ufrag = ""
        self.pwd = ""
        self.mid = ""
        self.candidates: list[tuple[str, str]] = []
        self.complete = False

    def line(self, line: str) -> None:
        if len(line) > 1024 or line[:2] not in ("a=", "m="):
            raise FragmentError("only m= and a= lines belong here")
        if line.startswith("m="):
            self.mid = ""
            return
        name, _, value = line[2:].partition(":")
        match name:
            case "ice-ufrag":
                self.ufrag = _ice_chars(value)
            case "ice-pwd":
                self.pwd = _ice_chars(value)
            case "mid":
                self.mid = value
            case "candidate":
                self.candidates.append((self.mid, value))
            case "end-of-candidates":
                self.complete = True
            case _:
                pass  # unknown attributes are ignored, as SDP wants it (RFC 8866, section 5.13)


def _ice_chars(value: str) -> str:
    if not _ICE_CHARS.match(value):
        raise FragmentError("ice-ufrag and ice-pwd are of ice-char (RFC 8839, section 5.4)")
    return value
