"""How people reach the business: what a human says of it, and how that stands in the brief. Pure.

Small on purpose, like `wishes`: a sentence must begin as only such a sentence does ("our phone number is"),
and hold what it names. In the brief each way stands on a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from orchestration.adapters.words import capital, title_case
from orchestration.spelt import WORD, counted, number_said
from orchestration.wishes import ASKING, LEAD


class Kind(StrEnum):
    PHONE = "phone number"
    EMAIL = "e-mail address"
    ADDRESS = "address"
    HOURS = "opening hours"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach the business, as it is to stand in the brief."""

    kind: Kind
    text: str


DIGITS_MIN, BARE_DIGITS_MIN = 5, 7
"""Of a telephone number; of one that is said without a word of what it is."""
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_SPOKEN_EMAIL = re.compile(r"\w at \w+(?: \w+){0,2} dot [a-z]{2,}\b", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.:@+])\+?\(?\d(?:[ ()/-]{0,2}\d){6,15}(?![\w:])|^\+?\d[\d ()/-]{3,}\d$", re.MULTILINE
)
_TIMES = re.compile(r"(?!0)\d{1,2}-\d{1,2}(?:\D+\d{1,2}-\d{1,2})+")
"""What looks like a number to call: "8-12 13-17"."""
_ROAD = (
    r"(?:street|st|road|rd|avenue|ave|lane|drive|square|court|boulevard|alley|terrace|crescent|mews|quay"
    r"|highway|parkway|plaza)\b"
)
_STREET = re.compile(rf"\b\w+(?:stra(?:ss|ß)e|platz|gasse)\b|\w[ ,]+{_ROAD}", re.IGNORECASE)
_HOUSE = re.compile(
    rf"\b(?:\d+\w?|{WORD}),? (?:\w+ ){{1,3}}{_ROAD}|\b\w+(?:stra(?:ss|ß)e|platz|gasse) \d", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?:^|[\s,])(?:[A-ZÀ-Þ][\w'.-]*|(?:box|unit|flat|suite|apartment)),? \d")
"""A place with its number behind it; as recognition hears one, or nobody could tell it from other words."""
_NO_HOUSE = re.compile(
    r"(?:st|nd|rd|th)?\W*(?:minutes?|hours?|days?|weeks?|months?|years?|pixels?|px|lines?|letters|times?|percent"
    r"|people|customers|pictures|platforms|places|shops|metres|meters|kilometres|miles|of|out|too|more)\b",
    re.IGNORECASE,
)
"""What a number counts that is no house's."""
_REMARK = (
    r"wrong|not|no|missing|too|still|hidden|gone|there|here|out|also|so|really|very|nice|good|fine|okay|ok"
    r"|shown|displayed|at the (?:top|bottom|end)|much|a bit"
)
_IS_REMARK = re.compile(rf"(?:{_REMARK})\b", re.IGNORECASE)
_NO_PLACE = re.compile(rf"(?:{_REMARK}|on|the same|what|which|in (?:the|one|my|our))\b", re.IGNORECASE)
_ON_SCREEN = re.compile(
    r"\b(?:pages?|sections?|screen|footer|header|headline|(?:web ?)?site|pixels?|px|lines?|font|buttons?"
    rf"|menu)\b(?! {_ROAD})",
    re.IGNORECASE,
)
"""Who says this speaks of how the site looks."""
_NO_NUMBER = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:\d\d){1,2}|(?:(?:19|20)\d\d\W+)+(?:19|20)\d\d")
"""A date, or years."""
_HOUR = (
    r"(?:\d{1,2}(?:[:.]\d\d)?(?: ?[ap]\.?m\b\.?)?|noon|midnight|(?:half|quarter) (?:past|to) \w+"
    rf"|{WORD})"
)
_HOURS = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekdays?|weekends?|daily|around the clock"
    r"|every (?:day|morning|evening|night)|all (?:day|night|week)|day and night|seven days|24 hours"
    rf"|o'?clock|(?:at|from|until|till) {_HOUR}|{_HOUR} ?(?:to|till|until|-|–) ?{_HOUR})(?!\w)",
    re.IGNORECASE,
)

_OURS = r"(?:our|my|the)(?: (?:business|company|shop|office|contact|new|right|correct))*"
_PEOPLE = r"(?:(?:you|people|customers|they) can |just )?"
_US = r"(?:us|me)"
_NAMES = {
    "phone": r"(?:(?:tele|cell ?|mobile ?)?phone(?: number)?|(?:mobile|cell)(?: number)?|number)",
    "email": r"e[- ]?mail(?: address)?",
    "address": r"(?:(?:street|postal) )?address",
    "hours": r"(?:opening|business|office|shop) hours",
}
_WRONG = r"(?:is|are|was) (?:wrong|not right|not correct)"
_IS = rf"(?:,? (?:{_WRONG}\W+(?:it|that)(?:'s| is)|(?:is|are)(?: now)?)\b|:)"
_SURELY = dict.fromkeys(("phone", "email"), r"|'?s\b|\b")
"""Their values cannot be mistaken: "is" may be missing, or be heard as a plural."""
_SAID = {
    name: rf"{_OURS} {noun}(?:{_IS}{_SURELY.get(name, '')})"
    rf"|{ASKING}(?:add|include|note|change|correct|put|write|use)(?: in)? {_OURS} {noun}"
    r"(?: to\b|,? it(?:'s| is)\b)?"
    for name, noun in _NAMES.items()
} | {
    "call": rf"{_PEOPLE}(?:call|ring|phone) {_US}(?: at| on| under)?\b",
    "write": rf"{_PEOPLE}(?:(?:write|e-?mail)(?: to)?|reach|find|visit) {_US} (?:at|on|under|in)\b",
    "open": r"(?:we(?: are|'re)?(?: always| usually)?|(?:the|our) (?:shop|store|office|business)(?: is)?)"
    r"(?= opens?\b)(?! opens? (?:to|minded|about|up|an?|the|our|source)\b)",
}
"""How a sentence begins that tells a way to reach the business."""
_KINDS = {
    "phone": (Kind.PHONE,),
    "email": (Kind.EMAIL,),
    "address": (Kind.EMAIL, Kind.ADDRESS),
    "hours": (Kind.HOURS,),
    "call": (Kind.PHONE,),
    "write": (Kind.EMAIL, Kind.PHONE, Kind.ADDRESS),
    "open": (Kind.HOURS,),
    "briefly_phone": (Kind.PHONE,),
    "briefly_email": (Kind.EMAIL,),
}
_NICE = r"great|good|nice|perfect"
_LIKED = rf"all? ?right|{_NICE}|i (?:like|love) it|it(?: is|'s| looks) (?:{_NICE})"
_LEADS = (
    rf"{LEAD}(?:(?:by the way|also|so|yes|yeah|sure|{_LIKED}"
    rf"|(?:that|this|it)(?: is|'s| was) (?:wrong|not right))\W+)*{LEAD}"
)
_BRIEFLY = {
    "briefly_phone": rf"(?:tele|mobile )?phone(?: number)?(?! {_US}\b)(?: is\b|:)?",
    "briefly_email": rf"{_NAMES['email']}(?! {_US}\b)(?: is\b|:)?",
}
"""Where nothing stands before it, the name alone begins a sentence too: "Phone: 555 1234"."""
_BEGINS = re.compile(
    "|".join(rf"(?P<{name}>{said})" for name, said in (_SAID | _BRIEFLY).items()), re.IGNORECASE
)
_NEXT = re.compile(
    rf"(?<![\s,.;!])[\s,.;!]++(?:and )?(?:also )?(?={'|'.join(_SAID.values())})", re.IGNORECASE
)
_BARE = re.compile(
    rf"{_LEADS}(?:(?:it(?:'s| is)|that(?:'s| is)|it should be|i (?:meant|mean|said)) )?", re.IGNORECASE
)
_ONE_WORD = re.compile(
    r"[\w.+-]+(?: (?:dot|dash|hyphen|minus|underscore) [\w.+-]+)*(?: at | ?@)", re.IGNORECASE
)
"""Of an e-mail address alone: more words before its sign are a sentence ("send it to anna@example.com")."""
_POLITE = re.compile(
    r"\W*(?:(?:please|thanks|thank you|for|to|if|when|put|add|can|could|so|by|on|any ?time|between)\b.*)?",
    re.IGNORECASE,
)
"""What may follow; anything else makes it part of another sentence ("our number is 10000 customers")."""
_WANTED = re.compile(
    rf"{_LEADS}{ASKING}(?:add|include|put|write|use|show|change|correct)(?: in)? (?:(?:{_OURS}|an?) )?"
    rf"(?:{'|'.join(_NAMES.values())}|contact(?: details| data| information)?)\b(?! of\b)(?P<rest>.*)",
    re.IGNORECASE,
)
_PLEASE = re.compile(
    r"(?<!\W)\W++(?:please|thanks|thank you|(?:put|add|write) (?:it|that|this)"
    r"|(?:on|onto|in|into|to) (?:the|my|our) (?:web ?)?(?:site|page|footer))\b.*$|(?<![\s.,;!])[\s.,;!]++$",
    re.IGNORECASE,
)


def asks_for_one(text: str) -> bool:
    """Whether the words want such a thing on the site and do not say it: "please add our phone number"."""
    wanted = _WANTED.match(" ".join(text.replace("’", "'").split()).rstrip(".!? "))
    return wanted is not None and _POLITE.fullmatch(wanted["rest"]) is not None


def told(text: str) -> tuple[Way, ...]:
    """The ways to reach the business that the words tell; none where they say something else."""
    said = " ".join(text.replace("’", "'").split())
    if said.endswith("?"):
        return ()
    lead = re.match(_LEADS, said, re.IGNORECASE)
    begins = _BEGINS.match(said, lead.end() if lead else 0)
    ways: list[Way | None] = [] if begins else [_bare(said)]
    while begins:
        following = _NEXT.search(said, begins.end())
        value = said[begins.end() : following.start() if following else len(said)]
        ways.append(_way(_KINDS[begins.lastgroup or ""], value.lstrip(" ,:")))
        begins = _BEGINS.match(said, following.end()) if following else None
    return tuple(way for way in ways if way is not None) if ways[0] else ()


def _way(kinds: tuple[Kind, ...], value: str) -> Way | None:
    return next((Way(kind, text) for kind in kinds if (text := _READ[kind](value))), None)


def _bare(said: str) -> Way | None:
    """A telephone number or an e-mail address alone."""
    lead = _BARE.match(said)
    bare = said[lead.end() if lead else 0 :]
    way = _way((Kind.PHONE, Kind.EMAIL) if _ONE_WORD.match(bare) else (Kind.PHONE,), bare)
    short = way is not None and way.kind is Kind.PHONE and _digits(way.text) < BARE_DIGITS_MIN
    return None if short else way


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _phone(value: str) -> str:
    number, rest = number_said(value)
    is_one = _digits(number) >= DIGITS_MIN and not _NO_NUMBER.fullmatch(number)
    return number if is_one and _POLITE.fullmatch(rest) else ""


def _email(value: str) -> str:
    """Also as it is spoken: "anna at example dot com"."""
    said = value.lower()
    for spoken, sign in (("dot", "."), ("dash|hyphen|minus", "-"), ("underscore", "_")):
        said = re.sub(rf" (?:{spoken}) ", sign, said)
    said = re.sub(r" at | ?@ ?", "@", said, count=1)
    name, host = r"[\w.+-]+(?: [\w.+-]+){0,3}", r"[\w-]+(?: [\w-]+){0,3}(?:\.[\w-]+)*\.[a-z]{2,}"
    found = re.match(rf"(?P<email>{name}@{host})(?P<rest>(?!\w).*)", said)
    if found is None or not _POLITE.fullmatch(found["rest"]):
        return ""
    return found["email"].replace(" ", "")


def _address(value: str) -> str:
    said = counted(_PLEASE.sub("", value))
    number, rest = number_said(said)
    is_number_of = bool(number) and (_NO_HOUSE.match(rest) or re.match(r"[^\W\d]{3,}", rest) is None)
    found = number or re.match(r"\d+[a-z]? ", said) or _NUMBERED.search(said) or _STREET.search(said)
    if not found or is_number_of or _NO_PLACE.match(said) or _ON_SCREEN.search(said):
        return ""
    place = f"{number} {rest}".strip()
    return title_case(place) if place == place.lower() else capital(place)


def _hours(value: str) -> str:
    said = _PLEASE.sub("", value)
    if _IS_REMARK.match(said) or _ON_SCREEN.search(said):
        return ""
    opens = said if re.match(r"opens?\b", said, re.IGNORECASE) else f"open {said}"
    return capital(opens) if _HOURS.search(said) else ""


_READ = {Kind.PHONE: _phone, Kind.EMAIL: _email, Kind.ADDRESS: _address, Kind.HOURS: _hours}


# ---------------------------------------------------------------------- as it stands in the brief


def with_ways(contact: str, ways: Iterable[Way]) -> str:
    """The same text with these ways: each in the place of the former one of its kind, or on a line more."""
    for way in ways:
        contact = _with_way(contact, way)
    return contact


def _with_way(contact: str, way: Way) -> str:
    if way.kind in (Kind.PHONE, Kind.EMAIL):
        known = (_PHONE if way.kind is Kind.PHONE else _EMAIL).finditer(contact)
        former = next((one for one in known if not _TIMES.fullmatch(one[0])), None)
        if former:
            return f"{contact[: former.start()]}{way.text}{contact[former.end() :]}"
    lines = contact.splitlines()
    at = next((at for at, line in enumerate(lines) if _kind_of(line) is way.kind), len(lines))
    return "\n".join([*lines[:at], way.text, *lines[at + 1 :]])


def _kind_of(line: str) -> Kind | None:
    """Whether a line tells an address, or opening hours, and nothing else."""
    hours = _HOURS.search(line) is not None
    place = _STREET.search(line) is not None or re.match(r"\d+\w? [^\W\d]{3,}", line) is not None
    if hours is place or _EMAIL.search(line) or _PHONE.search(line):
        return None
    return Kind.HOURS if hours else Kind.ADDRESS


def is_known(answer: str) -> bool:
    """Whether an answer already holds a telephone number, an e-mail address or an address."""
    written = any(known.search(answer) for known in (_EMAIL, _PHONE, _SPOKEN_EMAIL, _HOUSE))
    words = (answer[found.start() :] for found in re.finditer(r"\b\w+", answer))
    return written or any(_digits(number_said(rest)[0]) >= BARE_DIGITS_MIN for rest in words)
