"""What a few human words mean where only a few meanings count. Pure and small on purpose.

Anything richer is the model's task; these are the words that must work without one.
"""

from __future__ import annotations

import re

# "the" is what the offline recogniser makes of a hum.
BACKCHANNELS = frozenset(
    "mm mhm hm hmm mm-hm mmhm uh huh uh-huh ah oh okay ok yeah yes yep right sure great good the".split()
)
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
    """Whether the words only say "I am listening" (at most three of them, all of that kind)."""
    words = _words(text)
    return len(words) <= 3 and all(word in BACKCHANNELS for word in words)


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
