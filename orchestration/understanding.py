"""What a few human words mean where only a few meanings count. Pure and small on purpose.

Anything richer is the model's task; these are the words that must work without one.
"""

from __future__ import annotations

import re

BACKCHANNELS = frozenset(
    "mm mhm hm hmm mm-hm mmhm uh huh uh-huh ah aha oh wow okay ok yeah yes yep right sure exactly really "
    "great good nice cool fine perfect interesting".split()
    # What the offline recogniser makes of a hum, and of "sure".
    + ["the", "share"]
)
BACKCHANNEL_PHRASES = "i see,i know,go on,go ahead,all right,of course,that's,that is,very".split(",")
INTERRUPTIONS = frozenset("stop wait no sorry pardon what hold actually excuse question repeat again".split())
SURE = 0.7
"""A hum, taken for a word, has less confidence than this; a word that is one seldom has."""
REFUSALS = (
    "don't publish",
    "do not publish",
    "don't post",
    "do not post",
    "don't want",
    "do not want",
    "reject",
)
NO_ANSWERS = frozenset(
    (
        "i don't know",
        "i do not know",
        "don't know",
        "no idea",
        "i have no idea",
        "i don't know yet",
        "not sure",
        "i'm not sure",
        "i am not sure",
        "skip",
        "skip it",
        "skip this",
        "pass",
        "next",
        "next question",
        "no answer",
        "nothing",
    )
)
HEARD_ENOUGH = 0.5


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.lower().replace("’", "'"))


def is_backchannel(text: str) -> bool:
    """Whether the words only say "I am listening" (a few of them, all of that kind)."""
    said = f" {' '.join(_words(text))} "
    for phrase in BACKCHANNEL_PHRASES:
        said = said.replace(f" {phrase} ", " ok ")
    words = said.split()
    return len(words) <= 4 and all(word in BACKCHANNELS for word in words)


def is_meant(text: str, confidence: float) -> bool:
    """Whether a short sound over a voice was said to be answered, and is not just a sign of listening."""
    words = _words(text)
    if not words or is_backchannel(text):
        return False
    return confidence >= SURE or any(word in INTERRUPTIONS for word in words)


def is_refusal(text: str) -> bool:
    """Whether the words refuse what is shown. Speech can reject; only a tap can approve."""
    words = _words(text)
    said = " ".join(words)
    return words[:1] in (["no"], ["nope"], ["never"]) or any(refusal in said for refusal in REFUSALS)


def is_no_answer(text: str) -> bool:
    """Whether the words decline to answer: they must not become the answer itself."""
    return " ".join(_words(text)) in NO_ANSWERS


def mostly_heard(heard: str, text: str) -> bool:
    """Whether at least half of the words of `text` were heard; True when the text is unknown."""
    whole = len(_words(text))
    return whole == 0 or len(_words(heard)) >= whole * HEARD_ENOUGH
