"""The post's picture on disk, named after its own bytes: whoever approves the name approves the picture."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

HASH_DIGITS = 12
KEPT = 4
"""Drafts come and go with the human's corrections; the latest pictures stay."""
_NAME = re.compile(r"post-[0-9a-f]{12}\.png")


def picture_name(png: bytes) -> str:
    """`post-<the first 12 hex digits of the SHA-256 of the bytes>.png`."""
    return f"post-{hashlib.sha256(png).hexdigest()[:HASH_DIGITS]}.png"


def keep_picture(png: bytes, folder: Path, former: str = "") -> str:
    """Save the picture and forget the oldest ones, but never `former`; returns its name. Raises OSError."""
    name = picture_name(png)
    fresh = folder / f".{name}.new"
    fresh.write_bytes(png)
    os.replace(fresh, folder / name)
    pictures = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    old = [path for path in pictures if path.name not in (name, former)]
    for path in sorted(old, key=lambda path: path.stat().st_mtime_ns)[: 1 - KEPT]:
        path.unlink()
    return name


def is_intact(name: str, folder: Path) -> bool:
    """Whether the file is there and holds the very bytes that its name says."""
    if not _NAME.fullmatch(name):
        return False
    try:
        return picture_name((folder / name).read_bytes()) == name
    except OSError:
        return False
