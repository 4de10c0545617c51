"""What a few human words mean where only a few meanings count. Pure and small on purpose.

Anything richer is the model's task; these are the words that must work without one.
"""

from __future__ import annotations

import re

from orchestration.brief import Expects

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
FUNCTION_WORDS = frozenset(
    "a an the and or but for nor so yet if than as of to in on at by with from into onto off up out "
    "over under upon about after before i me my mine you your yours he him his she her hers it its we "
    "us our ours they them their theirs this that these those there here who whom whose which where "
    "when why how what am is are was were be been being do does did done have has had having can could "
    "will would shall should may might must not no too very just then now also im i'm i'd i'll i've "
    "you're it's that's he's she's we're they're ain't isn't em er erm ehm hmm huh mm ooh ha hey hi "
    "well like some any all both each one".split()
)
"""Words that carry nothing by themselves: what a recogniser makes of a hum is mostly of them."""
CONTENT_LETTERS = 3
NASAL = 2 / 3
"""A hum is nasal, and so are most of the words that are heard in it: "the men may chimp"."""
DOUBTFUL = 0.2
CONSENTS = frozenset("yes yeah yep yup sure ok okay absolutely certainly definitely".split())
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
    return any(word in INTERRUPTIONS for word in words) or (confidence >= SURE and has_content(text))


def is_hum(
    text: str, confidence: float, expects: Expects = Expects.ANYTHING, at_a_question: bool = False
) -> bool:
    """Whether the words are what a recogniser makes of a short hum. They must have sounded over a voice.

    `at_a_question`: over the end of one, where also unclear words answer.
    """
    words = _words(text)
    if not words or is_backchannel(text):
        return not is_expected(text, expects)
    if any(word in INTERRUPTIONS or word == "name" for word in words):
        return False
    if not has_content(text) or (len(words) > 1 and len(set(words)) == 1 and confidence < SURE):
        return True
    telling = [word for word in words if word not in ("a", "the")]
    nasal = sum("m" in word or "n" in word for word in telling) >= NASAL * len(telling)
    return (nasal and confidence < SURE) or (confidence < DOUBTFUL and not at_a_question)


def has_content(text: str) -> bool:
    """Whether at least one of the words says something by itself."""
    return any(len(word) >= CONTENT_LETTERS and word not in FUNCTION_WORDS for word in _words(text))


def is_expected(text: str, expects: Expects) -> bool:
    """Whether the words are a yes or a no, where one is asked for."""
    words = _words(text)
    return expects is Expects.YES_OR_NO and bool(words) and words[0] in CONSENTS | {"no", "nope"}


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
