"""What the pages that were read have in common: counted in them, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from orchestration.adapters import words
from orchestration.adapters.answers import Answers
from orchestration.adapters.search import Finding
from orchestration.adapters.sites import Seen
from orchestration.adapters.tables import Table

TOPICS_TOLD = 5
GAPS_TOLD = 4
NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@cache
def topics() -> dict[str, tuple[str, ...]]:
    """What pages speak of → the words by which it is told."""
    table = Table.load("orchestration.adapters", "topics.toml")
    return {label: table.texts(label) for label in table.keys()}


def _shown(seen: Sequence[Seen]) -> list[tuple[str, int]]:
    """How many of the pages speak of each topic, most often first."""
    counted = [
        (label, sum(any(_holds(one.text, said) for said in told) for one in seen))
        for label, told in topics().items()
    ]
    return sorted((pair for pair in counted if pair[1]), key=lambda pair: -pair[1])


def _holds(text: str, said: str) -> bool:
    """Whether the words stand in the text, not in the middle of others."""
    at = text.find(said)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(said) : at + len(said) + 1]
        if not (before.isalnum() or (after.isalnum() and said[-1].isalnum())):
            return True
        at = text.find(said, at + 1)
    return False


def compared(answers: Answers, seen: Sequence[Seen]) -> list[Finding]:
    """What the pages have in common, and what of the human's own words none of them has."""
    if not seen:
        return []
    source, count = ", ".join(one.site.host for one in seen), len(seen)
    found = []
    if shown := _shown(seen)[:TOPICS_TOLD]:
        text = "; ".join(f"{label} ({n} of {count})" for label, n in shown)
        found.append(Finding("What these sites speak of", f"{words.capital(text)}.", source))
    own = words.content_words(words.without_markup(answers.difference))
    gaps = [word for word in own if word not in words.VERBS | words.NUMBERS]
    gaps = [word for word in gaps if not any(_holds(one.text, word) for one in seen)]
    if gaps and count > 1:
        said = " or ".join(f"“{word}”" for word in gaps[:GAPS_TOLD])
        text = f"None of the pages read says {said}; you do."
        found.append(Finding("What they do not say", text, source))
    return found


def headline(seen: Sequence[Seen]) -> str:
    """One sentence about what was really read."""
    pages = [one for one in seen if one.page is not None]
    if not pages:
        named = sum(one.site.named for one in seen)  # by the human, not by the search
        whose = "You and the search named" if named else "The search named"
        return f"{whose} {_counted(len(seen))}, but none of them could be read."
    shown, count = _shown(pages)[:2], len(pages)
    if not shown:
        return f"I read {_counted(count)}; what they say of themselves is on your screen."
    if count == 1:
        return f"The one site that I could read speaks of {words.listing([label for label, _ in shown])}."
    if shown[0][1] == shown[-1][1]:
        shown = [(words.listing([label for label, _ in shown]), shown[0][1])]
    parts = [f"{_some(n, count)} {'speak' if n > 1 else 'speaks'} of {label}" for label, n in shown]
    return f"Of {_counted(count)} that I read, {' and '.join(parts)}."


def _some(n: int, count: int) -> str:
    if n < count:
        return _number(n)
    return "both" if n == 2 else "all"


def _number(n: int) -> str:
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def _counted(n: int) -> str:
    return f"{_number(n)} site{'' if n == 1 else 's'}"
