"""What the human asks of the conversation itself: say that again, wait, go back, that answer is wrong.

Pure and small on purpose, like `understanding`. A wish must be all that is said, else it is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

LEAD = (
    r"(?:(?:no|oh|um|uh|well|ok|okay|hey|sorry|pardon(?: me)?|wait|hold on|excuse me|actually|i mean|and|but"
    r"|please)\W+)*"
)
ASKING = (
    r"(?:(?:(?:can|could|would|will|may) (?:you|we|i)|let'?s|let (?:us|me)|i want to|i(?: would|'d) like to)"
    r" )?(?:please )?(?:just )?"
)
_THAT = r"(?: (?:that|it|this|(?:the|your|that|my) (?:last )?(?:question|sentence)|what you (?:just )?said))?"
_AGAIN = "|".join(
    (
        rf"{ASKING}repeat(?: me)?{_THAT}(?: again| once more| one more time)?",
        rf"{ASKING}(?:say|ask)(?: me)?{_THAT} (?:again|once more|one more time)",
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
        rf"{ASKING}(?:go|come|step)(?: one (?:step|question))? back(?: (?:one|a) (?:step|question))?",
        r"(?:one (?:step|question) back|(?:the )?(?:previous|last) question)(?: again)?",
        rf"{ASKING}(?:change|correct) my (?:last |previous )?answer",
    )
)
_WRONG = r"(?:is|are|was|were) (?:wrong|not right|not correct|incorrect|a mistake)"
_IT_IS = r"(?:(?:it|that|they)(?: is| are|'s)|(?:it|they) should be|(?:the|our|my) [\w ]{1,30}? (?:is|are))"
_BUT_THAT = (
    r"\W+(?:but|(?:(?:it|that|they)(?:'s| is| are|'re)|they're)(?: also)?)"
    r" (?:the|our|my|how|that|what|who|because)\b"
)
"""How an answer goes on that only compares: "it's not the products, it's the people"."""
_MEANT = (
    r"(?:i (?:meant|mean|said)(?: to say)?|it should have been)(?: that)?"
    r"(?P<called> (?:my|our|the) (?:business|company|shop|firm) (?:is called|is named|is)| (?:it|we)(?: is"
    r"|'s| are) called)?"
)
_CALLED = r"(?:(?:my|our|the) (?:business|company|shop|firm)|it|we) (?:is|are) (?:called|named) (?P<text>.+)"
_QUESTION_ON = r"(?:the question (?:about|on|of) )?"
_WHAT = r"(?:what|who|which|how)(?: (?:the|our|my|we|i))?"
_A_MOMENT = r"(?:just )?(?:a|one) (?:moment|second|sec|minute|bit)"
_MOMENT = "|".join(
    (
        rf"{ASKING}(?:stop|wait|pause|hold on|hang on|excuse me)(?: it| that| there| here| talking)?"
        rf"(?: (?:for )?{_A_MOMENT})?",
        rf"(?:{ASKING}(?:give me|have) |i need )?{_A_MOMENT}(?: to think)?",
        rf"(?:let me|i have to|i need to) think(?: about (?:it|that))?(?: (?:for )?{_A_MOMENT})?",
    )
)
_GO_ON = r"(?:continue|go on|go ahead|carry on|(?:i(?:'m| am) )?(?:ready|back|here))(?: again| now)?"
_NAME_LIKE = r"repeat|once more|one more time|come (?:again|back)|step back|(?:the )?previous question"
"""Wishes in general, but a business may be called so."""
_PROPOSES = r"(?:how about|what about|is (?:it|this|that) (?:okay|ok|all right|alright|fine|good|possible))\b"
_IT_ALL = r"(?:this|it|that|all this|all of this|the (?:interview|website|site|whole thing))"
_ASIDE = "|".join(
    (
        r"(?:let's|let us|can we) talk about [\w' -]+",
        rf"how (?:long|much longer) (?:does|will|do|is|are) (?:{_IT_ALL}|you|we)(?: \w+){{0,3}}",
        rf"how much (?:longer|does {_IT_ALL} cost|is {_IT_ALL}|will {_IT_ALL} cost)",
        r"(?:who|what|where) are you(?: (?:all|guys|from|doing|talking about))?",
        r"are you (?:(?:a|an) )?(?:real|human|person|robot|machine|computer|ai|bot|there)(?: \w+)?",
        r"what do you do|what does (?:that|this|it) mean|what(?: is|'s) this(?: about| for)?",
        r"what(?: is|'s) your name|what time is it|what happens (?:now|next|then)|what(?: is|'s) next",
        r"why (?:do|are) you (?:ask|asking|need|want)(?: [\w']+){0,5}",
        r"when (?:will|are|do) (?:we|you|it)(?: [\w']+){1,5}",
    )
)
_ASKED_BACK = (
    r"(?:(?:what|who|when|where|why|how)(?: (?:long|much|many|often|far|soon))?"
    r"(?:'s| is| are| do| does| did| will| would| can| could| should| was| were)"
    r"|do you|did you|are you|is it|is this|will you|will it)\b"
)
_UNMARKED = (
    r"(?:what|when|where|why|how|who)(?: (?:long|much|many|often|far|soon))? (?:do|did|does|can|could"
    r"|would|should|will)"
    r" (?:you|i|we|it|they|she|he|marcus|sarah|maya|alex|sophie)\b"
)
"""So only a question begins, also where nobody wrote its mark: a recogniser writes none."""
NAME_WORDS_MAX = 3


@dataclass(frozen=True, slots=True)
class Amendment:
    """Another answer to a question: `text`, or, when that is empty, to be asked again.

    `key` is the question's; empty for the one before.
    """

    key: str
    text: str = ""
    latest: bool = False
    """Meant only when that answer was given last: else the words are an answer of their own."""


def wants_it_again(text: str) -> bool:
    """Whether the words ask for what was just said."""
    return _is(_AGAIN, text)


def wants_a_moment(text: str) -> bool:
    """Whether the words only ask to wait."""
    return _is(_MOMENT, text)


def is_wish(text: str) -> bool:
    """Whether the words ask for something of the conversation, or ask a question of the human's own."""
    return wants_it_again(text) or wants_a_moment(text) or is_aside(text)


def goes_on(text: str) -> bool:
    """Whether the words end such a moment."""
    return _is(_GO_ON, text)


def may_be_a_name(text: str) -> bool:
    """Whether so few words are a name rather than a wish, however a name may sound."""
    said = plain(text)
    if re.fullmatch(_NAME_LIKE, said):
        return True
    wishes = (_AGAIN, _BACK, _MOMENT, _ASIDE)
    return len(said.split()) <= NAME_WORDS_MAX and not any(_is(wish, text) for wish in wishes)


def amendment(text: str, names: Mapping[str, str]) -> Amendment | None:
    """The wish to go back or to correct an answer, None for neither.

    `names`: what the human may call an answer → its question's key.
    """
    if _is(_BACK, text):
        return Amendment("")
    named = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    topic = rf"(?:the|our|my) (?P<topic>{named})"
    forms = (
        rf"{LEAD}(?:that|this|it)(?:'s| is| was) (?:wrong|not right|not correct)\W+{_IT_IS} (?P<text>.+)",
        rf"{LEAD}{topic} {_WRONG}(?:\W+(?:no\W+)?{_IT_IS} (?P<text>.+))?",
        rf"{LEAD}(?:(?:the|our|my) )?(?P<topic>{named}) (?:is|are|should be) (?P<text>.+?)\W+not (?:that"
        rf"|this|so)(?: one)?",
        rf"{LEAD}(?:no|nope|sorry|wait)\W+{_MEANT} (?P<text>.+)",
        rf"{LEAD}{topic} {_WRONG}\b.*(?P<text>)",
        rf"{LEAD}(?:that|this|it)(?: is|'s| was) not (?:the|our|my)(?: right| correct)?"
        rf" (?P<topic>{named})\b(?:(?<=name)|(?!{_BUT_THAT})).*(?P<text>)",
        rf"{LEAD}{ASKING}(?:change|correct) {topic}(?: (?:to|into) (?P<text>.+))?",
        rf"{LEAD}{ASKING}(?:go|come) back to {_QUESTION_ON}"
        rf"(?:{topic}|{_WHAT} (?P<asked>{named})(?: (?:is|are))?)(?: question)?(?P<text>)",
    )
    contrary = rf"(?P<lead>{LEAD}){topic} (?:is|are|should be) (?P<text>.+)"
    said = text.strip().replace("’", "'").rstrip(".!?,; ")
    for form in (*forms, contrary):
        if found := re.fullmatch(form, said, re.IGNORECASE):
            parts = found.groupdict()
            named_by = parts.get("topic") or parts.get("asked") or ("name" if parts.get("called") else "")
            key = names.get(named_by.lower(), "")
            if form is contrary and not re.search(r"\b(?:no|sorry)\b", parts["lead"], re.IGNORECASE):
                return None
            return Amendment(key, parts["text"] or "", latest=form is contrary)
    return None


def named_later(text: str, topics: tuple[str, ...], is_name: bool) -> str:
    """The answer in words that name its question, which is not the one at hand; empty where they do not.

    `topics`: what the human may call the answer; `is_name`: it may also follow "it is called".
    """
    said = text.strip().replace("’", "'").rstrip(".!?,; ")
    named = "|".join(sorted(map(re.escape, topics), key=len, reverse=True))
    forms = [rf"{LEAD}(?:the|our|my) (?:{named}) (?:is|are|should be|would be) (?P<text>.+)"]
    if is_name:
        forms.append(rf"{LEAD}{_CALLED}")
    found = (re.fullmatch(form, said, re.IGNORECASE) for form in forms)
    return next((match["text"] for match in found if match), "")


def asks_openly(said: str) -> bool:
    """Whether plain words begin as only a question does."""
    return re.match(_UNMARKED, said) is not None


def greets(text: str) -> bool:
    """Whether the words greet or thank somebody, or try whether they are heard."""
    greeting = r"(?:hello|hi|hey|thanks|thank you|goodbye|bye)\b"
    return re.match(rf"{LEAD}(?:{greeting}|can (?:you|anybody|anyone) hear)", plain(text)) is not None


def is_aside(text: str) -> bool:
    """Whether the human asks something instead of answering. Who proposes ("how about blue") answers."""
    said = re.sub(rf"^{LEAD}(?:by the way )?{LEAD}", "", plain(text))
    if re.match(_PROPOSES, said):
        return False
    if re.fullmatch(rf"(?:{_ASIDE})(?: please)?", said):
        return True
    if asks_openly(said):
        return True
    return text.rstrip().endswith("?") and re.match(_ASKED_BACK, said) is not None


def _is(pattern: str, text: str) -> bool:
    """Whether this was said and nothing else; politeness does not count."""
    return re.fullmatch(rf"{LEAD}(?:{pattern})(?: please| sorry)*", plain(text)) is not None


def plain(text: str) -> str:
    """The words alone, in small letters: the same words are equal however they were written."""
    return " ".join(re.findall(r"[\w'-]+", text.lower().replace("’", "'")))
