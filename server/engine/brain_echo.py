"""What a human said, said back to them. Whatever would not make a whole, sensible sentence is "": then a
neutral one does ("Thank you, I have noted that.").
"""

from __future__ import annotations

import re

from server.engine.brain_words import bare, clean, cut, listing, lower_first, unsure

_INTRODUCTION = re.compile(
    r"^(?:"
    r"(?:i|we) (?:want|would like|try) to (?:reach|attract|help|serve)\b|"
    r"(?:i|we)(?:['’]d| would)? (?:really )?(?:like|love|want|need|prefer|think of|imagine|wish for)\b"
    r"(?: (?:it|the (?:site|website|page|look)))?(?: to (?:have|see|be|look|feel)\b(?: like)?)?|"
    r"(?:it|the (?:site|website|page|look|mood|colou?rs)) (?:should|could|must|can) (?:be|look|have|feel|"
    r"use)\b|"
    r"there should be|let['’]?s have|give (?:me|us)|make it(?: look| feel)?|"
    r"(?:(?:our|my|the|most of our|most|main) )*(?:customers?|clients?|guests?|audience|visitors?|"
    r"students?|buyers)"
    r" (?:are|is|will be|would be)\b|"
    r"(?:it['’]s|it is|this is|that is)(?: mainly| mostly)? for\b|(?:they['’]re|they are)\b|"
    r"(?:mainly|mostly|usually|especially|for)\b"
    r")\s*(?:(?:mainly|mostly|usually|especially|for)\b\s*)*",
    re.IGNORECASE,
)
_MAKES = (
    r"(?:provide|supply) (?:our |my )?\w+ with|sell|offer|make|bake|build|provide|repair|produce|create|"
    r"teach|serve|give|design|deliver|grow|fix|"
    "organi[sz]e|"
    "have|brew|write|clean|rent out|rent|supply|sew|knit|paint|restore|roast|print|cook|craft|develop|"
    "import|export|stock|"
    "arrange|coach|train|tutor|translate|photograph|install|mend|service|groom|cater|carve|ship|"
    "specialise in|specialize in|work with|work for|focus on|deal in|cater to|target|do|run"
)
_OFFER = re.compile(
    rf"^(?:i|we)(?:['’]ve)? (?:\w+ly |also |mostly |can |always )?(?:{_MAKES})\b"
    rf"(?:(?:,| and| or)+ (?:we |i )?(?:\w+ly |also )?(?:{_MAKES})\b)*\s*",
    re.IGNORECASE,
)
_BARE_OFFER = re.compile(
    r"^(?:sell|offer|make|bake|build|provide|produce|create|teach|serve|deliver|grow|fix|organi[sz]e|"
    r"brew|sew|"
    r"knit)\s+(?!and\b|or\b|for\b|in\b|to\b)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"^(?:i|we|you|they|he|she|it|to|because|there|that|this|those|these|if|when|while|since|i['’]m|we['’]re|"
    r"they['’]re|it['’]s|that['’]s|there['’]s|here|and|or|but|so|not|no|never|also|only|always|"
    r"sell|repair|make|bake|build|clean|design|train|coach|"
    r"people(?! (?:who|that|with|in|from|near|of|living|looking|like|working|aged|over|under)\b))\b",
    re.IGNORECASE,
)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|can|could|will|would|should|do|does|did|come|comes|go|goes|"
    r"get|gets|"
    r"want|wants|need|needs|\w+n['’]t)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(r"\b(?:who|that|which|whose|where|when|looking)\b", re.IGNORECASE)
_GENERIC = frozenset(
    "people everyone everybody anyone anybody someone those all customers clients things stuff lots many "
    "some something anything everything one ones them this that yes no ok okay good fine sure it hm hmm mm "
    "mhm uh um".split()
)
_UNFINISHED = frozenset("of the a an and or with to from because that is are for my our i'm we're".split())
_ADDRESSED = re.compile(
    r"\?\s*$|\b(?:you|your|yours|yourself|youre|you['’]\w+)\b|"
    r"\b(?:marcus|sarah|maya|alex|sophie)\b|"
    r"^(?:tell|show|let|help|say|ask|stop|go|write|put|use|keep|add|remove|change|call|don['’]?t|do|does|"
    r"did|can|"
    r"could|would|will|should|is|are|was|were|am|has|have|may|what|what['’]s|why|who|who['’]s|where|how|"
    r"when|which|"
    r"whose|wait|hold|excuse|sorry|pardon|hello|hi|hey|come|look|listen|repeat|read|open|start|begin|"
    r"continue)\b|"
    r"\b(?:excuse me|pardon|what did|what do|what does|how do|how does|tell me|tell us|show me|let me|let us|"
    r"give me|i mean)\b",
    re.IGNORECASE,
)
"""What is said to somebody rather than about the business: from the other side it makes no sense."""
_FRAGMENT = re.compile(
    r"^(?:of|to|in|on|at|by|from|into|with|than|as|and|or|but|about|over|under|is|be|been|then|the the)\b",
    re.IGNORECASE,
)
_ORDER = re.compile(r"^(?:make|give|take|bring|send|try|turn|move)\b", re.IGNORECASE)
_TOLD = re.compile(
    rf"^(?:(?:my|our|the) (?:\w+ )?\w+ (?:{_MAKES})s\b|its (?:an?|the)\b|(?:my|our) \w+ and (?:i|we)\b|"
    rf"(?:every|each) [\w-]+ \w+s\b)",
    re.IGNORECASE,
)
"""How a sentence begins that looks like a thing: `my wife and I run it`, `every loaf rests for a day`."""
_DIGIT = r"(?:\d|oh|zero|one|two|three|four|five|six|seven|eight|nine)"
_STUTTER = re.compile(rf"\b(?!{_DIGIT}\b)(\w+)(?: \1\b)+", re.IGNORECASE)
"""A word said twice. Of a telephone number each digit counts."""
_STRANGE = re.compile(r"[^\w\s,'’&.%°/+()–-]|[()/_]|\b\w+\.\w+|\w{25,}")
_NOT_TIED = (
    "".join(
        rf"(?<!\b{word})"
        for word in "and but because so that what when if where how as while which or than before after "
        "until since everything anything all who whom why".split()
    )
    + "(?<!,)"
)
_RUN_ON = re.compile(
    rf"{_NOT_TIED} (?=(?:(?:it|this|they|there|we|i|everything|everyone|people) (?:is|are|was|have|has|can|"
    r"will|do|also|really|always|never|love|like|just)|it['’]s|we['’]re|they['’]re|there['’]s|i['’]m)\b)",
    re.IGNORECASE,
)
"""Where a recogniser left out the full stop: `we bake bread it is the best in town`."""
_TWO_IN_ONE = re.compile(rf"^(?:i|we)\b.*{_NOT_TIED} (?:i|we) \w", re.IGNORECASE)
"""Two sentences that nothing ties together, as a recogniser writes what it did not understand."""
_SENTENCE_END = re.compile(r"[.!?…;]+(?=\s|$)")
_WHOLE_WORDS = 12
_TITLE = re.compile(r"(?:^|(?<=, ))(?:about|contact|find|meet) (?:us|me)\b", re.IGNORECASE)
"""What is the name of a page in a list: it has no other side."""
_LISTED_WORDS = 3
"""Sentences as short as these are a list: `Home. Prices. Contact.`"""
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
    "im": "you're",
    "we're": "you're",
    "i've": "you've",
    "ive": "you've",
    "we've": "you've",
    "i'd": "you'd",
    "we'd": "you'd",
    "i'll": "you'll",
    "we'll": "you'll",
    "am": "are",
    "myself": "yourself",
    "ourselves": "yourselves",
}


def echo(text: str, words: int = 12) -> str:
    """What a human said, as one says it back to them: `we bake bread` → `you bake bread`."""
    said = _first(text)
    return (
        ""
        if not said or _ORDER.match(said) or _TWO_IN_ONE.match(said)
        else _flipped(_whole(cut(said, words)))
    )


def thing(text: str, words: int = 9) -> str:
    """What a human named, as a noun phrase (`we sell fresh bread` → `fresh bread`); "" if it is a clause."""
    said = _first(text)
    for introduction in (_INTRODUCTION, _OFFER, _BARE_OFFER):
        said = introduction.sub("", said).strip(" ,")
    if _TOLD.match(said):
        return ""
    said = _before_clause(lower_first(said))
    if not said or _CLAUSE.match(said) or _FRAGMENT.match(said):
        return ""
    if _FINITE.search(_RELATIVE.split(said, maxsplit=1)[0]):
        return ""
    kept = _whole(_joined(cut(said, words)))
    return "" if _FINITE.search(kept.rpartition(" ")[2]) and not _RELATIVE.search(kept) else _flipped(kept)


def spoken(text: str, *, whole: bool = False) -> str:
    """An answer as it is acknowledged: the thing that was named, else the words, from the other side.

    `whole` leaves nothing out: it is all of it (up to twelve words) or "".
    """
    said = thing(text, _WHOLE_WORDS) if whole else thing(text)
    said = said or echo(text)
    return said if not whole or len(text.split()) <= _WHOLE_WORDS else ""


def _first(text: str) -> str:
    """The first sentence, ready for the middle of one of ours; "" when it cannot be said back."""
    if _STRANGE.search(clean(text)) or unsure(text):
        return ""
    parts = [part for part in _SENTENCE_END.split(text) if clean(part)]
    is_list = all(len(part.split()) <= _LISTED_WORDS for part in parts)
    parts = [_before_colon(part) for part in parts[: None if is_list else 1]]
    said = _STUTTER.sub(r"\1", bare(", ".join(lower_first(clean(part)) for part in parts)))
    said = _RUN_ON.split(said)[0] if said else ""
    if not said or _ADDRESSED.search(said) or text.rstrip().endswith("?") or _FRAGMENT.match(said.lower()):
        return ""
    return lower_first(said)


def _before_colon(said: str) -> str:
    """Without the list that explains it: `gardens for offices: planning and care` → `gardens for offices`."""
    before, _, _ = said.partition(": ")
    return before if len(before.split()) >= _LISTED_WORDS else said


def _before_clause(said: str) -> str:
    """Without a second sentence that is tied on: `bread, and people come to us for it` → `bread`."""
    return re.split(
        rf"\s*(?:,\s*)?\b(?:and|but|so|because|then)\s+(?:(?:i|we|they|it|he|she|people(?! (?:who|with|"
        rf"from|in)\b)|everyone|everything|"
        rf"this|there|customers|our customers)\b|(?:also )?(?:{_MAKES})\b(?! (?:shop|and|in)\b))",
        said,
        maxsplit=1,
        flags=re.IGNORECASE,
    )[0].strip(" ,")


def _joined(said: str) -> str:
    """A list as it is spoken: `home, prices, contact` → `home, prices and contact`."""
    parts = said.split(", ")
    is_list = all(len(part.split()) <= _LISTED_WORDS for part in parts) and not re.search(
        r"\b(?:and|or)\b", parts[-1]
    )
    return listing(parts) if is_list else said


def _whole(said: str) -> str:
    """The words, unless they tell nothing."""
    kept = [word.strip(",").lower() for word in said.split()]
    return "" if all(word in _GENERIC for word in kept) or kept[-1] in _UNFINISHED else said


def _flipped(said: str) -> str:
    flipped = _TITLE.sub(lambda title: title[0].replace(" ", "\N{NO-BREAK SPACE}"), said)
    flipped = " ".join(_flip(word) for word in flipped.split(" ")).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\byou was\b", "you were", flipped)


def _flip(word: str) -> str:
    kept = word.rstrip(",").lower().replace("’", "'")
    return _FLIP[kept] + ("," if word.endswith(",") else "") if kept in _FLIP else word
