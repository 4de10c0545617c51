"""Text made ready for synthesis: sentences of written words, each with how it is said.

The written word goes to captions, the spoken form to the synthesizer. Spoken forms hold only `a-z`, `'`,
blanks and one closing mark (`,` `.` `?` `!`), so no input can reach a synthesizer's markup or its bugs.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from server.engine.voices_numbers import digits, spell_numbers

_WORDS_MAX = 24
"""A longer sentence is cut, at a comma if there is one: first sound and abort stay prompt."""
_COMMA_AFTER = 10
_OPENING_OF, _OPENING_LEAST = 7, 3
"""A first sentence of so many words is begun with its first clause of at least so many."""
_WRITTEN_MAX = 40
"""Longer 'words' are not words; only so many characters of one are spoken."""

_LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "ay bee see dee ee eff gee aitch eye jay kay ell em en oh pee cue are ess tee you vee "
        "double-you ex why zee".replace("double-you", "double_you").split(),
        strict=True,
    )
)
_ABBREVIATIONS = {
    "mr.": "mister",
    "mrs.": "missis",
    "ms.": "miz",
    "dr.": "doctor",
    "e.g.": "for example",
    "i.e.": "that is",
    "etc.": "et cetera",
    "vs.": "versus",
    "vs": "versus",
    "co.": "company",
    "ltd.": "limited",
    "inc.": "incorporated",
    "approx.": "approximately",
    "w/": "with",
    "&": "and",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "%": "percent",
    "/": "or",
    "€": "euros",
    "$": "dollars",
    "£": "pounds",
}
_SHORT_WORDS = frozenset(
    "an and are as at be but by can do for get go has he her his how i if in is it its me my new no not now "
    "of off on or our out so than the to too up us was we who why yes you your all any art car day eat far "
    "few joe max old one two web".split()
)
_URL = re.compile(r"^(?:https?://)?(?:www\.)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#:]\S*)?$", re.IGNORECASE)
_EMAIL = re.compile(r"^([\w.+-]{1,64})@((?:[\w-]+\.)+[a-z]{2,})$", re.IGNORECASE)
_TAIL = re.compile(r"[\"'”’)\]}»*_`]*$")
_OPENERS = "\"'“‘([{«*_`<"
_PHONE = re.compile(r"^(?:\+\d[\d().-]*|\d{10,}|\d+(?:[.()-]+\d+){2,})$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_JOINTS = re.compile(r"[-_/\\|\s]+(?!\d)|(?<=\D)[-_/\\|\s]+")
_NOT_SPOKEN = re.compile(r"[^a-z' ]+")
_MARKS = {",": ",", ";": ",", ":": ",", ".": ".", "?": "?", "!": "!", "…": ".", "—": ",", "–": ","}


@dataclass(frozen=True, slots=True)
class TextWord:
    """`written` as in the text; `spoken` one or more plain words, "" without a sound; `mark` closes it."""

    written: str
    spoken: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is synthesised at once. `ends` is False for a piece of a sentence that was too long."""

    words: tuple[TextWord, ...]
    ends: bool = True


def sentences(text: str) -> list[Sentence]:
    """`text` cut into pieces to synthesise, in order; every written word is in exactly one of them.

    Each piece has a sound, words without one ride along; a text without any sound gives none.
    """
    found: list[Sentence] = []
    for line in text.splitlines():
        written = line.split()
        letters = [char for char in line if char.isalpha()]
        shouting = len(letters) > 20 and sum(char.isupper() for char in letters) > 0.8 * len(letters)
        words = [_word(token.lower() if shouting else token, token) for token in written]
        found += _cut(words)
    return _audible(_opening(found))


def _opening(pieces: list[Sentence]) -> list[Sentence]:
    """The first sentence cut after its first clause: its sound is there in a third of the time."""
    if not pieces or len(pieces[0].words) < _OPENING_OF:
        return pieces
    words = pieces[0].words
    for index, word in enumerate(words[:-_OPENING_LEAST], 1):
        if word.mark and index >= _OPENING_LEAST:
            return [Sentence(words[:index], ends=False), Sentence(words[index:], pieces[0].ends), *pieces[1:]]
    return pieces


def _audible(pieces: list[Sentence]) -> list[Sentence]:
    found: list[Sentence] = []
    waiting: tuple[TextWord, ...] = ()
    for piece in pieces:
        if any(word.spoken for word in piece.words):
            found.append(Sentence(waiting + piece.words, piece.ends))
            waiting = ()
        elif found:
            found[-1] = Sentence(found[-1].words + piece.words, found[-1].ends)
        else:
            waiting += piece.words
    return found


def _cut(words: list[TextWord]) -> list[Sentence]:
    found: list[Sentence] = []
    start = 0
    for index, word in enumerate(words, 1):
        count = index - start
        ends = word.mark in {".", "?", "!"}
        at_comma = word.mark and count >= _COMMA_AFTER and len(words) - start > _WORDS_MAX
        if ends or at_comma or count >= _WORDS_MAX:
            found.append(Sentence(tuple(words[start:index]), ends))
            start = index
    if start < len(words):
        found.append(Sentence(tuple(words[start:])))
    return found


@lru_cache(1024)
def _word(token: str, written: str) -> TextWord:
    """Remembered: a long answer is measured again and again until what is left of it can be said in time."""
    plain = unicodedata.normalize("NFKC", token).replace("’", "'").replace("‘", "'")
    bare = _TAIL.sub("", plain).lstrip(_OPENERS)
    if bare.lower() in _ABBREVIATIONS:
        return TextWord(written, _ABBREVIATIONS[bare.lower()])
    mark = _MARKS.get(bare[-1:], "")
    core = _TAIL.sub("", bare.rstrip(",;:.?!…—–"))
    spoken = _spoken(core[:_WRITTEN_MAX])
    return TextWord(written, spoken, mark if spoken or mark in {".", "?", "!"} else "")


def _spoken(core: str) -> str:
    if core.lower() in _ABBREVIATIONS:
        return _ABBREVIATIONS[core.lower()]
    if match := _EMAIL.match(core):
        return _plain(f"{_dots(match[1])} at {_dots(match[2])}")
    if match := _URL.match(core):
        return _plain(_dots(match[1]))
    if _PHONE.match(core):
        return digits(core)
    if core[:1] == "#" and len(core) > 1:
        return _plain("hashtag " + _cased(core[1:]))
    return _plain(_cased(core))


def _dots(name: str) -> str:
    spelled = re.sub(r"(?<=\.)(?=(?:co|uk|io|ai|de|fr|eu|nl)(?:\.|$))", "", name)
    return re.sub(r"\.", " dot ", re.sub(r"[-_+]", " ", spelled))


def _cased(text: str) -> str:
    """Words in capitals spelled or lowered, joined words parted."""
    return " ".join(_capitals(part) for part in _JOINTS.split(_CAMEL.sub(" ", text)))


def _capitals(text: str) -> str:
    letters = "".join(char for char in text if char.isalpha())
    if len(letters) < 2 or not letters.isascii() or not letters.isupper() or letters.lower() in _SHORT_WORDS:
        return text
    vowels = set(letters) & set("AEIOUY")
    if len(letters) <= 3 or not vowels:
        return " ".join(_LETTERS[char.lower()].replace("_", " ") for char in letters[:8])
    return text.lower()


def _plain(text: str) -> str:
    """Only what every synthesizer reads alike: lower-case ASCII words."""
    spelled = spell_numbers(text).replace("&", " and ").replace("@", " at ").replace("+", " plus ")
    ascii_only = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    words = _NOT_SPOKEN.sub(" ", ascii_only.lower()).split()
    said = [word.strip("'") if not word.startswith("'t") else word for word in words]
    return " ".join(_alone(word) for word in said if word)


def _alone(word: str) -> str:
    """A single letter is said by its name, but for the words a and i."""
    return _LETTERS[word].replace("_", " ") if len(word) == 1 and word not in "ai" else word
