"""A business's name out of what somebody says when asked for it: `our bakery is called X` is X.

The work on the site understands a name by rules of its own (orchestration.adapters.names), for neither
imports the other; both are held to the same sentences by tests/fixtures/spoken-names.json.
"""

from __future__ import annotations

import re

from server.engine.brain_words import clean, clip

_TRADES = (
    "name|business|company|shop|store|firm|studio|brand|project|bakery|café|cafe|restaurant|bistro|bar|"
    "pub|salon|"
    "barbershop|gym|workshop|garage|school|academy|agency|office|practice|clinic|hotel|hostel|guesthouse|"
    "gallery|"
    "kitchen|farm|nursery|service|startup|app|platform|place|boutique|bookshop|brewery|market|label|team|"
    "club|"
    "laboratory|lab|house|centre|center|consultancy|foundation|association"
)
_IS = r"(?:\s+is|['’]s|\s+was|\s+(?:will|would|should|shall) be|\s+is going to be)"
_IT_IS = (
    r"(?:it|that|this|they|we|i)(?:['’](?:s|re|m|d be|ll be)|\s+(?:is|are|am|would be|will be|should be))"
)
_CALLED = r"(?:\s+(?:just|simply|now))?\s+(?:called|named|known as)\s+"
_OWN = r"(?:my|our|the|this|its|your)"
_STRONG = re.compile(
    r"(?:(?:well|so|okay|ok|yes|yeah|sure|oh|right|and|hi|hello)\b[\s,]*)*"
    rf"(?:(?:my name is|i am|i['’]m)\s+\w+\s+and\s+)?(?:{_IT_IS}\s+)?(?:"
    r"name\s+is\s+|(?:i|we)\s+go\s+by(?:\s+the\s+name)?(?:\s+of)?\s+|"
    rf"{_OWN}\s+(?:[\w'’-]+\s+){{0,4}}?[\w-]+{_IS}{_CALLED}|"
    rf"{_OWN}\s+(?:[\w'’-]+\s+){{0,2}}?(?:{_TRADES})(?:['’]s)?(?:\s+name)?"
    rf"(?:\s+of\s+(?:my|our|the|this)\s+(?:[\w-]+\s+)?[\w-]+)?{_IS}\s+(?:just\s+|simply\s+)?|"
    rf"{_IT_IS}{_CALLED}|"
    rf"(?:(?:i|we)(?:\s+\w+|['’]re)?\s+)?(?:a|an)\s+(?:[\w'’-]+\s+){{1,5}}?(?:called|named)\s+|"
    r"(?:(?:i|we|people|they|everyone|everybody|you can|let['’]?s|let us|please|i want to|we want to|"
    r"i['’]d like to|"
    r"we['’]d like to|i would like to|we would like to)\s+)?(?:just\s+)?calls?\s+"
    r"(?:it|us|ourselves|myself|the \w+|my \w+|our \w+)\s+|"
    r"(?:called|named)\s+)(?=\S)",
    re.IGNORECASE,
)
_PERSON = re.compile(r"(?:my name is|i am|i['’]m)\s+\w+\s+and\s+", re.IGNORECASE)
"""Who speaks may be named first, in capitals: `I'm Tom and my bakery is called X`."""
_WEAK = re.compile(rf"(?:(?:well|so|okay|ok|yes|yeah)\b[\s,]*)*{_IT_IS}\s+(?=\S)", re.IGNORECASE)
"""Words before a name that are as often the start of a sentence without one."""
_NOISE = re.compile(
    r"(?:(?:um+|uh+|uhm|er+|erm|hm+|i think|i guess|i would say|let me think|let['’]s see)\b[\s,.]*)+", re.I
)
_AFTER = re.compile(
    r"[\s,.]+(?:(?:is|that is|that['’]s|it is) (?:the|our|my) (?:\w+ )?name(?: of .*)?|"
    r"(?:that['’]?s|is) what (?:we|i) call (?:it|ourselves)|(?:it is|it['’]s|we are|we['’]re) called|"
    r"that['’]?s (?:it|all|the name)|thank you|thanks)[\s.!]*$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"(?:(?:i|we) )?(?:(?:do not|don['’]?t|have not|haven['’]?t|did not|didn['’]?t) (?:really )?"
    r"(?:have|know|got|decided?|chosen?|found?|thought?)\b|(?:have )?no (?:name|idea)\b|(?:am )?not sure\b)|"
    r"there is no name\b|(?:it|that) has no name\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?:an?|in|on|at|of|for|from|to|not|no|still|very|really|looking|open|located|there|here|what|something|"
    r"thinking|trying|going)\b",
    re.IGNORECASE,
)
"""How what follows `we are` begins when it is no name."""
_SUBJECT = re.compile(r"(?:i|we|they|you|it|there|people)\s", re.IGNORECASE)
_SUBJECT_WORDS = 4
"""From so many words on, what begins with `we` is a sentence rather than a name."""


def name(text: str, words: int = 8) -> str:
    """The name alone, as it was written; "" when the words hold none (`we do not have one yet`)."""
    said = clean(text)
    said = _NOISE.sub("", said, count=1).strip(" ,") if _NOISE.match(said) else said
    if _NO_NAME.match(said):
        return ""
    said = _AFTER.sub("", said) or said
    strong, weak = _before(_STRONG, said), _before(_WEAK, said)
    rest = said[strong or weak :]
    if strong and rest.lower().startswith("after "):
        return ""
    if _SENTENCE.match(rest) and (strong or weak) and not _is_called(said[:strong]):
        return ""
    if (
        not (strong or weak)
        and _SUBJECT.match(rest)
        and len(rest.split()) >= _SUBJECT_WORDS
        and _is_low(rest)
    ):
        return ""
    return clip(rest.strip(" ,") or said, words)


def _before(introduction: re.Pattern[str], said: str) -> int:
    """Where the name begins, 0 without an introduction; in capitals it is part of the name (`We Are Kin`)."""
    match = introduction.match(said)
    return match.end() if match and _is_low(_PERSON.sub("", match[0])) else 0


def _is_low(text: str) -> bool:
    """Whether no word but the first has a capital, as in a sentence."""
    return not any(word[:1].isupper() and word not in {"I", "I'm", "I’m"} for word in text.split()[1:])


def _is_called(introduction: str) -> bool:
    return bool(re.search(r"\b(?:called|named|known as|calls?)\b", introduction, re.IGNORECASE))
