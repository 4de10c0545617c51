"""How LinkedIn reads little text: by the documented grammar, one character after the other."""

from __future__ import annotations

RESERVED = frozenset("\\|{}@[]()<>#*_~")
HASHTAG = r"{hashtag|\#|"


def read(written: str) -> str:
    """What is stored: all before the first reserved character that is neither escaped nor an element."""
    shown, at = "", 0
    while at < len(written):
        char = written[at]
        if written.startswith(HASHTAG, at):
            end = written.find("}", at)
            word = written[at + len(HASHTAG) : end]
            if end < 0 or not word or set(word) & RESERVED or not word.isalnum():
                return shown
            shown, at = f"{shown}#{word}", end + 1
        elif char == "\\":
            if at + 1 == len(written) or written[at + 1] not in RESERVED:
                return shown
            shown, at = shown + written[at + 1], at + 2
        elif char in RESERVED:
            return shown
        else:
            shown, at = shown + char, at + 1
    return shown
