"""Other people's words made fit to be said inside a sentence of ours: clean, short, from the right side."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from server.engine.voices_numbers import cardinal

_WORD_CHARS_MAX = 30
_READ_CHARS_MAX = 2000
"""No gap takes more than a few dozen words: the rest of a long text is not even looked at."""
_TAG = re.compile(r"<[^<>]{0,80}>")
_LINK = re.compile(r"!?\[([^\]]{0,80})\]\([^)]{0,200}\)")
_DROPPED = str.maketrans(dict.fromkeys('{}[]<>*_~^|\\#"“”«»`', " "))
_STOP = re.compile(r"[.!?…:;]+(?=\s|$)")
_ENDS = " ,.!?…:;-–—"
_COMMAS = re.compile(r"(?:\s*,)+")
_DANGLING = frozenset(
    "a an and as at because but by for from in into is of on or our that the their to who which with your "
    "very are be more my we i you it no not if so also every each between than all".split()
)
_LEAD_IN = re.compile(
    r"^(?:(?:well|so|um+|uh+|uhm|er+|hm+|okay|ok|yes|yeah|oh|please|maybe|perhaps|i think|i guess|i suppose|"
    r"i would say|i['’]d say|let me think|let['’]?s see|(?:that['’]s a )?good question|to be honest|honestly|"
    r"first of all|actually|basically|probably|just|and|what (?:i|we) do is(?: that)?|"
    r"(?:(?:it|that)['’]?s |it is )?because(?: of)?|"
    r"(?:i|we) (?:do not|don['’]?t) (?:really )?know(?= \w))"
    r"\b[\s,.]*)+",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r",?\s*\b(?:i think|i guess|i suppose|i mean|i believe|you know|kind of|sort of|um+|uh+|uhm|erm)\b,?",
    re.I,
)
_UNSURE = re.compile(
    r"^(?:i\s+|we\s+)?(?:(?:really\s+)?(?:do not|don't|dont)\s+know(?:\s+yet)?|no idea|"
    r"have no idea|(?:have not|haven't) thought about (?:it|that)(?: yet)?|not sure(?: yet)?|am not sure|"
    r"i'm not sure|skip(?: (?:it|this|that))?|pass|"
    r"next question|nothing|no answer)\W*$",
    re.IGNORECASE,
)
_STRONG = frozenset("who whom whose which that because when where while although if but so until".split())
"""Words that begin a clause: what stands before is whole without it."""
_WEAK = frozenset(
    "and or for with without in on at near from by under over every each like around during since".split()
)
"""Words before which a sentence may end, unless a clause is open."""
_SUBJECTS = frozenset("i we you they it he she there people everyone everything it's we're i'm".split())
_DENIAL = re.compile(r"\b(?:no|not|never|nothing|nobody|none|only|without|hardly|\w+n['’]?t)\b", re.I)
"""What turns into its opposite, or into nonsense, when its end is left out."""


def clean(text: str) -> str:
    """One line without markup, symbols or sentence ends, so that it stays inside one sentence."""
    text = unicodedata.normalize("NFC", text[:_READ_CHARS_MAX])
    text = _TAG.sub(" ", _LINK.sub(r"\1", text)).translate(_DROPPED)
    kept = "".join(char if _sayable(char) else " " for char in text)
    words = [word[:_WORD_CHARS_MAX] for word in _STOP.sub(",", kept).split() if word.strip("-–—,'")]
    return _COMMAS.sub(",", " ".join(words)).strip(_ENDS)


def _sayable(char: str) -> bool:
    category = unicodedata.category(char)
    return char == " " or (category[0] not in "CZ" and category not in {"So", "Sk"})


def cut(text: str, words: int) -> str:
    """The text if it has at most so many words, else up to where it can end; "" when it cannot."""
    kept = text.split()
    if len(kept) <= words:
        return text
    tied = [at for at in range(3, words + 1) if kept[at - 1][-1] == "," and kept[at] in {"and", "but"}]
    for end in (*tied[-1:], *range(max(words, 0), 0, -1)):
        if _can_end(kept, end):
            said = " ".join(_without_dangling(kept[:end])).strip(_ENDS)
            return "" if _DENIAL.search(said) else said
    return ""


def _can_end(said: list[str], end: int) -> bool:
    """Whether the first `end` words stand for themselves: before a comma, a clause, or a part that adds."""
    before, after = [word.lower() for word in said[:end]], said[end].lower().strip(",")
    is_open = not _STRONG.isdisjoint(before[1:]) and before[-1][-1] != ","
    if before[-1].endswith(","):
        return _STRONG.isdisjoint(before[1:]) or end < 2
    if after in _STRONG or (after == "and" and " ".join(said[end + 1 : end + 2]).lower() in _SUBJECTS):
        return not is_open
    is_lone = len(before) > 1 and before[-2].endswith(",")
    is_span = not {"between", "from"}.isdisjoint(before[-3:])
    return after in _WEAK and not (is_open or is_lone or is_span)


def _without_dangling(said: list[str]) -> list[str]:
    kept = list(said)
    while len(kept) > 1 and kept[-1].strip(",").lower() in _DANGLING:
        kept.pop()
    return kept


def clip(text: str, words: int) -> str:
    """At most so many words: cut where it can end, else anywhere but after a word that wants another."""
    kept = text.split()
    if len(kept) <= words:
        return text
    said = cut(text, words)
    if len(said.split()) * 2 > words:
        return said
    return " ".join(_without_dangling(kept[: max(words, 0)])).strip(_ENDS)


def bare(text: str) -> str:
    """Clean, and without the words that only buy time (unless there are no others)."""
    whole = clean(text)
    said = _LEAD_IN.sub("", _FILLER.sub("", whole).strip(" ,"))
    return re.sub(r"[\s,]+please$", "", said, flags=re.IGNORECASE).strip(" ,") or whole


def unsure(text: str) -> bool:
    """Whether an answer says that there is none."""
    return bool(_UNSURE.match(_LEAD_IN.sub("", clean(text))))


def lower_first(text: str) -> str:
    """Ready for the middle of a sentence: `The worker stopped` → `the worker stopped`, `LinkedIn` stays."""
    first, _, rest = text.partition(" ")
    ordinary = first[1:].islower() or (first == "A" and rest)
    return text[:1].lower() + text[1:] if ordinary and not rest[:1].isupper() else text


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def listing(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; `a, and b and c` where a part has an `and` of its own."""
    if len(parts) < 2:
        return "".join(parts)
    comma = "," if any(" and " in part for part in parts) else ""
    return f"{', '.join(parts[:-1])}{comma} and {parts[-1]}"


def counted(count: int, noun: str) -> str:
    """`one page`, `four pages`; large counts in figures."""
    number = cardinal(count) if 0 <= count < 100 else str(count)
    return f"{number} {noun if count == 1 else noun + 's'}"
