"""The project that an author works on: what may be read and written of it, and what was changed."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from orchestration.adapters import sandbox
from orchestration.adapters.sandbox import folders
from orchestration.adapters.website.authored import rules
from orchestration.adapters.website.authored.kit import Show
from orchestration.adapters.website.authored.rules import Refused

READ_BYTES_MAX = 128 * 1024
UNSEEN = ("node_modules", "dist")


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the project."""

    path: str
    size: int


class Bench:
    """A project in `folder`, which is the house's own: nobody else writes there while the bench is used."""

    def __init__(self, folder: Path, show: Show = lambda path, text: None) -> None:
        """`show` is told of each text that is written."""
        self.folder = folder
        self._show = show
        self._begun = {found.path: self._digest(found.path) for found in self.files()}

    def files(self) -> tuple[Found, ...]:
        """All files, links and what was installed or built left out, by name."""
        return files_of(self.folder)

    def read(self, path: str) -> str:
        """The text of a file. Raises Refused."""
        rules.check_path(path)
        try:
            return sandbox.get(self.folder, path, READ_BYTES_MAX).decode()
        except UnicodeDecodeError:
            raise Refused("this file is not text") from None
        except FileNotFoundError:
            raise Refused("there is no such file; list_files names them") from None
        except (OSError, ValueError):
            raise Refused("this file cannot be read") from None

    def bytes_of(self, path: str) -> bytes | None:
        """A file as it is here; None when it is not, or is none."""
        known = self.folder / path
        return known.read_bytes() if known.is_file() and not known.is_symlink() else None

    def write(self, path: str, data: bytes, *, text_only: bool = True) -> None:
        """Write a file, its folders with it. Raises Refused, and OSError for a disk that is full."""
        sizes = {found.path: found.size for found in self.files()}
        rules.check_write(path, data, path in sizes, text_only=text_only)
        sizes[path] = len(data)
        if len(sizes) > rules.FILES_MAX:
            raise Refused(f"the project has at most {rules.FILES_MAX} files")
        if sum(size for name, size in sizes.items() if rules.may_change(name)) > rules.TOTAL_BYTES_MAX:
            raise Refused(f"all files together have at most {rules.TOTAL_BYTES_MAX} bytes")
        try:
            sandbox.put(self.folder, path, data)
        except (NotADirectoryError, IsADirectoryError):
            raise Refused("a file and a folder cannot have the same name") from None
        if rules.is_text(path):
            self._show(path, data.decode())

    def remove(self, path: str) -> None:
        """Remove a file that may be changed. Raises Refused."""
        rules.check_path(path)
        if not rules.may_change(path) or path not in {found.path for found in self.files()}:
            raise Refused("this file may not be removed")
        (self.folder / path).unlink()

    def changed(self) -> tuple[str, ...]:
        """Files that are new, gone or other than at the beginning."""
        now = {found.path: self._digest(found.path) for found in self.files()}
        paths = sorted(now.keys() | self._begun.keys())
        return tuple(path for path in paths if now.get(path) != self._begun.get(path))

    def _digest(self, path: str) -> bytes:
        return hashlib.sha256((self.folder / path).read_bytes()).digest()


def files_of(folder: Path) -> tuple[Found, ...]:
    """The regular files below `folder`, hidden ones and UNSEEN left out, by name."""
    found = []
    for entry in folders.walk(folder):
        parts = entry.path.split(os.sep)
        unseen = parts[0] in UNSEEN or any(part.startswith(".") for part in parts)
        if stat.S_ISREG(entry.about.st_mode) and not unseen:
            found.append(Found("/".join(parts), entry.about.st_size))
    return tuple(sorted(found, key=lambda one: one.path))
