"""A turn that broke off goes on: the same words are made again, and those that were heard are left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from server.engine.brain_context import Context, string

VARIANTS = 8
"""No case has more of them (acts/talk.toml)."""
_SENTENCE_BREAK = re.compile(r"(?<=[.!?…])\s+")
_UNHEARD = re.compile(r"[^\w]+")


def rest(context: Context, make: Callable[[Context], str]) -> str:
    """What is left to say after the fact `said`, of the text that `make` gives for a context.

    Which variant of an act is said follows from what was said before: so the context is taken as it was
    before the turn, without what that left in it. Should the words be others all the same, those of another
    variant are taken if it was that one, else every sentence that was not heard.
    """
    said = string(context.fact("said"), "text")
    before = _without(context.said, said)
    first = ""
    for more in range(VARIANTS):
        text = make(replace(context, said=(*before, *[""] * more)))
        if (left := _after(text, said)) is not None:
            return left
        first = text if more == 0 else first
    return " ".join(part for part in _SENTENCE_BREAK.split(first) if not was_heard(part, said))


def was_heard(sentence: str, said: str) -> bool:
    """Whether all its words, in a row, are among those that were said."""
    return f" {' '.join(_bare(sentence))} " in f" {' '.join(_bare(said))} "


def _without(turns: Sequence[str], said: str) -> tuple[str, ...]:
    """The persona's turns without the last ones, which are the parts of what was said.

    A part that the session still holds as sound, cut, has no text.
    """
    kept, left = list(turns), _bare(said)
    while kept and left:
        part = _bare(kept[-1])
        if part and left[-len(part) :] != part:
            break
        kept.pop()
        left = left[: len(left) - len(part)] if part else []
    return tuple(kept)


def _after(text: str, said: str) -> str | None:
    """The text's words after those that were said; None when it does not begin with them."""
    words, heard = text.split(), said.split()
    if [_bare(word) for word in words[: len(heard)]] != [_bare(word) for word in heard]:
        return None
    return " ".join(words[len(heard) :])


def _bare(text: str) -> list[str]:
    """Words as they sound."""
    return [bare for word in text.lower().split() if (bare := _UNHEARD.sub("", word))]
