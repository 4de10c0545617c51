"""Numbers as they are spoken, digit by digit, written in digits: "five double five, twenty three". Pure."""

from __future__ import annotations

import re

_ONES = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
_TENS = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_DIGITS = {
    **{word: str(value) for word, value in (_ONES | _TENS).items()},
    **{word: str(value) for value, word in enumerate(_TEENS, 10)},
    **{"zero": "0", "oh": "0", "o": "0", "hundred": "00"},
}
_ONE, _TEN, _ANY = ("|".join(words) for words in (_ONES, _TENS, _DIGITS))
WORD = rf"(?:{'|'.join(word for word in _DIGITS if word not in ('oh', 'o'))})"
"""A number word, as a pattern."""
_PART = re.compile(rf"(?P<ten>{_TEN})[ -]+(?P<one>{_ONE})\b|{_ANY}")
_SPOKEN = re.compile(rf"\b(?:{_ANY})\b(?:[ -]+(?:{_ANY})\b)*")
_COUNT = re.compile(
    rf"^(?P<hundreds>{_ONE}) hundred(?: and)? "
    rf"(?P<rest>(?:{_TEN})[ -]+(?:{_ONE})|(?!hundred|oh?\b)(?:{_ANY}))\b",
    re.IGNORECASE,
)
_RUN = re.compile(
    rf"(?:(?:plus|double|triple|(?:{_ANY})(?:-(?:{_ANY}))*|\+?\(?\d[\d()/.-]*)(?!\w)[\s,]*)+", re.IGNORECASE
)


def number_said(text: str) -> tuple[str, str]:
    """The number with which the text begins, in digits, and the rest; "" where it begins with none.

    What was said word by word becomes one number; written groups stay apart, unless each is a single digit.
    """
    run = _RUN.match(text)
    if run is None:
        return "", text
    said = " ".join(run[0].lower().replace(",", " ").split())
    said = re.sub(rf"\b(double|triple) ({_ONE}|zero|oh|o|\d)\b", _repeated, said)
    said = _SPOKEN.sub(lambda words: "".join(map(_value, _PART.finditer(words[0]))), said)
    return _grouped(said.replace("plus ", "+").rstrip(" .-/")), text[run.end() :]


def counted(text: str) -> str:
    """The same text where a count stands first, in digits: "one hundred and five" is 105, not 1 00 5."""
    return _COUNT.sub(_hundreds, text)


def _hundreds(count: re.Match[str]) -> str:
    rest = _PART.sub(_value, count["rest"].lower())
    return f"{_DIGITS[count['hundreds'].lower()]}{rest:0>2}"


def _repeated(found: re.Match[str]) -> str:
    return " ".join([found[2]] * (2 if found[1] == "double" else 3))


def _value(part: re.Match[str]) -> str:
    return str(_TENS[part["ten"]] + _ONES[part["one"]]) if part["ten"] else _DIGITS[part[0]]


def _grouped(number: str) -> str:
    """As it is read most easily: nobody dictates more groups than a number has."""
    if re.fullmatch(r"\d(?:[ -]\d)+", number):
        number = re.sub(r"\D", "", number)
    return re.sub(r"^(\d{3})(\d{4})$", r"\1 \2", number)
