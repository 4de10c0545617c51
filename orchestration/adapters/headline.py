"""The headline that the human wants on the first page: it stands in the answer on the look, as a clause."""

from __future__ import annotations

import re

CHARACTERS_MAX = 90
_CLAUSE = re.compile(r"[\s,;.]*\bthe headline says[: ]*[“\"](?P<text>[^”\"]*)[”\"]\.?", re.IGNORECASE)


def headline_in(style: str) -> tuple[str, str]:
    """The answer on the look without its headline, and the headline; empty where there is none."""
    found = _CLAUSE.search(style)
    if found is None:
        return style, ""
    rest = f"{style[: found.start()]} {style[found.end() :].lstrip(' ,;')}".strip()
    return rest, found["text"].strip()[:CHARACTERS_MAX]


def with_headline(style: str, headline: str) -> str:
    """The same answer with this headline in the place of a former one; empty takes it out."""
    rest, _ = headline_in(style)
    said = headline.replace("“", "").replace("”", "").replace('"', "").strip()[:CHARACTERS_MAX]
    clause = f"the headline says “{said}”" if said else ""
    return ", ".join(filter(None, (rest, clause)))
