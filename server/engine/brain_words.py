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
_COMMAS = re.compile(r"(?:\s*,)+")
_DANGLING = frozenset(
    "a an and as at because but by for from in into is of on or our that the their to who which with your "
    "very are be more my we i you it no not if so also".split()
)
_LEAD_IN = re.compile(
    r"^(?:(?:well|so|um+|uh+|er+|hm+|okay|ok|yes|yeah|oh|please|maybe|i think|i guess|i would say|actually|"
    r"basically|just)\b[\s,]*)+",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r",?\s*\b(?:i think|i guess|i suppose|i mean|i believe|you know|kind of|sort of)\b,?", re.I
)
_WISH = re.compile(
    r"^(?:(?:i|we)(?:'d| would)? (?:like|love|want|need|prefer|think of|imagine)(?: to have| to see)?|"
    r"it (?:should|could|must) (?:be|look|have|feel)|there should be|let's have|give (?:me|us))\b\s*",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"^(?:i|we) (?:\w+ly )?(?:sell|offer|make|bake|build|provide|do|repair|produce|create|teach|serve|give|"
    r"design|deliver|grow|fix|organi[sz]e|run|have|brew|write|clean|rent|supply)\b\s*",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"^(?:(?:my|our|the)\s+(?:\w+\s+)?(?:name|business|company|shop|store|firm|studio|brand|project)\s+is"
    r"(?:\s+(?:called|named))?|it(?:'s| is)\s+(?:called|named)|we(?:'re| are)\s+(?:called|named)|"
    r"(?:it|that)(?:'s| is)|(?:i|we)\s+call\s+(?:it|ourselves)|(?:called|named))\s+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"^(?:i|we|you|they|he|she|it|people|to|because|there|that|this|if|when|i'm|we're)\b", re.IGNORECASE
)
_UNSURE = re.compile(
    r"^(?:i\s+|we\s+)?(?:(?:really\s+)?(?:do not|don't|dont)\s+know(?:\s+yet)?|no idea|"
    r"have no idea|not sure(?: yet)?|am not sure|i'm not sure|skip(?: (?:it|this|that))?|pass|"
    r"next question|nothing|no answer)\W*$",
    re.IGNORECASE,
)
_FLIP = {
    "i": "you",
    "we": "you",
    "me": "you",
    "us": "you",
    "my": "your",
    "our": "your",
    "mine": "yours",
    "ours": "yours",
    "i'm": "you're",
    "we're": "you're",
    "i've": "you've",
    "we've": "you've",
    "i'd": "you'd",
    "we'd": "you'd",
    "i'll": "you'll",
    "we'll": "you'll",
    "am": "are",
    "myself": "yourself",
    "ourselves": "yourselves",
}


def clean(text: str) -> str:
    """One line without markup, symbols or sentence ends, so that it stays inside one sentence."""
    text = unicodedata.normalize("NFC", text[:_READ_CHARS_MAX])
    text = _TAG.sub(" ", _LINK.sub(r"\1", text)).translate(_DROPPED)
    kept = "".join(char if _sayable(char) else " " for char in text)
    words = [word[:_WORD_CHARS_MAX] for word in _STOP.sub(",", kept).split() if word.strip("-–—,'")]
    return _COMMAS.sub(",", " ".join(words)).strip(" ,.!?…:;-–—")


def _sayable(char: str) -> bool:
    category = unicodedata.category(char)
    return char == " " or (category[0] not in "CZ" and category not in {"So", "Sk"})


def clip(text: str, words: int) -> str:
    """At most so many whole words, not ending on one that wants another."""
    kept = text.split()
    if len(kept) <= words:
        return text
    kept = kept[: max(words, 0)]
    while len(kept) > 1 and kept[-1].strip(",").lower() in _DANGLING:
        kept.pop()
    return " ".join(kept).strip(" ,.!?…:;-–—")


def echo(text: str, words: int = 8) -> str:
    """What a human said, as one says it back to them: `we bake bread` → `you bake bread`."""
    return " ".join(_flip(word) for word in lower_first(clip(_bare(text), words)).split())


def _bare(text: str) -> str:
    """Without the words that only buy time (unless there are no others)."""
    whole = clean(text)
    return _LEAD_IN.sub("", _FILLER.sub("", whole)).strip(" ,") or whole


def _flip(word: str) -> str:
    bare = word.rstrip(",").lower().replace("’", "'")
    return _FLIP[bare] + ("," if word.endswith(",") else "") if bare in _FLIP else word


def thing(text: str, words: int = 8) -> str:
    """What a human named, as a noun phrase (`we sell fresh bread` → `fresh bread`); "" if it is a clause."""
    said = lower_first(_OFFER.sub("", _WISH.sub("", _bare(text))).strip(" ,"))
    return (
        "" if not said or _CLAUSE.match(said) else " ".join(_flip(word) for word in clip(said, words).split())
    )


def name(text: str, words: int = 8) -> str:
    """A business's name without the words around it: `it is called Moon Bakery` → `Moon Bakery`."""
    said = _bare(text)
    return clip(_NAMED.sub("", said).strip(" ,") or clean(text), words)


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
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(count: int, noun: str) -> str:
    """`one page`, `four pages`; large counts in figures."""
    number = cardinal(count) if 0 <= count < 100 else str(count)
    return f"{number} {noun if count == 1 else noun + 's'}"
