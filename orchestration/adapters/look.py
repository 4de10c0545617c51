"""How the business looks: a palette and a manner out of the human's words for style.

Colours that were named are used; otherwise the trade's hue, shifted a little by the name, so that two
businesses never look alike. The same answers always give the same look.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass

from orchestration.adapters import words
from orchestration.adapters.answers import Answers
from orchestration.adapters.colour import Oklch, able_to_carry_text, contrast, readable, text_on
from orchestration.adapters.named_colours import COLOURS, Shade, shades_in
from orchestration.adapters.search import Trade
from orchestration.adapters.tables import Table


@dataclass(frozen=True, slots=True)
class Manner:
    """What a mood means in type and shape. `scale` is the type scale's ratio, radii in px."""

    name: str
    said: frozenset[str]
    heading: str
    body: str
    weight: int
    spacing_em: float
    scale: float
    radius_px: int
    chroma: float
    shapes: tuple[str, ...]
    turn: int
    """Where the second colour lies, in degrees of hue from the first."""
    uppercase: bool = False


def _manner(name: str, fields: Table, fonts: Table) -> Manner:
    return Manner(
        name,
        frozenset(fields.words("said")),
        fonts.text(fields.text("heading")),
        fonts.text(fields.text("body")),
        int(fields.number("weight")),
        fields.number("spacing_em"),
        fields.number("scale"),
        int(fields.number("radius_px")),
        fields.number("chroma"),
        fields.texts("shapes"),
        int(fields.number("turn")),
        fields.flag("uppercase"),
    )


_TABLE = Table.load("orchestration.adapters", "look.toml")
_MANNERS = _TABLE.table("manners")
MANNERS = tuple(_manner(name, _MANNERS.table(name), _TABLE.table("fonts")) for name in _MANNERS.keys())
_TRADES = _TABLE.table("trades")
TRADE_MANNERS = {trade: _TRADES.text(trade) for trade in _TRADES.keys()}


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours of one appearance, `#rrggbb`. Every `on_` and ink pair reaches AA."""

    ground: str
    surface: str
    ink: str
    muted: str
    line: str
    primary: str
    on_primary: str
    soft: str
    accent: str
    on_accent: str
    accent_soft: str
    band: str
    on_band: str

    def pairs(self) -> list[tuple[str, str, str]]:
        """(what, text, ground) of every pair that is used for text."""
        return [
            ("text on ground", self.ink, self.ground),
            ("text on surface", self.ink, self.surface),
            ("text on soft", self.ink, self.soft),
            ("text on accent soft", self.ink, self.accent_soft),
            ("quiet text on ground", self.muted, self.ground),
            ("quiet text on surface", self.muted, self.surface),
            ("links on ground", self.primary, self.ground),
            ("links on surface", self.primary, self.surface),
            ("buttons", self.on_primary, self.primary),
            ("accent", self.on_accent, self.accent),
            ("band", self.on_band, self.band),
        ]


@dataclass(frozen=True, slots=True)
class Look:
    """Everything the designer decides. `seed` varies what is left, by the name."""

    palette: str
    light: Scheme
    dark: Scheme
    is_dark: bool
    manner: Manner
    shapes: str
    seed: int

    def as_json(self) -> dict[str, object]:
        """The palette as a job's result tells it."""
        return {
            "name": self.palette,
            "manner": self.manner.name,
            **asdict(self.dark if self.is_dark else self.light),
        }


def seed_of(text: str) -> int:
    """A number that stays the same for the same text, everywhere."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:6])


def look_of(answers: Answers, trade: Trade) -> Look:
    """The look for these answers."""
    seed = seed_of(answers.name.lower() or answers.offer.lower())
    shades = shades_in(answers.style)
    manner, was_said = _manner_of(_moods(answers.style.lower(), shades), trade)
    primary, accent = _colours(shades, trade, manner, seed)
    ground = next((shade.ground for shade in shades if shade.ground), None)
    is_dark = ground is None and any(shade.is_dark for shade in shades)
    shapes = (manner.shapes if was_said else (trade.shapes, *manner.shapes))[seed % 2]
    palette = _palette_name(shades, manner, primary)
    return Look(
        palette,
        _light(primary, accent, ground),
        _dark(primary, accent, is_dark),
        is_dark,
        manner,
        shapes,
        seed,
    )


def contrasts(look: Look) -> list[tuple[str, float]]:
    """(what, ratio) of every text pair in both appearances."""
    schemes = (("light", look.light), ("dark", look.dark))
    return [
        (f"{name}: {what}", contrast(text, ground)) for name, s in schemes for what, text, ground in s.pairs()
    ]


def _moods(style: str, shades: list[Shade]) -> list[str]:
    """The words on the look without those that belong to a colour: "warm yellow" is no warm mood."""
    for shade in shades:
        style = style.replace(shade.name, " ", 1) if " " in shade.name else style
    return re.findall(r"[a-z]+", style)


def _manner_of(said: list[str], trade: Trade) -> tuple[Manner, bool]:
    """The first mood that was named, else the trade's."""
    scores = {manner.name: sum(word in manner.said for word in said) for manner in MANNERS}
    firsts = {m.name: min((at for at, word in enumerate(said) if word in m.said), default=0) for m in MANNERS}
    best = max(MANNERS, key=lambda manner: (scores[manner.name], -firsts[manner.name]))
    if scores[best.name]:
        return best, True
    usual = TRADE_MANNERS.get(trade.id, "modern")
    return next(manner for manner in MANNERS if manner.name == usual), False


def _colours(shades: list[Shade], trade: Trade, manner: Manner, seed: int) -> tuple[Oklch, Oklch]:
    """The two colours; one that was named beside white, black or grey gets a near relative."""
    jitter = (seed >> 8) % 25 - 12
    named = [shade.colour for shade in shades if shade.colour]
    if named:
        primary = named[0].turned(jitter / 4)
        others = [colour for colour in named[1:] if colour != named[0]]
        turn = _near_turn(primary) if len(named) < len(shades) else manner.turn
        return primary, others[0] if others else primary.turned(turn).at(0.7)
    if any(shade.name == "black" for shade in shades):
        ink = Oklch(0.27, 0.012, trade.hue % 360)
        return ink, ink.at(0.62, 0.02)
    primary = Oklch(0.52, 0.13 * manner.chroma, trade.hue % 360).turned(jitter * 1.6)
    return primary, primary.turned(manner.turn).at(0.72)


def _near_turn(primary: Oklch) -> int:
    """Towards a warmer relative: yellow's is amber, not green."""
    return -24 if 60 <= primary.hue <= 200 else 24


def _light(primary: Oklch, accent: Oklch, ground: Oklch | None) -> Scheme:
    tint = min(primary.chroma, 0.12)
    paper = ground or Oklch(0.982, 0.012, primary.hue)
    base, surface = paper.hex(), paper.at(paper.lightness - 0.028, paper.chroma + 0.006).hex()
    main = readable(primary, (base, surface))
    soft = primary.at(0.915, min(0.055, tint)).hex()
    second = able_to_carry_text(
        accent.at(min(0.8, max(0.55, accent.lightness)), min(0.17, max(0.06, accent.chroma)))
    )
    accent_soft = accent.at(0.925, min(0.06, accent.chroma)).hex()
    ink = readable(Oklch(0.23, min(0.035, primary.chroma), primary.hue), (surface, soft, accent_soft), 9)
    band = main.at(min(main.lightness, 0.42))
    return Scheme(
        base, surface, ink.hex(), readable(Oklch(0.46, 0.025, primary.hue), (surface, base), 5).hex(),
        paper.at(paper.lightness - 0.1, paper.chroma + 0.01).hex(), main.hex(), _on(main), soft, second.hex(),
        _on(second), accent_soft, band.hex(), _on(band),
    )  # fmt: skip


def _dark(primary: Oklch, accent: Oklch, strong: bool) -> Scheme:
    tint = min(0.028, primary.chroma)
    base, surface = Oklch(0.175, tint * 0.7, primary.hue).hex(), Oklch(0.222, tint, primary.hue).hex()
    lightness, chroma = (0.64, 0.2) if strong else (0.74, 0.14)
    vivid = primary.at(max(lightness, primary.lightness), min(primary.chroma, chroma))
    main = able_to_carry_text(readable(vivid, (surface, base)))
    soft = primary.at(0.31, min(0.06, primary.chroma)).hex()
    second = accent.at(0.76, min(0.14, max(0.05, accent.chroma)))
    accent_soft = accent.at(0.33, min(0.055, accent.chroma)).hex()
    ink = readable(Oklch(0.95, 0.012, primary.hue), (soft, accent_soft, surface), 7)
    band = able_to_carry_text(primary) if strong else primary.at(0.36, min(0.1, primary.chroma))
    return Scheme(
        base, surface, ink.hex(), readable(Oklch(0.76, 0.02, primary.hue), (surface, base), 5).hex(),
        Oklch(0.34, tint, primary.hue).hex(), main.hex(), _on(main), soft, second.hex(), _on(second),
        accent_soft, band.hex(), _on(band),
    )  # fmt: skip


def _on(ground: Oklch) -> str:
    return text_on(ground.hex(), ground.hue)


def _palette_name(shades: list[Shade], manner: Manner, primary: Oklch) -> str:
    """The colours in the human's own words and order: "Sky blue and warm yellow"."""
    if any(shade.colour or shade.name == "black" for shade in shades):
        return words.capital(words.listing(list(dict.fromkeys(shade.name for shade in shades))[:3]))
    nearest = min(COLOURS, key=lambda word: _distance(COLOURS[word], primary))
    return words.capital(f"{manner.name} {nearest}")


def _distance(first: Oklch, second: Oklch) -> float:
    turn = abs(first.hue - second.hue) % 360
    return (
        min(turn, 360 - turn) / 60
        + abs(first.lightness - second.lightness)
        + abs(first.chroma - second.chroma) * 4
    )
