"""The right one of "a" and "an" where recognition heard the other, if the next word leaves no doubt.

How a word sounds decides, not how it is written: an hour, a university, an MRI, a one-day course.
"""

from __future__ import annotations

import re

_ARTICLE = re.compile(r"\b(a|(?:^|(?<=[.!?] ))A)n? ([^\W\d_]+)(?![^\W_])(-?)")
"""Within a sentence a capital one is a letter: "grade A apples"."""
_LETTER_AFTER = re.compile(
    r"\b(?:vitamin|type|grade|class|hepatitis|plan|series|serie|option|group|category|level|block|model) $",
    re.IGNORECASE,
)
_VOWEL_LETTERS = frozenset("aefhilmnorsx")
"""Letters whose own names begin with a vowel: an e-bike, an x-ray, but a t-shirt."""
_LETTERS_MIN = 3
_NO_NOUN = frozenset("and are also".split())
"""After these the "a" was a letter or a sound: "vitamin a and vitamin e"."""
_SPELT = frozenset("faq hiv lan led mot suv".split())
"""Written as words, said as letters or as either."""
_SILENT_H = re.compile(r"hour|honest|honou?r|heir")
_EITHER = re.compile(r"herb|hist|habit|hotel|hero|hallu|hilar|horr")
"""Both are heard: an historic house."""
_GLIDE = re.compile(r"eu|ew|ones?$|once|oui|uni(?![nmd])|us[abeu]|ut[eio]|ur[aeio]|ubi|uk[eru]|ufo|url")
"""Vowels that begin like "you" or "won"."""
_ONSET = re.compile(
    r"(?:qu|[bcdfgjklmnprstvwyzh]|[bcfgps]l|[bcdfgpt]r|[cpstwr]h|[cs]hr|thr|s[ckmnpqtw]|s[ckpt]r|sch|spl|squ"
    r"|[dt]w|[gkp]n|wr|kl|ps)[aeiouy]"
)
"""How an English word begins with a consonant; "mri" and "nhs" do not, they are said letter by letter."""


def right_articles(text: str) -> str:
    """ "also an nurse and a apple" is "also a nurse and an apple"; what is in doubt stays."""
    return _ARTICLE.sub(_right, text)


def _right(found: re.Match[str]) -> str:
    article, word, hyphen = found.groups()
    if _LETTER_AFTER.search(found.string[max(0, found.start() - 12) : found.start()]):
        return found[0]
    vowel = _begins_with_vowel(word, bool(hyphen))
    return found[0] if vowel is None else f"{article}{'n' if vowel else ''} {word}{hyphen}"


def _begins_with_vowel(word: str, hyphen: bool) -> bool | None:
    """Whether its sound does; None where that is not known."""
    low = word.lower()
    if len(word) == 1 and hyphen:
        return low in _VOWEL_LETTERS
    if len(word) < _LETTERS_MIN or word.isupper() or low in _SPELT | _NO_NOUN or _EITHER.match(low):
        return None
    if _SILENT_H.match(low) or _GLIDE.match(low):
        return low[0] == "h"
    if low[0] in "aeiou":
        return True
    return False if _ONSET.match(low) else None
