"""Numbers as English words, so that every synthesizer reads them alike."""

from __future__ import annotations

import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen"}
_SUFFIXES = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion"}
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_MONEY = re.compile(rf"([$€£¥])({_NUMBER})(k|m|bn|b)?(?!\w)|({_NUMBER})(k|m|bn|b)?([$€£¥])", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(am|pm)?(?!\w)|(\d{1,2})(am|pm)(?!\w)", re.IGNORECASE)
_ORDINAL = re.compile(r"(\d{1,6})(?:st|nd|rd|th)(?!\w)", re.IGNORECASE)
_RANGE = re.compile(rf"({_NUMBER})[-–—]({_NUMBER})")
_ANY = re.compile(_NUMBER)
_CARDINAL_DIGITS_MAX = 9


def cardinal(value: int) -> str:
    """`value` in words, 0 <= value < 10^12."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (f" {_ONES[value % 10]}" if value % 10 else "")
    if value < 1000:
        rest = f" and {cardinal(value % 100)}" if value % 100 else ""
        return f"{_ONES[value // 100]} hundred{rest}"
    for size, name in _SCALES:
        if value >= size:
            rest = f" {cardinal(value % size)}" if value % size else ""
            return f"{cardinal(value // size)} {name}{rest}"
    raise AssertionError(value)


def ordinal(value: int) -> str:
    """`value` as an ordinal in words: 21 → twenty first."""
    words = cardinal(value).split()
    last = words[-1]
    words[-1] = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return " ".join(words)


def year(value: int) -> str:
    """A year from 1100 to 2099 as it is said: 1984 → nineteen eighty four."""
    century, rest = divmod(value, 100)
    if value // 10 == 200 or rest == 0:
        return cardinal(value) if century == 20 else f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def digits(text: str) -> str:
    """Each digit by name, as telephone numbers are read."""
    return " ".join(_ONES[int(digit)] for digit in text if digit.isascii() and digit.isdigit())


def number(text: str) -> str:
    """A number as written (`1,200`, `3.5`, `2026`, `0044`) in words."""
    whole, _, decimals = text.partition(".")
    plain = whole.replace(",", "")
    if decimals:
        return f"{number(whole)} point {digits(decimals)}"
    if len(plain) > _CARDINAL_DIGITS_MAX or (len(plain) > 1 and plain[0] == "0"):
        return digits(plain)
    value = int(plain)
    return year(value) if "," not in text and 1100 <= value < 2100 else cardinal(value)


def _money(match: re.Match[str]) -> str:
    sign, amount, scale = match[1] or match[6], match[2] or match[4], match[3] or match[5]
    unit = _CURRENCIES[sign]
    whole, _, cents = amount.partition(".")
    amount_words = _plain(whole)
    if scale:
        tail = f" point {digits(cents)}" if cents else ""
        return f"{amount_words}{tail} {_SUFFIXES[scale.lower()]} {_plural(unit, 2)}"
    spoken = f"{amount_words} {_plural(unit, int(whole.replace(',', '')))}"
    return f"{spoken} {_plain(cents.ljust(2, '0')[:2])}" if cents.strip("0") else spoken


def _plain(whole: str) -> str:
    plain = whole.replace(",", "")
    return digits(plain) if len(plain) > _CARDINAL_DIGITS_MAX else cardinal(int(plain))


def _plural(unit: str, count: int) -> str:
    return unit if count == 1 or unit == "yen" else unit + "s"


def _time(match: re.Match[str]) -> str:
    hour, minute, half = match[1] or match[4], match[2] or "", match[3] or match[5] or ""
    if int(hour) > 24 or int(minute or 0) > 59 or ("." in match[0] and not half):
        return match[0]
    minutes = "" if not minute.strip("0") else f" {'oh ' if minute[0] == '0' else ''}{cardinal(int(minute))}"
    tail = {"am": " ay em", "pm": " pee em", "": " o'clock" if minute == "00" else ""}[half.lower()]
    return f"{cardinal(int(hour))}{minutes}{tail}"


def spell_numbers(text: str) -> str:
    """`text` with money, times, ordinals, ranges, percentages and other numbers in words."""
    text = _MONEY.sub(lambda m: f" {_money(m)} ", text)
    text = _TIME.sub(lambda m: f" {_time(m)} ", text)
    text = _ORDINAL.sub(lambda m: f" {ordinal(int(m[1]))} ", text)
    text = _RANGE.sub(lambda m: f" {number(m[1])} to {number(m[2])} ", text)
    return _ANY.sub(lambda m: f" {number(m[0])} ", text).replace("%", " percent ")
