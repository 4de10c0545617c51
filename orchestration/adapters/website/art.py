"""Drawings for the site, as inline SVG: composed of simple shapes by the name's number, coloured by CSS.

Classes g, s, p, f, a, b, k fill with ground, surface, primary, soft, accent, accent soft and band, so the
drawings follow light and dark. Nothing that the human said enters the markup here.
"""

from __future__ import annotations

import math
import random

from orchestration.adapters.tables import Table

_TABLE = Table.load("orchestration.adapters.website", "motifs.toml")
MOTIFS = {trade: _TABLE.text(trade) for trade in _TABLE.keys()}
"""One line drawing per trade on a grid of 24."""

TILE = 120
PETALS = ((270, 92, ("b", "s")), (210, 74, ("a", "p")), (140, 50, ("k", "b")))
"""Length, width and classes of a ring of petals."""
TILE_PAIRS = tuple(("fp pf ag bp ka pg sa fk ba kf gp as").split())
"""Ground and shape of a tile: classes that stand out from each other."""


def hero(shapes: str, trade: str, seed: int, title: str) -> str:
    """The large drawing of the home page; `title` must be plain text of ours."""
    drawings = {"arches": _arches, "bauhaus": _bauhaus, "waves": _waves, "orbits": _orbits, "petals": _petals}
    body = drawings[shapes](random.Random(seed), motif(trade))
    frame = f'class="art" viewBox="0 0 600 600" role="img" aria-label="{title}"'
    return f'<svg {frame} focusable="false">{body}</svg>'


def banner(trade: str, seed: int, title: str) -> str:
    """The home page's drawing in a wide form: three rows of tiles."""
    chance = random.Random(seed)
    tiles = _tiles(chance, 12, 3)
    spot = chance.randrange(4, 7)
    tiles.append(_motif_tile(spot * TILE, TILE // 2, motif(trade), 2 * TILE))
    return (
        f'<svg class="art" viewBox="0 0 {12 * TILE} {3 * TILE}" preserveAspectRatio="xMidYMid slice" '
        f'role="img" aria-label="{title}" focusable="false">{"".join(tiles)}</svg>'
    )


def motif(trade: str) -> str:
    return MOTIFS.get(trade, MOTIFS["general"])


def icon(trade: str) -> str:
    """The trade's line drawing, small."""
    path = f'<path d="{motif(trade)}"/>'
    return f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{path}</svg>'


def favicon(trade: str, ground: str, ink: str) -> str:
    """A favicon as a file of its own; colours as `#rrggbb`."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="8" fill="{ground}"/>'
        f'<path transform="translate(4 4)" d="{motif(trade)}" fill="none" stroke="{ink}" '
        'stroke-width="1.800" stroke-linejoin="round" stroke-linecap="round"/></svg>\n'
    )


def band(seed: int, trade: str) -> str:
    """A row of tiles to close a page with."""
    chance = random.Random(seed * 31 + 7)
    kinds = chance.sample(sorted(SHAPES), len(SHAPES))
    tiles = [_tile(chance, at * TILE, 0, kinds[at % len(kinds)]) for at in range(12)]
    spot = chance.randrange(2, 10)
    tiles[spot] = _motif_tile(spot * TILE, 0, motif(trade))
    frame = f'class="tiles" viewBox="0 0 {12 * TILE} {TILE}" preserveAspectRatio="xMidYMid slice"'
    return f'<svg {frame} aria-hidden="true" focusable="false">{"".join(tiles)}</svg>'


def study(seed: int, number: int, trade: str) -> str:
    """One picture of a gallery: four tiles in a square, or the motif large."""
    chance = random.Random(seed * 97 + number)
    if number % 4 == 0:
        body = _motif_tile(0, 0, motif(trade), 2 * TILE, "ka"[number % 2])
    else:
        kinds = chance.sample(sorted(SHAPES), 4)
        body = "".join(_tile(chance, (at % 2) * TILE, (at // 2) * TILE, kinds[at]) for at in range(4))
    frame = f'class="art" viewBox="0 0 {2 * TILE} {2 * TILE}"'
    return f'<svg {frame} aria-hidden="true" focusable="false">{body}</svg>'


SHAPES: dict[str, str] = {
    "quarter": '<path class="{c}" d="M0 0h120a120 120 0 0 1-120 120z"/>',
    "circle": '<circle class="{c}" cx="60" cy="60" r="44"/>',
    "half": '<path class="{c}" d="M0 60a60 60 0 0 1 120 0z"/>'
    '<path class="{c}" d="M0 120a60 60 0 0 1 120 0z"/>',
    "leaf": '<path class="{c}" d="M0 0a120 120 0 0 1 120 120A120 120 0 0 1 0 0z"/>',
    "rings": '<circle class="{c}" cx="60" cy="60" r="52"/><circle class="{d}" cx="60" cy="60" r="34"/>'
    '<circle class="{c}" cx="60" cy="60" r="16"/>',
    "stripes": "".join(f'<path class="{{c}}" d="M0 {y}h120v12h-120z"/>' for y in (6, 30, 54, 78, 102)),
    "dots": "".join(
        f'<circle class="{{c}}" cx="{x}" cy="{y}" r="8"/>' for x in (20, 60, 100) for y in (20, 60, 100)
    ),
    "bow": '<path class="{c}" d="M0 0l60 60L120 0v120L60 60 0 120z"/>',
    "drops": '<path class="{c}" d="M60 0a60 60 0 0 1 0 120A60 60 0 0 1 60 0z"/>'
    '<circle class="{d}" cx="60" cy="60" r="20"/>',
    "fan": '<path class="{c}" d="M0 120a120 120 0 0 1 120-120v40a80 80 0 0 0-80 80z"/>'
    '<path class="{c}" d="M70 120a50 50 0 0 1 50-50v50z"/>',
}


def _tile(chance: random.Random, x: int, y: int, kind: str) -> str:
    pair = chance.choice(TILE_PAIRS)
    ground, shape = pair[0], pair[1]
    turn = chance.randrange(4) * 90
    inner = SHAPES[kind].format(c=shape, d=ground)
    return (
        f'<g transform="translate({x} {y})"><path class="{ground}" d="M0 0h120v120h-120z"/>'
        f'<g transform="rotate({turn} 60 60)">{inner}</g></g>'
    )


def _motif_tile(x: int, y: int, path: str, size: int = TILE, ground: str = "k") -> str:
    scale = size / 24 * 0.6
    inset = size * 0.2
    return (
        f'<g transform="translate({x} {y})"><path class="{ground}" d="M0 0h{size}v{size}h-{size}z"/>'
        f'<path class="m on-{ground}" transform="translate({inset:g} {inset:g}) scale({scale:g})" '
        f'd="{path}"/></g>'
    )


def _tiles(chance: random.Random, columns: int, rows: int) -> list[str]:
    """A grid of tiles; no shape comes again before all others came."""
    bag: list[str] = []
    tiles = []
    for at in range(columns * rows):
        bag = bag or chance.sample(sorted(SHAPES), len(SHAPES))
        tiles.append(_tile(chance, at % columns * TILE, at // columns * TILE, bag.pop()))
    return tiles


def _bauhaus(chance: random.Random, path: str) -> str:
    tiles = _tiles(chance, 5, 5)
    column, row = chance.randrange(1, 3), chance.randrange(1, 3)
    tiles.append(_motif_tile(column * TILE, row * TILE, path, 2 * TILE))
    return "".join(tiles)


def _arch(x: float, width: float, top: float, css: str, foot: float = 600) -> str:
    r = width / 2
    return f'<path class="{css}" d="M{x:g} {foot:g}V{top + r:g}a{r:g} {r:g} 0 0 1 {width:g} 0V{foot:g}z"/>'


def _arches(chance: random.Random, path: str) -> str:
    sun_x, sun_y = chance.randrange(380, 500), chance.randrange(90, 150)
    sun = f'<circle class="a" cx="{sun_x}" cy="{sun_y}" r="{chance.randrange(52, 76)}"/>'
    parts = ['<path class="f" d="M0 0h600v600h-600z"/>', sun]
    left = chance.randrange(210, 290)
    parts += [_arch(20, 210, left, "b"), _arch(55, 140, left + 40, "a"), _arch(90, 70, left + 85, "g")]
    right = chance.randrange(240, 330)
    parts += [_arch(380, 200, right, "a"), _arch(415, 130, right + 42, "b"), _arch(446, 68, right + 84, "p")]
    top = chance.randrange(110, 160)
    parts += [_arch(165, 270, top, "k"), _arch(195, 210, top + 34, "p"), _arch(228, 144, top + 74, "g")]
    parts.append('<path class="k" d="M0 560h600v40h-600z"/>')
    parts.append(f'<path class="m on-g" transform="translate(246 {top + 190}) scale(4.500)" d="{path}"/>')
    return "".join(parts)


def _waves(chance: random.Random, path: str) -> str:
    x, y, r = chance.randrange(190, 410), chance.randrange(165, 215), chance.randrange(98, 122)
    parts = ['<path class="b" d="M0 0h600v600h-600z"/>', f'<circle class="a" cx="{x}" cy="{y}" r="{r}"/>']
    parts += [f'<circle class="g thin" cx="{x}" cy="{y}" r="{r + more}"/>' for more in (34, 68)]
    scale = r / 20
    place = f"translate({x - 12 * scale:g} {y - 13 * scale:g}) scale({scale:g})"
    parts.append(f'<path class="m on-a" transform="{place}" d="{path}"/>')
    for at, css in enumerate(("f", "p", "s", "k", "a", "p")):
        parts.append(_hill(chance, 290 + at * 55, css))
    return "".join(parts)


def _hill(chance: random.Random, height: float, css: str) -> str:
    side = chance.choice((-1, 1))
    ys = [height + side * (-1) ** at * chance.uniform(14, 44) for at in range(4)]
    curve = "".join(
        f"C{at * 200 - 100} {ys[at - 1]:.0f} {at * 200 - 100} {ys[at]:.0f} {at * 200} {ys[at]:.0f}"
        for at in (1, 2, 3)
    )
    return f'<path class="{css}" d="M0 600V{ys[0]:.0f}{curve}V600z"/>'


def _orbits(chance: random.Random, path: str) -> str:
    x, y = chance.randrange(270, 330), chance.randrange(270, 330)
    parts = ['<path class="s" d="M0 0h600v600h-600z"/>']
    turn = chance.randrange(0, 360)
    parts.append(
        f'<path class="f" transform="rotate({turn} {x} {y})" d="M{x - 420} {y}a420 420 0 0 1 840 0z"/>'
    )
    for at, radius in enumerate((265, 210, 155)):
        parts.append(f'<circle class="k ring" cx="{x}" cy="{y}" r="{radius}"/>')
        for css in chance.sample("apkb", 2):
            angle = chance.uniform(0, 2 * math.pi)
            spot = x + radius * math.cos(angle), y + radius * math.sin(angle)
            size = chance.randrange(14, 40) - at * 4
            parts.append(f'<circle class="{css}" cx="{spot[0]:.0f}" cy="{spot[1]:.0f}" r="{size}"/>')
    parts.append(f'<circle class="p" cx="{x}" cy="{y}" r="104"/>')
    parts.append(f'<path class="m on-p" transform="translate({x - 60} {y - 60}) scale(5)" d="{path}"/>')
    return "".join(parts)


def _petals(chance: random.Random, path: str) -> str:
    count = chance.choice((6, 8, 10))
    x, y = 300, 300
    parts = ['<path class="f" d="M0 0h600v600h-600z"/>']
    start = chance.uniform(0, 360)
    for ring, (length, width, css) in enumerate(PETALS):
        for at in range(count):
            angle = start + ring * 180 / count + at * 360 / count
            there = f"c{width} -{length * 0.3:.0f} {width} -{length * 0.8:.0f} 0 -{length}"
            petal = f"M{x} {y}{there}c-{width} {length * 0.2:.0f} -{width} {length * 0.7:.0f} 0 {length}z"
            parts.append(f'<path class="{css[at % 2]}" transform="rotate({angle:.1f} {x} {y})" d="{petal}"/>')
    parts.append(f'<circle class="g" cx="{x}" cy="{y}" r="74"/>')
    parts.append(f'<path class="m on-g" transform="translate({x - 42} {y - 42}) scale(3.500)" d="{path}"/>')
    return "".join(parts)
