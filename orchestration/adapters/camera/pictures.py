"""A screenshot as a small picture, and its place among the session's assets."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 1200, 800
BYTES_MAX = 300_000
QUALITIES = (80, 60, 40, 20)
HASH_DIGITS = 12


def small_picture(png: bytes) -> bytes:
    """WebP, 1200 pixels wide and at most 800 high, in 300 kB. Raises OSError for what is no PNG."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
        picture = opened.convert("RGB")
    if picture.width != WIDTH:
        picture = picture.resize((WIDTH, max(1, round(picture.height * WIDTH / picture.width))))
    picture = picture.crop((0, 0, WIDTH, min(HEIGHT, picture.height)))
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=4)
        if file.tell() <= BYTES_MAX:
            return file.getvalue()
    blurred = picture.reduce(4).resize(picture.size)  # noise alone gets here
    file = io.BytesIO()
    blurred.save(file, "WEBP", quality=QUALITIES[-1], method=4)
    return file.getvalue()


def keep_picture(picture: bytes, folder: Path) -> str:
    """Save it under the hash of its bytes; returns its name. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"site-{hashlib.sha256(picture).hexdigest()[:HASH_DIGITS]}.webp"
    fresh = folder / f".{name}.new"
    fresh.write_bytes(picture)
    os.replace(fresh, folder / name)
    return name
