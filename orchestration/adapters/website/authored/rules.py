"""What an author may write: where, under which names, and how much."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

FOLDERS = ("src", "public")
PAGES = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.html")
"""Beside the folders, an author may change pages at the top; only those that are there."""
TEXTS = frozenset({".tsx", ".ts", ".css", ".svg", ".json", ".txt", ".html", ".webmanifest"})
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".ico", ".woff2"})
"""What is not text comes from commands alone: a model writes text."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
DEPTH_MAX = 6
FILES_MAX = 200
"""In the whole project."""
TEXT_BYTES_MAX = 64 * 1024
PICTURE_BYTES_MAX = 1024 * 1024
TOTAL_BYTES_MAX = 4 * 1024 * 1024
"""Of all that an author may change."""


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """This may not be done to the project. The text says what is wrong, for whoever tried."""


def check_path(path: str) -> PurePosixPath:
    """The path inside the project, in the one form that it has. Raises Refused."""
    pure = PurePosixPath(path)
    if not path or path.startswith("/") or "\\" in path or "\0" in path:
        raise Refused("a path is relative to the project and has forward slashes, such as src/App.tsx")
    if ".." in pure.parts or str(pure) != path:
        raise Refused("a path is written in its plain form, without . and .. and double slashes")
    if len(pure.parts) > DEPTH_MAX:
        raise Refused(f"folders are at most {DEPTH_MAX - 1} deep")
    if not all(NAME.fullmatch(part) for part in pure.parts):
        raise Refused("names are made of letters, digits, - _ and ., and begin with a letter, digit or _")
    return pure


def may_change(path: str) -> bool:
    """Whether the place is one where an author writes. For a path in its plain form."""
    parts = PurePosixPath(path).parts
    return (len(parts) > 1 and parts[0] in FOLDERS) or (len(parts) == 1 and bool(PAGES.fullmatch(parts[0])))


def is_text(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in TEXTS


def check_write(path: str, data: bytes, known: bool, *, text_only: bool) -> None:
    """Raises Refused for what may not be written; `known` tells whether such a file is there already."""
    pure = check_path(path)
    if not may_change(path) or (len(pure.parts) == 1 and not known):
        raise Refused("only files in src/ and public/, and the pages that are there, may be written")
    if is_text(path):
        _check_text(data)
    elif pure.suffix.lower() not in PICTURES or text_only:
        allowed = sorted(TEXTS if text_only else TEXTS | PICTURES)
        raise Refused(f"files end in {', '.join(allowed)}")
    elif len(data) > PICTURE_BYTES_MAX:
        raise Refused(f"a picture has at most {PICTURE_BYTES_MAX} bytes")


def _check_text(data: bytes) -> None:
    if len(data) > TEXT_BYTES_MAX:
        raise Refused(f"a file has at most {TEXT_BYTES_MAX} bytes: split it")
    if b"\0" in data:
        raise Refused("a text has no NUL")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise Refused("a text is UTF-8") from None
