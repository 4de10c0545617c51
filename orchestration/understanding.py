"""What a few human words mean where only a few meanings count. Pure and small on purpose.

Anything richer is the model's task; these are the words that must work without one.
"""

from __future__ import annotations

import re

HUMS = frozenset("m mh hm mhm uh huh uhuh uhu ah aha oh wow yeah yep yup".split())
"""As `_hummed` writes them: each service spells a hum in its own way."""
BACKCHANNELS = frozenset(
    "okay ok yes right alright sure exactly absolutely really true great good nice cool fine perfect awesome "
    "amazing interesting".split()
    # What the offline recogniser makes of a hum, and of "sure".
    + ["the", "share"]
)
BACKCHANNEL_PHRASES = (
    "i see,i know,i understand,got it,go on,go ahead,all right,of course,sounds good,that makes sense"
    ",makes sense,that's,that is,very"
).split(",")
_PHRASE = re.compile(rf"(?<!\S)(?:{'|'.join(BACKCHANNEL_PHRASES)})(?!\S)")
DIFFERENT_MAX = 4
"""Signs of listening in one breath; more of them are a sentence. The same one may be repeated."""
INTERRUPTIONS = frozenset("stop wait no sorry pardon what hold actually excuse question repeat again".split())
SURE = 0.7
"""A hum, taken for a word, has less confidence than this; a word that is one seldom has."""
_BEFORE = r"(?:(?:oh|um|uh|well|sorry|please|actually|wait|stop|no|nope) )*"
_NOT = r"(?:(?:i|we) )?(?:would )?(?:don't|do not|never|rather not)"
_WANT = r"(?: (?:want|wish|like)(?: (?:you|us|it|this|that))? to(?: be)?)?"
_IT = r"(?: (?:it|this|that|(?:the|this|that) post|anything))?"
_AFTER = r"(?: (?:please|thanks|thank you|at all|now|online|out|on linkedin))*"
NOT_PUBLISHED = re.compile(
    rf"{_BEFORE}(?:{_NOT}{_WANT} (?:publish|post|share|send)(?:ed)?{_IT}"
    rf"|{_NOT} want{_IT} (?:published|posted)|(?:(?:i|we) )?reject{_IT}){_AFTER}"
)
BARE_NO = re.compile(
    r"(?:(?:oh|um|uh|well|sorry) )*(?:no way|no|nope|never)"
    r"(?: (?:no|nope|never|thanks|thank you|please|sorry))*"
    rf"(?: {_NOT} want(?: (?:it|this|that)){_AFTER})?"
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
SURE_TO_REFUSE = 0.5


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.lower().replace("’", "'"))


def _hummed(word: str) -> str:
    """"Mm-hmm", "mhmm" and "mhm" are one word."""
    return re.sub(r"(.)\1+", r"\1", word.replace("-", ""))


def is_backchannel(text: str) -> bool:
    """Whether the words only say "I am listening" (a few of them, all of that kind)."""
    words = _PHRASE.sub("ok", " ".join(_words(text))).split()
    different = {hum if (hum := _hummed(word)) in HUMS else word for word in words}
    return len(different) <= DIFFERENT_MAX and different <= HUMS | BACKCHANNELS


def is_meant(text: str, confidence: float) -> bool:
    """Whether a short sound over a voice was said to be answered, and is not just a sign of listening."""
    words = _words(text)
    if not words or is_backchannel(text):
        return False
    return confidence >= SURE or any(word in INTERRUPTIONS for word in words)


def is_refusal(text: str, confidence: float = 1.0) -> bool:
    """Whether the words refuse what is shown: a no and nothing else, or "don't publish it".

    A refusal is final, so that whatever may be meant otherwise ("no problem", "no changes") is none.
    Speech can reject; only a tap can approve.
    """
    if confidence < SURE_TO_REFUSE:
        return False
    clauses = (" ".join(_words(clause)) for clause in re.split(r"[.,;:!?\u2013\u2014]", text))
    return is_bare_no(text) or any(NOT_PUBLISHED.fullmatch(clause) for clause in clauses)


def is_bare_no(text: str) -> bool:
    """Whether a no is all that was said."""
    return BARE_NO.fullmatch(" ".join(_words(text))) is not None


def is_no_answer(text: str) -> bool:
    """Whether the words decline to answer: they must not become the answer itself."""
    return " ".join(_words(text)) in NO_ANSWERS


def mostly_heard(heard: str, text: str) -> bool:
    """Whether at least half of the words of `text` were heard; True when the text is unknown."""
    whole = len(_words(text))
    return whole == 0 or len(_words(heard)) >= whole * HEARD_ENOUGH
