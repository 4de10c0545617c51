"""A screenshot as a small picture, and its place among the session's assets."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 1200, 800
PIXELS_MAX = 8_000_000
BYTES_MAX = 300_000
QUALITIES = (80, 60, 40, 20)
HASH_DIGITS = 12


def small_picture(png: bytes) -> bytes:
    """WebP, 1200 pixels wide and at most 800 high, in 300 kB. Raises OSError for what is no sane PNG."""
    picture = _top(_opened(png))
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=4)
        if file.tell() <= BYTES_MAX:
            return file.getvalue()
    blurred = picture.reduce(4).resize(picture.size)  # noise alone gets here
    file = io.BytesIO()
    blurred.save(file, "WEBP", quality=QUALITIES[-1], method=4)
    return file.getvalue()


def _opened(png: bytes) -> Image.Image:
    """A browser that a page has taken over may send anything."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise OSError("far too many pixels")
            return opened.convert("RGB")
    except (Image.DecompressionBombError, Warning, SyntaxError, ValueError, LookupError) as error:
        raise OSError("a damaged picture") from error


def _top(picture: Image.Image) -> Image.Image:
    """Cut first: a narrow picture is as high as a tower once it is wide enough."""
    top = picture.crop((0, 0, picture.width, min(picture.height, -(-picture.width * HEIGHT // WIDTH))))
    size = (WIDTH, min(HEIGHT, max(1, round(top.height * WIDTH / top.width))))
    return top if top.size == size else top.resize(size)


def keep_picture(picture: bytes, folder: Path) -> str:
    """Save it under the hash of its bytes; returns its name. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"site-{hashlib.sha256(picture).hexdigest()[:HASH_DIGITS]}.webp"
    fresh = folder / f".{name}.new"
    fresh.write_bytes(picture)
    os.replace(fresh, folder / name)
    return name
