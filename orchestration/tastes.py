"""What the human thinks of what is shown: it is liked, it is to change, it may go out.

Pure and small on purpose, like `wishes`. A like must be all that is said, else it is a remark.
"""

from __future__ import annotations

import re

from orchestration.adapters import named_colours
from orchestration.adapters.headline import headline_in, with_headline
from orchestration.events import Picture
from orchestration.wishes import ASKING, LEAD, asks_openly, plain

_LEADS = "oh|um|uh|well|so|sorry|hey|excuse me|okay|ok|and|but|actually"
_GOOD = (
    r"(?:really |very |so |just |all )?(?:good|great|nice|fine|perfect|okay|ok|right|beautiful|wonderful"
    r"|lovely|awesome|amazing|cool)"
)
_LIKED = "|".join(
    (
        r"(?:i|we) (?:really )?(?:like|love) (?:it|that|this|them|the \w+)"
        r"(?: (?:very much|a lot|so much|as it is))?",
        rf"(?:(?:it|that|this)(?: looks| is|'s)|looks) {_GOOD}(?: to me)?",
        rf"{_GOOD}|yes|yeah|yep|sure|absolutely|of course|thank you(?: very much)?|thanks|wow|oh|well|please",
        rf"no (?:thanks|thank you|(?:i|we) (?:really )?(?:like|love) it|(?:it|that|this)(?: is|'s) {_GOOD})",
        r"(?:i do|it does|sounds good|well done|good job|nothing(?: to change| else)?|no changes?"
        r"(?: needed)?)",
        r"(?:i (?:would|will|'ll) )?(?:leave|keep) it(?: (?:like|as) (?:that|this|it is))?|no problem",
        r"(?:let's |let us )?(?:go on|go ahead|carry on|continue|move on|next)",
    )
)
_DISLIKED = "|".join(
    (
        r"no|nope|not really|not quite|not yet|not so much|nah",
        r"(?:i|we) (?:do not|don't) (?:really )?like (?:it|that|this|the \w+)(?: very much| at all)?",
        r"(?:i|we) hate it",
        rf"(?:yes )?{ASKING}(?:change|correct) (?:something|it|that|this|one thing|a few things"
        r"|the (?:colou?rs?|look))",
        r"(?:yes )?(?:something else|something different|another one)",
    )
)
_SHADINGS = frozenset("darker lighter brighter warmer colder dark light bright warm cold pastel".split())
_HUES = (frozenset(named_colours.COLOURS) | frozenset(named_colours.GROUNDS) | {"black"}) - _SHADINGS
COLOURS = _HUES | _SHADINGS
_SURELY_COLOURS = COLOURS - named_colours.NOUNS
_BESIDE = (
    frozenset("and a bit little more or".split())
    | frozenset(named_colours.SHADES)
    | frozenset(word for name in named_colours.COMPOUNDS for word in name.split())
)
"""What may stand beside a colour that is named alone: "deep sea green and a bit of gold"."""
_SHADE = re.compile(rf"\b(?:{'|'.join(sorted(_SHADINGS - {'warm', 'cold'}))})\b(?: and\b)?\s*", re.IGNORECASE)
_COLOUR_WORDS = 6
_TO_COLOUR = (
    rf"{LEAD}(?:yes\W+)?(?:(?:please\W+)?(?:{ASKING}(?:make|change)"
    r" (?:it|that|this|everything|(?:the|its) (?:site|page|website|colou?rs?))(?: (?:to|into))?"
    r"|(?:(?:the|its) colou?rs?|it) should be|(?:can|could) it be"
    r"|(?P<wants>(?:i|we)(?:(?: would|'d)(?: rather)? (?:like|have)"
    r"|(?: would|'d)?(?: rather)? (?:prefer|want)))"
    r"(?: (?:it|that|the site))?)|rather)"
    r"(?: (?:to be|in|more|a bit|a little))* (?P<text>(?!to\b)[\w ,'-]+?)(?: please| instead| though)*"
)
_TITLE = r"(?:headline|heading|tagline|slogan|(?:first|top) (?:line|sentence))"
_TO_HEADLINE = (
    rf"{LEAD}(?:yes\W+)?(?:{ASKING}(?:make|change|let|set|have|put) (?:the|its|our|my) {_TITLE}"
    r"(?: (?:say|read|be|to(?: be| say| read)?|into|as))?"
    rf"|(?:the|its|our|my) {_TITLE} (?:should|must|could) (?:be|say|read))\W+(?P<text>.+)"
)
_TO_CHANGE = (
    rf"{LEAD}(?:yes )?(?:{ASKING}(?:make|change|move|add|remove|delete|enlarge|increase|decrease|reduce"
    r"|put|set|swap|replace|use) .+"
    r"|(?:the|its) [\w ]{1,30} (?:should|must|could) be .+"
    r"|(?:(?:much|a bit|a little) )?(?:bigger|larger|smaller|bolder|big|large|small)"
    r"(?: (?:text|letters|headline|heading|title|font|pictures?|images?|logo|buttons?|name))?(?: please)?)"
)
_LOOKS = frozenset(
    "bigger larger smaller bolder bold thinner shorter longer different better nicer big large small short"
    " thicker italic stronger clearer visible something else other another in much too not".split()
)
"""How a headline looks, which is not what it says."""
_BUT_THIS = re.compile(r"\s*(?:(?:no|nope)[,.;!:]|maybe)\s*(?=\w)", re.IGNORECASE)
"""Before a colour that is named alone. Without its comma "no green" may be meant against it."""
_APPROVED = "|".join(
    (
        r"(?:(?:i|we) (?:approve|agree)(?: of)?|approved?)(?: (?:it|this|that|the post))?",
        r"(?:you (?:can|may) |please )?(?:publish|post|send|share)(?: (?:it|this|that|the post))?"
        r"(?: (?:now|please|online|on linkedin|to linkedin))*",
        r"do it|go for it",
        r"i want (?:to publish|you to publish|to post|it published)(?: (?:it|this|the post))?",
    )
)
_EDITS = (
    r"\b(?:change|edit|rewrite|rephrase|shorten|shorter|longer|remove|delete|replace|add|correct|fix"
    r"|rework|wording|make (?:it|the|this|that)"
    r"|(?:other|different|another|new|more|fewer|less) (?:text|words|picture|image|hashtags?|post|emojis?)"
    r"|write (?:it|the|this|that|something))\b"
)


_PICTURE = r"(?:picture|image|photo)"
_ANOTHER_PICTURE = (
    rf"(?:{ASKING}(?:make|draw|take|use|try|have|show|give|find|get)(?: me| us)?"
    rf"|{ASKING}(?:change|replace)(?: it with)?|i(?: would|'d)? (?:want|prefer|like))?"
    rf" ?(?:another|a different|a new|some other|the) {_PICTURE}(?: please| instead)*"
)
_NO_PICTURE = (
    rf"(?:{ASKING}(?:remove|delete|drop|leave out|take out|take away|skip) (?:the|that|this) {_PICTURE}"
    rf"|{ASKING}take (?:the|that|this) {_PICTURE} out"
    rf"|(?:post it |publish it )?without (?:a |the |any )?{_PICTURE}|no {_PICTURE}"
    rf"|{ASKING}leave (?:the|that|this) {_PICTURE} out)(?: please| then)*"
)


def picture_wanted(text: str) -> Picture | None:
    """Whether the words want another picture for the post, or none; None for neither."""
    said = _plainly(text)
    if re.fullmatch(_NO_PICTURE, said):
        return Picture.NONE
    changes = re.search(rf"another|different|new|other|change the {_PICTURE}|replace the {_PICTURE}", said)
    return Picture.ANOTHER if changes and re.fullmatch(_ANOTHER_PICTURE, said) else None


def is_content(text: str) -> bool:
    """Whether the words like what is shown, or want nothing changed."""
    return re.fullmatch(rf"(?:(?:{_LIKED}) )+", _plainly(text) + " ") is not None


def wants_a_change(text: str) -> bool:
    """Whether the words dislike what is shown, or want it changed, without saying how."""
    return re.fullmatch(rf"(?:(?:{_DISLIKED}|thank you|thanks|please) )+", _plainly(text) + " ") is not None


def wants_another_change(text: str) -> bool:
    """Whether the words want something changed, whatever it is ("make the headline bigger")."""
    return re.fullmatch(_TO_CHANGE, plain(text)) is not None


def restyled(style: str, colours: str) -> str:
    """The look with these colours: they take the place of others, "darker" is said of the ones that it has.

    What else it asks for stays: a mood, a headline.
    """
    before, headline = headline_in(style)
    if _HUES & set(plain(colours).split()):
        clauses = re.split(r"\s*[,.;]\s*", before)
        return with_headline(", ".join([colours, *filter(None, map(_mood, clauses))]), headline)
    return with_headline(f"{before}, {colours}" if before else colours, headline)


def _mood(clause: str) -> str:
    """A part of what was said of the look without its shades; empty where it names a colour or nothing else.

    "Warm" is a mood as well, but not alone.
    """
    words = set(plain(clause).split())
    if words & _HUES or words <= COLOURS | _BESIDE:
        return ""
    return _SHADE.sub("", clause).strip().removesuffix(" and")


def headline_wanted(text: str) -> str:
    """The headline that what is shown is to have; empty where the words ask for none."""
    found = re.fullmatch(_TO_HEADLINE, text.strip().replace("’", "'").rstrip(".;, "), re.IGNORECASE)
    said = found["text"].strip(" \"'“”:,") if found else ""
    return said if said and not set(plain(said).split()) <= _LOOKS | COLOURS | _BESIDE else ""


def is_opinion(text: str) -> bool:
    """Whether the words say what is thought of what is shown. "Oh" and "please" alone say nothing."""
    said = set(plain(text).split())
    return not said <= {"oh", "well", "wow", "please"} and (
        is_content(text) or wants_a_change(text) or bool(recoloured(text))
    )


def recoloured(text: str) -> str:
    """The colours that what is shown is to have; empty where the words ask for none."""
    found = _asked_for(text)
    colours = found["text"] if found else _plainly(_BUT_THIS.sub("", text)).removesuffix(" please")
    words = plain(colours).split()
    surely = found is None or found["wants"] is not None
    return colours if len(words) <= _COLOUR_WORDS and _all_colour(words, found is not None, surely) else ""


def colours_wanted(text: str) -> str:
    """The same where nothing was shown just now: only a hue, and only where the words ask for it."""
    found = _asked_for(text)
    colours = recoloured(text) if found is not None else ""
    return colours if (_HUES - named_colours.NOUNS) & set(plain(colours).split()) else ""


def _asked_for(text: str) -> re.Match[str] | None:
    return re.fullmatch(_TO_COLOUR, text.strip().replace("’", "'").rstrip(".!?,; "), re.IGNORECASE)


def _all_colour(words: list[str], asked: bool, surely: bool) -> bool:
    """At least one colour, `surely`: that is no thing as well ("I want coffee"); where nothing asked for it
    ("green, please"), nothing else."""
    some = any(word in (_SURELY_COLOURS if surely else COLOURS) for word in words)
    return some and (asked or all(word in COLOURS | _BESIDE for word in words))


def approves(text: str) -> bool:
    """Whether the words agree to what is to be decided on: they say so, a tap does it."""
    return re.fullmatch(rf"(?:(?:{_APPROVED}|{_LIKED}) )+", _plainly(text) + " ") is not None


def wants_an_edit(text: str) -> bool:
    """Whether the words ask for other words or another picture."""
    said = _plainly(text)
    return not asks_openly(said) and re.search(_EDITS, said) is not None


def _plainly(text: str) -> str:
    """The words without what only leads to them."""
    return re.sub(rf"^(?:(?:{_LEADS}) )+(?=\w)", "", plain(text))
