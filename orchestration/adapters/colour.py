"""Colours that suit and can be read: OKLCH and WCAG 2.2 contrast.

OKLCH is Oklab (https://bottosson.github.io/posts/oklab/) in polar form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

AA_TEXT = 4.5
"""WCAG 2.2, 1.4.3: the least contrast of text with its ground."""


@dataclass(frozen=True, slots=True)
class Oklch:
    """Lightness 0 to 1, chroma 0 to about 0.37, hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    def turned(self, degrees: float) -> Oklch:
        return replace(self, hue=(self.hue + degrees) % 360)

    def at(self, lightness: float, chroma: float | None = None) -> Oklch:
        return replace(self, lightness=lightness, chroma=self.chroma if chroma is None else chroma)

    def hex(self) -> str:
        """`#rrggbb`: the nearest colour of this lightness and hue that sRGB holds."""
        chroma = self.chroma
        while True:
            rgb = _linear_rgb(self.lightness, chroma, self.hue)
            if chroma <= 0 or all(-0.0005 <= channel <= 1.0005 for channel in rgb):
                return "#" + "".join(f"{_encoded(channel):02x}" for channel in rgb)
            chroma = max(0.0, chroma - 0.004)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (_decoded(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(colour: Oklch, grounds: tuple[str, ...], ratio: float = AA_TEXT + 0.1) -> Oklch:
    """The colour, darkened or lightened just enough to be read on all grounds."""
    is_dark_ground = luminance(grounds[0]) < 0.18
    step = 0.01 if is_dark_ground else -0.01
    while min(contrast(colour.hex(), ground) for ground in grounds) < ratio:
        lightness = colour.lightness + step
        if not 0 <= lightness <= 1:
            return colour.at(1.0 if is_dark_ground else 0.0, 0.0)
        colour = colour.at(lightness)
    return colour


def text_on(ground: str, hue: float) -> str:
    """A near-white or near-black that can be read on the ground."""
    light, dark = Oklch(0.985, 0.01, hue).hex(), Oklch(0.16, 0.03, hue).hex()
    return light if contrast(light, ground) >= contrast(dark, ground) else dark


def able_to_carry_text(ground: Oklch, ratio: float = AA_TEXT + 0.1) -> Oklch:
    """The ground, made just light enough that a text on it can be read."""
    while contrast(text_on(ground.hex(), ground.hue), ground.hex()) < ratio:
        ground = ground.at(ground.lightness + 0.01)
    return ground


def _linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _encoded(channel: float) -> int:
    channel = min(1.0, max(0.0, channel))
    curved = 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
    return round(255 * curved)


def _decoded(byte: int) -> float:
    channel = byte / 255
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
