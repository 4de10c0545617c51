"""How somebody else's text and numbers stand in a line of the log."""

from __future__ import annotations


def spaced(number: int) -> str:
    """1234 as 1 234."""
    return f"{number:,}".replace(",", " ")


def one_line(text: str, characters: int) -> str:
    """Somebody else's text as a part of one line: what cannot be seen is left out, what is long is cut."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= characters else f"{words[:characters]}…"
