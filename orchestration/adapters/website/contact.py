"""How the business is reached: what the human said of telephone, e-mail, address and hours. None is made up.

The text on contact is about nothing else and is used whole; in the six answers only what cannot be anything
else is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce

from orchestration.adapters import words
from orchestration.adapters.answers import Answers

LABELS = {
    "phone": "Phone",
    "email": "E-mail",
    "address": "Address",
    "hours": "Opening hours",
    "note": "Good to know",
}
"""What each kind of fact is called, in the order in which they are shown."""
FACTS_MAX = 12
WORDS_MAX = 40
LINKED = ("phone", "email")
SPEAKING = ("offer", "audience", "difference")
"""The answers in which an address or hours are those of the business; the others speak of the site."""

EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
SPOKEN_EMAIL = re.compile(
    r"\b(\w{2,30}) at (\w{2,40}) dot (com|org|net|io|eu|de|fr|es|it|nl|ch|at)\b", re.IGNORECASE
)
PHONE = re.compile(r"(?<![\w.])[+(]?\d(?:[\d ()/-]|\.(?=\d)){6,18}\d(?!\w)")
DIGITS_MIN = 7
SHORT_PHONE = re.compile(r"(?=(?:\D*\d){5})(?=.*\d{3})\d[\d /-]+\d")
"""What is a number to call where it stands alone."""
NO_PHONE = re.compile(r"\b(?:fax|iban|bic|vat|tax|account)\b", re.IGNORECASE)
"""What says of a number that nobody calls it."""
DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{4}")
YEARS = re.compile(r"(?:19|20)\d\d\D+(?:19|20)\d\d")

STREET = (
    r"(?:street|st\.?|road|rd\.?|avenue|ave\.?|lane|square|drive|boulevard|blvd\.?|alley|court|quay|terrace|"
    r"crescent|highway|parade|place|plaza|mews|row)"
)
STRASSE = r"[^\W\d_]*(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|ufer)"
ENDS = r"(?=\s*(?:[,.;]|$|(?:in|near|and|at|by|next|opposite|behind|on)\b))"
HOUSE = re.compile(
    rf"\b\d{{1,5}}[a-z]?,? (?:[^\W\d_][\w'’.-]* ){{1,3}}{STREET}{ENDS}"
    rf"|\b(?:rue|via|calle|avenida) (?:[^\W\d_][\w'’.-]* ?){{1,4}}\d{{1,5}}\b"
    rf"|\b{STRASSE} \d{{1,5}}[a-z]?\b",
    re.IGNORECASE,
)
"""A house in a street, wherever it is said: `12 river street`."""
PLACE = re.compile(
    rf"\b{STREET}(?: \d{{1,5}}\b|{ENDS})|\b{STRASSE}\b|\baddress\b|\bfind us (?:at|in|on)\b"
    r"|\b\d{1,5}[a-z]? (?-i:[A-ZÄÖÜÉ])|(?-i:[A-ZÄÖÜÉ])[\w'’-]{2,} \d{1,5}[a-z]?$",
    re.IGNORECASE,
)
"""The same where contact alone is spoken of: `12 Riverside`, `the address is the old mill`."""
TOWN = re.compile(
    r"(?:[A-Z]{1,2}-)?(?:\d{4,6} )?[A-ZÄÖÜÉ][\w'’.-]+(?: [A-ZÄÖÜÉ][\w'’.-]*| \d[\w]{2,5}){0,4}"
)
"""What goes on with an address on a line of its own."""

DAY = (
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?\b"
    r"|week ?days?|week ?ends?|daily|every ?day|around the clock|day and night|all (?:day|week)\b"
)
CLOCK = (
    r"\b\d{1,2}(?:[:.]\d\d)?\s?(?:[ap]\.?m\b|h\b|uhr\b|o['’ ]?clock)|\b\d{1,2}:\d\d\b"
    r"|\b\d{1,2}(?:[.:]\d\d)?\s?(?:-|–|to|till?|until)\s?\d{1,2}(?:[.:]\d\d)?\b|\b(?:noon|midnight)\b"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (?:to|till?|until) \w+"
)
HOURS = re.compile(rf"\bopens?\b|\bclosed?\b|\bhours\b|\b(?:{DAY})|{CLOCK}", re.IGNORECASE)
OPEN = re.compile(
    rf"\b(?:we(?:['’]?re| are) |it is )?open (?=(?:from|on|every|each|between|until|till?|{DAY}|{CLOCK})).*"
    rf"(?:{DAY}|{CLOCK}).*",
    re.IGNORECASE,
)
"""Opening hours where they are said among other things."""

LABEL = re.compile(
    r"^(?:(?:our|my|the|and|or|also|you can)\s+)*(?:"
    r"(?:(?:tele|mobile )?phone|tel|mobile|cell|e-?mail|mail)(?: number| address)?|number|"
    r"(?:call|phone|ring|write(?: to)?|e-?mail|text|reach)"
    r"(?: (?:us|me)\b|(?= (?:at|on)\b|[\s:.]*(?:[+(\d]|$)))|"
    r"(?:opening )?(?:hours|times)|(?:street )?address|(?:we are|we['’]re) at|"
    r"(?:you )?(?:can )?find us (?:at|in|on)|"
    rf"(?:we are |we['’]?re )?open(?=:? (?:from|on|every|each|between|until|{DAY}|\d)))"
    r"(?:\s+(?:is|are|at|on))?[\s:.]*(?=\W|\w|$)",
    re.IGNORECASE,
)
"""What only says which kind of fact follows."""
LOOSE = re.compile(
    r"^(?:[\s,;:.()-]|(?:and|or|is|at|on|by)\b)+|(?:[\s,;:(-]|\b(?:and|or|at|on|by|us)$)+$", re.IGNORECASE
)
"""What is left at both ends where something was taken out."""
SENTENCE_END = re.compile(
    r"(?:(?<=\w{4}[.!?])|(?<=\d[.!?])|(?<=\d[A-Z]{2}[.!?]))\s+(?=[^\W\d_a-z])|\s*[;\n]\s*"
)
"""After a short word a full stop only shortens it: `St. John's Road`, `9 a.m. to 5`."""
SUBJECT = re.compile(r",\s*(?=(?:we|i|our|you|they)\b)", re.IGNORECASE)
AND_OPEN = re.compile(r"\s+and (?=(?:we(?: are|['’]re) )?open\b)", re.IGNORECASE)
WEB = re.compile(r"(?:https?://|www\.)\S")
"""What is written small."""
FULL_STOP = re.compile(r"(?:(?<=\w{3})|(?<=\d))\.$")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know before one calls or comes; `kind` is one of LABELS. `href` is empty or a link."""

    kind: str
    text: str
    href: str = ""


def contact_facts(answers: Answers) -> tuple[Fact, ...]:
    """Everything that was said of how to reach the business, each once, in the order of LABELS."""
    found = [
        *(fact for piece in _pieces(answers.contact) for fact in _of_piece(piece)),
        *(fact for key, text in answers.texts().items() for fact in _in_answer(text, key in SPEAKING)),
    ]
    once: dict[tuple[str, str], Fact] = {}
    for fact in _with_towns(found):
        once.setdefault((fact.kind, fact.href or fact.text.lower()), fact)
    kinds = list(LABELS)
    return tuple(sorted(once.values(), key=lambda fact: kinds.index(fact.kind)))[:FACTS_MAX]


def texts_of(facts: Iterable[Fact], kind: str) -> list[str]:
    """What is known of one kind."""
    return [fact.text for fact in facts if fact.kind == kind]


def direct(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The first number to call and the first e-mail address to write to."""
    firsts = (next((fact for fact in facts if fact.kind == kind), None) for kind in LINKED)
    return tuple(fact for fact in firsts if fact is not None)


def _links(text: str) -> Iterator[Fact]:
    emails = [*EMAIL.findall(text), *(f"{m[1]}@{m[2]}.{m[3]}".lower() for m in SPOKEN_EMAIL.finditer(text))]
    yield from (Fact("email", email, f"mailto:{email}") for email in emails)
    for phone in filter(_is_phone, PHONE.findall(text)):
        yield _call(phone.strip())


def _call(phone: str) -> Fact:
    dialled = phone.replace("(0)", "") if phone[0] == "+" else phone
    return Fact("phone", phone, "tel:" + re.sub(r"[^\d+]", "", dialled))


def _is_phone(text: str) -> bool:
    """Whether the digits are a number to call, and no span of times or years."""
    groups = re.findall(r"\d+", text)
    short = all(len(group) <= 2 for group in groups)  # "9-12 13-17", but "01 23 45 67 89" in France
    numbered = text[0] in "+(" or (text[0] == "0" and len(groups) > 4)
    dated = YEARS.fullmatch(text) or DATE.fullmatch(text)
    return len("".join(groups)) >= DIGITS_MIN and not dated and (numbered or not short)


def _in_answer(text: str, speaks_of_business: bool) -> Iterator[Fact]:
    yield from _links(text)
    if not speaks_of_business:
        return
    ends = (words.NEW_CLAUSE, SUBJECT, SENTENCE_END)
    for clause in reduce(lambda parts, end: [new for part in parts for new in end.split(part)], ends, [text]):
        if house := HOUSE.search(clause):
            yield _fact("address", house[0])
        elif hours := OPEN.search(clause):
            yield _fact("hours", hours[0])


def _pieces(text: str) -> Iterator[str]:
    """Lines and sentences; where one has a number that nobody calls, its parts."""
    for piece in SENTENCE_END.split(text):
        yield from piece.split(",") if NO_PHONE.search(piece) else [piece]


def _of_piece(piece: str) -> Iterator[Fact]:
    """The facts of one line or sentence, `555 1234, 12 River Street, Mon-Fri 9-5` among them."""
    if NO_PHONE.search(piece):
        yield _fact("note", piece)
        return
    bare = LABEL.sub("", piece).strip(" .")
    if SHORT_PHONE.fullmatch(bare) and not (YEARS.fullmatch(bare) or DATE.fullmatch(bare)):
        yield _call(bare)
        return
    links = list(_links(piece))
    yield from links
    rest = SPOKEN_EMAIL.sub(",", EMAIL.sub(",", piece))
    rest = PHONE.sub(lambda phone: "," if _is_phone(phone[0]) else phone[0], rest)
    rest = AND_OPEN.sub(", ", rest)
    kind, kept = "", ""
    for part in filter(None, (LOOSE.sub("", part) for part in rest.split(","))):
        if links and not LOOSE.sub("", LABEL.sub("", part)):
            continue
        next_kind = _kind_of(part) or kind or "note"
        if kept and next_kind != kind:
            yield _fact(kind, kept)
            kept = ""
        kind, kept = next_kind, f"{kept}, {part}" if kept else part
    if kept:
        yield _fact(kind, kept)


def _kind_of(text: str) -> str:
    if HOUSE.search(text) and not re.search(DAY, text, re.IGNORECASE):
        return "address"
    if HOURS.search(text):
        return "hours"
    return "address" if PLACE.search(text) else ""


def _fact(kind: str, text: str) -> Fact:
    bare = LOOSE.sub("", LABEL.sub("", text) if kind != "note" else text) or text
    if kind == "address" and bare == bare.lower() and HOUSE.search(bare):
        bare = words.title_case(bare)
    elif kind == "hours":
        bare = words.respelt(bare)
    shown = FULL_STOP.sub("", bare)
    return Fact(kind, words.shorten(shown if WEB.match(shown) else words.capital(shown), WORDS_MAX))


def _with_towns(facts: Iterable[Fact]) -> list[Fact]:
    """An address whose town stood on a line of its own is one again."""
    joined: list[Fact] = []
    for fact in facts:
        goes_on = fact.kind in {"note", "address"} and TOWN.fullmatch(fact.text)
        if goes_on and joined and joined[-1].kind == "address":
            joined[-1] = Fact("address", f"{joined[-1].text}, {fact.text}")
        else:
            joined.append(fact)
    return joined
