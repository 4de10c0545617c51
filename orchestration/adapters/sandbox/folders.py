"""A folder in which somebody hostile writes: measured while they do, lent and taken back, swept afterwards.

Everything goes by descriptors of folders and never follows a link: a name may become one at any moment.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orchestration.adapters.sandbox.terms import SandboxError

DEPTH_MAX = 40
"""Folders in folders. Beyond, a tree is an attack on whoever walks it."""
ENTRY_BYTES_MIN = 4096
_BLOCK = 512
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_SPECIAL_BITS = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


class Unmeasurable(Exception):  # noqa: N818 - it is an answer, not an error
    """Folders in folders beyond DEPTH_MAX, or one that its owner has locked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder. Valid until the walk goes on: then the descriptor `folder` may be closed."""

    folder: int
    name: str
    path: str
    """From the top."""
    about: os.stat_result
    depth: int

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.about.st_mode)

    @property
    def too_deep(self) -> bool:
        return self.is_folder and self.depth == DEPTH_MAX


class What(StrEnum):
    """What `sweep` took away."""

    LINK = "a link that leads out"
    SPECIAL = "a device, pipe or socket"
    BITS = "rights of its owner for whoever runs it"
    DEEP = "folders nested too deeply"


@dataclass(frozen=True, slots=True)
class Swept:
    """One thing that `sweep` took away, and where it was."""

    path: str
    what: What

    @classmethod
    def at(cls, entry: Entry, what: What) -> Swept:
        return cls(os.fsencode(entry.path).decode("utf-8", "replace"), what)


def walk(top: Path) -> Iterator[Entry]:
    """Every entry below `top`; a folder before what is in it. What vanishes meanwhile is left out.

    Raises Unmeasurable, and OSError when `top` itself cannot be opened.
    """
    folder = os.open(top, _OPEN)
    try:
        yield from _walk(folder, "", 0)
    finally:
        os.close(folder)


def _walk(folder: int, path: str, depth: int) -> Iterator[Entry]:
    inner = []
    try:
        names = os.listdir(folder)
    except FileNotFoundError:  # it was removed after it was opened
        return
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            about = os.stat(name, dir_fd=folder, follow_symlinks=False)
            entry = Entry(folder, name, os.path.join(path, name), about, depth)
            yield entry
            if entry.is_folder:
                inner.append(entry)
    for entry in inner:
        try:
            opened = os.open(entry.name, _OPEN, dir_fd=folder)
        except OSError as error:
            if error.errno in _GONE:
                continue
            raise Unmeasurable(entry.path) from error
        try:
            if entry.too_deep:
                raise Unmeasurable(entry.path)
            yield from _walk(opened, entry.path, depth + 1)
        finally:
            os.close(opened)


def size(top: Path) -> int:
    """Bytes on the disk, each entry 4 KiB at least. Raises Unmeasurable and OSError as `walk` does."""
    return sum(max(ENTRY_BYTES_MIN, entry.about.st_blocks * _BLOCK) for entry in walk(top))


def lend(top: Path, uid: int | None) -> None:
    """Give the folder and all in it to `uid`; None only looks whether it may be given.

    Raises SandboxError when a file in it has another name elsewhere, which would be given away with it.
    """
    names: Counter[tuple[int, int]] = Counter()
    links: dict[tuple[int, int], int] = {}
    try:
        for entry in walk(top):
            if not entry.is_folder and entry.about.st_nlink > 1:
                key = (entry.about.st_dev, entry.about.st_ino)
                names[key] += 1
                links[key] = entry.about.st_nlink
        if any(names[key] < count for key, count in links.items()):
            raise SandboxError("a file in the writable folder has another name outside of it")
        if uid is not None:
            take_back(top, (uid, uid))
    except Unmeasurable as deep:
        raise SandboxError("the writable folder is nested too deeply") from deep


def take_back(top: Path, owner: tuple[int, int] | None) -> None:
    """The folder and all in it belong to `owner` (user and group; None changes nothing), and nothing in it
    carries the rights of its owner. What is nested too deeply is removed.
    """
    for entry in walk(top):
        if entry.too_deep:
            _raze(top, entry)
            continue
        _strip(entry)  # before: with a new owner, a set-user-ID bit would mean the new one
        if owner is not None:
            os.chown(entry.name, *owner, dir_fd=entry.folder, follow_symlinks=False)
    if owner is not None:
        os.chown(top, *owner, follow_symlinks=False)


def sweep(top: Path) -> tuple[Swept, ...]:
    """Make a folder harmless after all that wrote in it has ended; what was taken away.

    Links that lead out (or would, once the folder has moved), devices, pipes, sockets, set-user-ID bits, and
    trees too deep to be walked. What stays can be read and removed by us.
    """
    real = os.path.realpath(top)
    found = []
    for entry in walk(top):
        mode = entry.about.st_mode
        if entry.too_deep:
            _raze(top, entry)
            found.append(Swept.at(entry, What.DEEP))
        elif stat.S_ISLNK(mode):
            if _leads_out(real, entry):
                os.unlink(entry.name, dir_fd=entry.folder)
                found.append(Swept.at(entry, What.LINK))
        elif not (stat.S_ISREG(mode) or entry.is_folder):
            os.unlink(entry.name, dir_fd=entry.folder)
            found.append(Swept.at(entry, What.SPECIAL))
        elif _strip(entry):
            found.append(Swept.at(entry, What.BITS))
    return tuple(found)


def _leads_out(top: str, entry: Entry) -> bool:
    """By its words, which hold wherever the folder is, and by where they lead now, through other links."""
    target = os.readlink(entry.name, dir_fd=entry.folder)
    words = os.path.normpath(os.path.join(os.path.dirname(entry.path), target))
    if os.path.isabs(target) or words == ".." or words.startswith("../"):
        return True
    place = os.path.realpath(os.path.join(top, entry.path))
    return os.path.commonpath([top, place]) != top


def _strip(entry: Entry) -> bool:
    """Whether bits were taken away. Whatever its mode was, its owner can read and remove it afterwards."""
    mode = stat.S_IMODE(entry.about.st_mode)
    if stat.S_ISLNK(entry.about.st_mode):
        return False
    wanted = (mode & ~_SPECIAL_BITS) | (0o700 if entry.is_folder else 0o600)
    if wanted != mode:
        os.chmod(entry.name, wanted, dir_fd=entry.folder)
    return bool(mode & _SPECIAL_BITS)


def _raze(top: Path, entry: Entry) -> None:
    """Remove a tree of any depth: each folder in it is moved to the top before it is emptied."""
    heap = os.open(top, _OPEN)
    try:
        free = (f".razed-{number}" for number in itertools.count())
        names = (name for name in free if not _exists(name, heap))
        waiting = [_moved(entry.name, entry.folder, next(names), heap)]
        while waiting:
            name = waiting.pop()
            folder = os.open(name, _OPEN, dir_fd=heap)
            try:
                for inner in os.listdir(folder):
                    if stat.S_ISDIR(os.stat(inner, dir_fd=folder, follow_symlinks=False).st_mode):
                        waiting.append(_moved(inner, folder, next(names), heap))
                    else:
                        os.unlink(inner, dir_fd=folder)
            finally:
                os.close(folder)
            os.rmdir(name, dir_fd=heap)
    finally:
        os.close(heap)


def _moved(name: str, folder: int, new: str, heap: int) -> str:
    os.chmod(name, 0o700, dir_fd=folder)
    os.rename(name, new, src_dir_fd=folder, dst_dir_fd=heap)
    return new


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
