"""What is offered, as a short list of things, out of a transcribed sentence."""

from __future__ import annotations

import re

from orchestration.adapters import words

THINGS_MAX = 8
WORDS_PER_THING_MAX = 3
KNOWN_TO_SPLIT = 2
ATTRIBUTE = re.compile(r"\bwith\b.*?(?=[,;.!?]|\band\b|$)", re.IGNORECASE)
"""What only says more about a thing: "bicycles with a guarantee"."""
_WAYS = r"(?:call|phone|telephone|ring|text|message|e-?mail|mail|write|reach|contact|visit|whatsapp)"
_REST = r"(?:(?!\b(?:and|or)\b)(?:[^,;.!?]|\.(?=\w)))*"
REACHED = re.compile(
    "|".join(
        (
            rf"\b{_WAYS}(?: to)? (?:us|me)\b{_REST}",
            rf"\b(?:give|drop|send) (?:us|me) an? (?:call|ring|line|message|text|e-?mail)\b{_REST}",
            r"\b(?:our|my|the) (?:phone|telephone|mobile|e-?mail|address|website|number)(?: number| address)?"
            rf" is\b{_REST}",
            rf"(?:\b{_WAYS}(?: to| number)?(?: at| on)?\W+)?"
            r"(?:\+?\d[\d ()/-]{5,18}\d|\S+@\S+|\b\w+ at \w+ dot \w+)",
        )
    ),
    re.IGNORECASE,
)
"""How one gets in touch, which is nothing that is offered: "call us at 555 1234"."""
BREAK = re.compile(r"[,;.!?]|\b(?:and|or|plus|also|as well as)\b", re.IGNORECASE)


def is_known(word: str, keywords: tuple[str, ...]) -> bool:
    """Whether the word is one of a trade's keywords (a final * matches any ending)."""
    return any(word.startswith(k[:-1]) if k.endswith("*") else word == k for k in keywords)


def things_offered(offer: str, keywords: tuple[str, ...]) -> tuple[str, ...]:
    """ "we repair bicycles and sell used parts" is ("Bicycles", "Used parts"); empty when unclear."""
    found: list[str] = []
    said = words.with_commas(words.without_fillers(words.without_markup(offer)))
    for part in BREAK.split(ATTRIBUTE.sub(" ", REACHED.sub(", ", said))):
        found += _things_in(part, keywords)
    unique = {thing.lower(): words.capital(thing) for thing in reversed(found)}
    return tuple(unique[key] for key in dict.fromkeys(thing.lower() for thing in found))[:THINGS_MAX]


def _things_in(part: str, keywords: tuple[str, ...]) -> list[str]:
    said = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", part)
    while said and _is_opening(said[0].lower()):
        said = said[1:]
    kept: list[str] = []
    for word in said:
        if word.lower() in words.STOP_WORDS or (kept and word.lower() in words.TIMES):
            break
        kept.append(word)
    if kept and kept[-1].lower() in {"one", "ones"}:
        return []
    if all(word.lower() in words.NUMBERS or word.lower() in words.TIMES for word in kept):
        return []
    known = [word for word in kept if is_known(word.lower(), keywords)]
    if len(kept) >= WORDS_PER_THING_MAX and len(known) > KNOWN_TO_SPLIT:
        return known
    if not kept or len(kept) > WORDS_PER_THING_MAX or len(" ".join(kept)) < WORDS_PER_THING_MAX:
        return []
    return [" ".join(kept)]


def _is_opening(word: str) -> bool:
    """Words before the thing itself: "we", "sell", "our", "an"."""
    return word in words.OPENERS or word in words.VERBS
