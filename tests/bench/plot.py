"""A small SVG by hand: sessions against a figure, a line for each server. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 360, 270
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 34, 42
LEGEND_HEIGHT = 34
COLOURS = ("#0b6e99", "#5bb0d0", "#7a4fa3", "#c0392b", "#d98200", "#3c8d40", "#555555")
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram, both axes logarithmic."""

    title: str
    unit: str
    lines: Mapping[str, Points]
    limit: float | None = None
    """Drawn dashed: above it a server is not healthy."""


def drawn(panels: Sequence[Panel]) -> str:
    """All panels side by side with one legend. Values of zero and below are drawn at the lower edge."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
    width, height = WIDTH * len(panels), HEIGHT + LEGEND_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for index, panel in enumerate(panels):
        parts.append(f'<g transform="translate({index * WIDTH} 0)">{_panel(panel, colours)}</g>')
    parts.append(_legend(colours, width))
    return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    begin: float
    end: float

    def place(self, value: float) -> float:
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return round(self.begin + min(share, 1.0) * (self.end - self.begin), 1)

    def ticks(self) -> list[float]:
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        all_ticks = [step * 10.0**exponent for exponent in exponents for step in (1, 2, 5)]
        inside = [tick for tick in all_ticks if self.low <= tick * 1.0001 and tick <= self.high * 1.0001]
        return inside if len(inside) < 9 else [tick for tick in inside if math.log10(tick) % 1 < 1e-9]


def _panel(panel: Panel, colours: Mapping[str, str]) -> str:
    points = [point for line in panel.lines.values() for point in line]
    across = _axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = _axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="20" font-weight="bold">{escape(panel.title)}</text>']
    parts += _grid(across, up, panel)
    for name, line in panel.lines.items():
        places = [(across.place(x), up.place(y)) for x, y in sorted(line)]
        path = " ".join(f"{x},{y}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="1.8"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="2.4" fill="{colours[name]}"/>' for x, y in places]
    return "".join(parts)


def _grid(across: _Axis, up: _Axis, panel: Panel) -> list[str]:
    parts = []
    for tick in across.ticks():
        x = across.place(tick)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{tick:g}</text>')
    for tick in up.ticks():
        y = up.place(tick)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#eee"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{y + 4}" text-anchor="end">{tick:g}</text>')
    if panel.limit is not None:
        y = up.place(panel.limit)
        dashes = 'stroke="#888" stroke-dasharray="4 3"'
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" {dashes}/>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">sessions</text>')
    turned = f'transform="translate(14 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"'
    parts.append(f'<text {turned} text-anchor="middle">{escape(panel.unit)}</text>')
    return parts


def _axis(values: Sequence[float], begin: float, end: float) -> _Axis:
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive) / 1.2, max(positive) * 1.2
    return _Axis(low, high, begin, end)


def _legend(colours: Mapping[str, str], width: int) -> str:
    parts = []
    room = width / max(1, len(colours))
    for index, (name, colour) in enumerate(colours.items()):
        x, y = round(index * room + 16, 1), HEIGHT + LEGEND_HEIGHT / 2
        parts.append(f'<rect x="{x}" y="{y - 5}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15}" y="{y + 4}">{escape(name)}</text>')
    return "".join(parts)
