"""What the human asks of the conversation itself: say that again, go back, that answer is wrong.

Pure and small on purpose, like `understanding`. A wish must be all that is said, else it is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LEAD = (
    r"(?:(?:no|oh|um|uh|well|ok|okay|hey|sorry|pardon(?: me)?|wait|hold on|excuse me|actually|i mean|and|but"
    r"|please)\W+)*"
)
_CONTRARY = r"(?:(?:no|sorry|wait|hold on|excuse me|actually|i mean)\W+)+"
_ASKING = (
    r"(?:(?:(?:can|could|would|will|may) (?:you|we|i)|let'?s|let (?:us|me)|i want to|i(?: would|'d) like to)"
    r" )?(?:please )?(?:just )?"
)
_THAT = r"(?: (?:that|it|this|(?:the|your|that|my) (?:last )?(?:question|sentence)|what you (?:just )?said))?"
_AGAIN = "|".join(
    (
        rf"{_ASKING}repeat(?: me)?{_THAT}(?: again| once more| one more time)?",
        rf"{_ASKING}(?:say|ask)(?: me)?{_THAT} (?:again|once more|one more time)",
        r"what (?:was|is) (?:that|the question|your question)(?: again)?",
        r"what did you (?:just )?(?:say|ask)(?: me)?",
        rf"i (?:did not|didn't) (?:quite )?(?:hear|catch|get|understand)(?: you)?{_THAT}",
        rf"i (?:do not|don't) understand(?: you)?{_THAT}",
        r"what do you mean(?: by that)?",
        r"(?:i beg your )?pardon(?: me)?|come again|once more|one more time|sorry|what",
    )
)
_BACK = "|".join(
    (
        rf"{_ASKING}(?:go|come|step)(?: one (?:step|question))? back(?: (?:one|a) (?:step|question))?",
        r"(?:one (?:step|question) back|(?:the )?(?:previous|last) question)(?: again)?",
        rf"{_ASKING}(?:change|correct) my (?:last |previous )?answer",
    )
)
_WRONG = r"(?:is|are|was|were) (?:wrong|not right|not correct|incorrect|a mistake)"
_IT_IS = r"(?:(?:it|that|they)(?: is| are|'s)|it should be|(?:the|our|my) [\w ]{1,30}? (?:is|are))"
_ASIDE = (
    r"(?:by the way|let's talk about|let us talk about|can we talk about|how long (?:does|will|do|is|are)"
    r"|how much (?:longer|does|do|is|will)|who are you|what are you|where are you|are you (?:a|an|real|human)"
    r"|what (?:do you do|does (?:that|this|it) mean|is this|time is it|happens (?:now|next|then))"
    r"|what's (?:this|the|next)|why (?:do|are) you|when (?:will|are|do) (?:we|you|it))\b"
)
_ASKED_BACK = r"(?:what|who|when|where|why|how|do you|did you|are you|is it|is this|will you|will it)\b"


@dataclass(frozen=True, slots=True)
class Amendment:
    """Another answer to a question: `text`, or, when that is empty, to be asked again.

    `key` is the question's; empty for the one before.
    """

    key: str
    text: str = ""


def wants_it_again(text: str) -> bool:
    """Whether the words ask for what was just said."""
    return _is(_AGAIN, text)


def amendment(text: str, names: Mapping[str, str]) -> Amendment | None:
    """The wish to go back or to correct an answer, None for neither.

    `names`: what the human may call an answer → its question's key.
    """
    if _is(_BACK, text):
        return Amendment("")
    named = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    topic = rf"(?:the|our|my) (?P<topic>{named})"
    forms = (
        rf"{_LEAD}(?:that|this|it)(?:'s| is| was) (?:wrong|not right|not correct)\W+{_IT_IS} (?P<text>.+)",
        rf"{_LEAD}{topic} {_WRONG}(?:\W+(?:no\W+)?{_IT_IS} (?P<text>.+))?",
        rf"{_LEAD}{_ASKING}(?:change|correct) {topic}(?: (?:to|into) (?P<text>.+))?",
        rf"{_LEAD}{_ASKING}(?:go|come) back to {topic}(?: question)?(?P<text>)",
        rf"{_CONTRARY}{topic} (?:is|are|should be) (?P<text>.+)",
    )
    said = text.strip().replace("’", "'").rstrip(".!?,; ")
    for form in forms:
        if found := re.fullmatch(form, said, re.IGNORECASE):
            parts = found.groupdict()
            return Amendment(names.get((parts.get("topic") or "").lower(), ""), parts["text"] or "")
    return None


def is_aside(text: str) -> bool:
    """Whether the human asks, or speaks of, something else instead of answering."""
    said = _plain(text)
    if re.match(_LEAD + _ASIDE, said):
        return True
    return text.rstrip().endswith("?") and re.match(_LEAD + _ASKED_BACK, said) is not None


def _is(pattern: str, text: str) -> bool:
    """Whether this was said and nothing else; politeness does not count."""
    return re.fullmatch(rf"{_LEAD}(?:{pattern})(?: please| sorry)*", _plain(text)) is not None


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w'-]+", text.lower().replace("’", "'")))
