"""The post's picture, rendered here: the name and a line in the palette, beside a pattern of shapes."""

from __future__ import annotations

import io
import random
import unicodedata
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from orchestration.adapters.look import Look, Scheme

WIDTH, HEIGHT = 1200, 627
SCALE = 2
"""Drawn twice as large and reduced: smooth edges."""
TILE = 157
COLUMNS = 3
MARGIN = 72
NAME_SIZES = (104, 92, 80, 70, 60, 52, 44, 38, 32)
NAME_LINES_MAX = 4
LINE_SIZE = 34
LINE_LINES_MAX = 4
WIDE_FONTS = ("LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "DejaVuSans.ttf")
"""For letters that Pillow's own font lacks; found by name where the system has them."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Box = tuple[float, float, float, float]


def render_card(look: Look, name: str, line: str) -> bytes:
    """The card as PNG, 1200 x 627 px."""
    scheme = look.dark if look.is_dark else look.light
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), scheme.ground)
    draw = ImageDraw.Draw(image)
    _pattern(draw, scheme, random.Random(look.seed))
    _words(draw, scheme, name, line)
    reduced = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    png = io.BytesIO()
    reduced.save(png, "PNG", optimize=True)
    return png.getvalue()


def _words(draw: ImageDraw.ImageDraw, scheme: Scheme, name: str, line: str) -> None:
    room = WIDTH - COLUMNS * TILE - 2 * MARGIN
    name_font, name_lines = _fit(name, room)
    line_font = _font(LINE_SIZE, line)
    line_lines = _wrap(_drawable(line, line_font), line_font, room)[:LINE_LINES_MAX]
    name_step, line_step = _step(name_font, 1.08), _step(line_font, 1.36)
    height = len(name_lines) * name_step + (36 + len(line_lines) * line_step if line_lines else 0) + 44
    y = (HEIGHT - height) / 2
    draw.rectangle(_scaled((MARGIN, y, MARGIN + 76, y + 10)), fill=scheme.primary)
    y += 44
    for text in name_lines:
        draw.text((MARGIN * SCALE, y * SCALE), text, font=name_font, fill=scheme.ink)
        y += name_step
    y += 36
    for text in line_lines:
        draw.text((MARGIN * SCALE, y * SCALE), text, font=line_font, fill=scheme.muted)
        y += line_step


def _fit(name: str, room: int) -> tuple[Font, list[str]]:
    """The largest size at which the name fits on four lines; cut when even the smallest does not."""
    for size in NAME_SIZES:
        font = _font(size, name)
        lines = _wrap(_drawable(name, font), font, room)
        whole = all(_width(word, font) <= room for word in name.split())
        if len(lines) <= (2 if size > 60 else NAME_LINES_MAX) and whole:
            return font, lines
    return font, lines[:NAME_LINES_MAX]


def _wrap(text: str, font: Font, room: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        for piece in _pieces(word, font, room):
            if lines and _width(f"{lines[-1]} {piece}", font) <= room:
                lines[-1] += f" {piece}"
            else:
                lines.append(piece)
        if len(lines) > 40:
            break
    return lines


def _pieces(word: str, font: Font, room: int) -> list[str]:
    """A word that is wider than the room, in parts."""
    pieces = [""]
    for character in word[:200]:
        if pieces[-1] and _width(pieces[-1] + character, font) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _width(text: str, font: Font) -> float:
    return font.getlength(text) / SCALE


def _step(font: Font, spacing: float) -> float:
    size = font.size if isinstance(font, ImageFont.FreeTypeFont) else LINE_SIZE * SCALE
    return size / SCALE * spacing


def _font(size: int, text: str) -> Font:
    """Pillow's own font, or one with more letters when the text needs them and the system has it."""
    best: Font = ImageFont.load_default(size * SCALE)
    for name in WIDE_FONTS:
        if _letters_kept(text, best) == len(text):
            break
        try:
            wide = ImageFont.truetype(name, size * SCALE)
        except OSError:
            continue
        best = wide if _letters_kept(text, wide) > _letters_kept(text, best) else best
    return best


def _letters_kept(text: str, font: Font) -> int:
    return sum(1 for character in text if character == " " or _has(font, character))


def _drawable(text: str, font: Font) -> str:
    """The text as the font can draw it: é may become e; emoji, which would be empty boxes, are left out."""
    kept = "".join(_drawn(character, font) for character in text)
    return " ".join(kept.split()) if kept != text else text


def _drawn(character: str, font: Font) -> str:
    if character == " " or _has(font, character):
        return character
    plain = unicodedata.normalize("NFKD", character)[0]
    return plain if plain != character and _has(font, plain) else ""


@cache
def _missing_glyph(font: ImageFont.FreeTypeFont) -> bytes:
    return bytes(font.getmask("\U0010fffe"))


def _has(font: Font, character: str) -> bool:
    if not isinstance(font, ImageFont.FreeTypeFont):
        return character.isascii()
    mask = bytes(font.getmask(character))
    return bool(mask) and mask != _missing_glyph(font)


# ---------------------------------------------------------------------- the pattern


def _pattern(draw: ImageDraw.ImageDraw, scheme: Scheme, chance: random.Random) -> None:
    pairs = (
        (scheme.soft, scheme.primary), (scheme.primary, scheme.soft), (scheme.accent, scheme.ground),
        (scheme.accent_soft, scheme.primary), (scheme.band, scheme.accent), (scheme.surface, scheme.accent),
    )  # fmt: skip
    shapes = [_quarter, _circle, _leaf, _rings, _stripes, _dots, _halves, _fan]
    bag: list[int] = []
    for at in range(COLUMNS * 4):
        bag = bag or chance.sample(range(len(shapes)), len(shapes))
        ground, shape = pairs[at % len(pairs)] if at % 5 else chance.choice(pairs)
        x, y = WIDTH - (COLUMNS - at % COLUMNS) * TILE, at // COLUMNS * TILE
        draw.rectangle(_scaled((x, y, x + TILE, y + TILE)), fill=ground)
        shapes[bag.pop()](draw, x, y, shape, ground)


def _scaled(box: Box) -> Box:
    return (box[0] * SCALE, box[1] * SCALE, box[2] * SCALE, box[3] * SCALE)


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, r: float, fill: str) -> None:
    draw.ellipse(_scaled((x - r, y - r, x + r, y + r)), fill=fill)


def _pie(draw: ImageDraw.ImageDraw, x: float, y: float, r: float, start: int, fill: str) -> None:
    draw.pieslice(_scaled((x - r, y - r, x + r, y + r)), start, start + 90, fill=fill)


def _quarter(draw: ImageDraw.ImageDraw, x: int, y: int, shape: str, ground: str) -> None:
    _pie(draw, x, y, TILE, 0, shape)


def _fan(draw: ImageDraw.ImageDraw, x: int, y: int, shape: str, ground: str) -> None:
    for r, fill in ((TILE, shape), (TILE * 0.68, ground), (TILE * 0.42, shape)):
        _pie(draw, x + TILE, y + TILE, r, 180, fill)


def _circle(draw: ImageDraw.ImageDraw, x: int, y: int, shape: str, ground: str) -> None:
    _disc(draw, x + TILE / 2, y + TILE / 2, TILE * 0.36, shape)


def _rings(draw: ImageDraw.ImageDraw, x: int, y: int, shape: str, ground: str) -> None:
    for share, fill in ((0.44, shape), (0.29, ground), (0.14, shape)):
        _disc(draw, x + TILE / 2, y + TILE / 2, TILE * share, fill)


def _leaf(draw: ImageDraw.ImageDraw, x: int, y: int, shape: str, ground: str) -> None:
    side = TILE * SCALE
    both = Image.new("L", (side, side), 0)
    one = Image.new("L", (side, side), 0)
    ImageDraw.Draw(both).ellipse((0, -side, 2 * side, side), fill=255)
    ImageDraw.Draw(one).ellipse((-side, 0, side, 2 * side), fill=255)
    both.paste(0, mask=one.point(lambda value: 255 - value))
    draw.bitmap((x * SCALE, y * SCALE), both, fill=shape)


def _stripes(draw: ImageDraw.ImageDraw, x: int, y: int, shape: str, ground: str) -> None:
    for at in range(5):
        top = y + TILE * (at * 2 + 0.5) / 10
        draw.rectangle(_scaled((x, top, x + TILE - 1, top + TILE / 10)), fill=shape)


def _dots(draw: ImageDraw.ImageDraw, x: int, y: int, shape: str, ground: str) -> None:
    for at in range(9):
        _disc(draw, x + TILE * (at % 3 * 2 + 1) / 6, y + TILE * (at // 3 * 2 + 1) / 6, TILE * 0.07, shape)


def _halves(draw: ImageDraw.ImageDraw, x: int, y: int, shape: str, ground: str) -> None:
    r = TILE / 2
    for bottom in (y + r, y + TILE):
        draw.pieslice(_scaled((x, bottom - r, x + TILE, bottom + r)), 180, 360, fill=shape)
