"""The colours that a human names, each with the words that belong to it: "dark green", "sky blue"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.adapters.colour import Oklch
from orchestration.adapters.tables import Table

WARMEST_HUE = 60
REFUSED = frozenset("no not without avoid never".split())
LIGHTNESS_MIN, LIGHTNESS_MAX = 0.25, 0.9


def _colour_table(fields: Table) -> dict[str, Oklch]:
    found = {}
    for word in fields.keys():
        lightness, chroma, hue = fields.numbers(word)
        found[word] = Oklch(lightness, chroma, hue)
    return found


_TABLE = Table.load("orchestration.adapters", "look.toml")
COLOURS = _colour_table(_TABLE.table("colours"))
COMPOUNDS = _colour_table(_TABLE.table("compounds"))
GROUNDS = _colour_table(_TABLE.table("grounds"))
HUES = frozenset(_TABLE.table("hues").words("names"))
NOUNS = frozenset(_TABLE.table("nouns").words("names"))
"""Colours that are things as well: "I want coffee" asks for no colour, "make it coffee" does."""
DARK_WORDS = frozenset(_TABLE.table("words").words("dark"))
_SHADES = _TABLE.table("shades")
SHADES = {word: _SHADES.numbers(word) for word in _SHADES.keys()}


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour, a ground (white, cream) or a wish for darkness (black, night), as it was named."""

    name: str
    colour: Oklch | None = None
    ground: Oklch | None = None

    @property
    def is_dark(self) -> bool:
        """Whether it asks for a dark page; the dark of "dark brown" is a shade."""
        return self.colour is None and self.ground is None


def shades_in(text: str) -> list[Shade]:
    """What the words on the look name, in their order."""
    said = re.findall(r"[a-z]+|[,.;]", text.lower())
    found: list[Shade] = []
    at = 0
    while at < len(said):
        start = at
        while (
            said[at] in SHADES and at + 1 < len(said) and (said[at + 1] in SHADES or _is_named(said, at + 1))
        ):
            at += 1
        length, shade = _at(said, at, said[start:at])
        found += [shade] if shade and (not start or said[start - 1] not in REFUSED) else []
        at += length
    return found


def _is_named(said: list[str], at: int) -> bool:
    return said[at] in COLOURS or said[at] in GROUNDS or " ".join(said[at : at + 2]) in COMPOUNDS


def _at(said: list[str], at: int, before: list[str]) -> tuple[int, Shade | None]:
    """The colour at this word and how many words it has; `before` are the shades that belong to it."""
    word, two = said[at], said[at : at + 2]
    name = " ".join([*before, word])
    if " ".join(two) in COMPOUNDS:
        return 2, Shade(" ".join([*before, *two]), _shaded(COMPOUNDS[" ".join(two)], before))
    if word in COLOURS:
        is_two = two[1:] and two[1] in HUES and word not in HUES
        name = " ".join([*before, *two]) if is_two else name
        return 2 if is_two else 1, Shade(name, _shaded(COLOURS[word], before))
    if word in GROUNDS:
        return 1, Shade(name, ground=GROUNDS[word])
    return 1, Shade(word) if word in DARK_WORDS else None


def _shaded(colour: Oklch, before: list[str]) -> Oklch:
    for word in before:
        lighter, chroma, warmer = SHADES[word]
        lightness = min(LIGHTNESS_MAX, max(LIGHTNESS_MIN, colour.lightness + lighter))
        colour = colour.at(lightness, colour.chroma * chroma).turned(_towards_warm(colour.hue, warmer))
    return colour


def _towards_warm(hue: float, degrees: float) -> float:
    """The turn that brings a hue so much nearer to orange, not past it."""
    apart = (WARMEST_HUE - hue + 180) % 360 - 180
    if degrees < 0:
        return -degrees if apart < 0 else degrees
    return max(-degrees, min(degrees, apart))
