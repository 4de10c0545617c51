"""Single files of a folder in which somebody hostile may write at this very moment: put there, and read.

A path's folders are opened one by one and never through a link, so that nothing outside is ever touched.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def put(top: Path, path: str, data: bytes) -> None:
    """Write a file of `top`, its folders with it; readers see the old one or the new one, whole.

    It belongs to whom `top` belongs now. Raises ValueError for a path that leads out by its words, and
    OSError, also where a link stands in place of a folder.
    """
    with _folder(top, path, create=True) as (folder, name):
        owner = os.stat(top)
        new = f".{secrets.token_hex(8)}.new"
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder)
        try:
            with open(file, "wb") as writing:
                if os.geteuid() == 0:
                    os.fchown(file, owner.st_uid, owner.st_gid)
                writing.write(data)
            os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(new, dir_fd=folder)
            raise


def get(top: Path, path: str, bytes_max: int) -> bytes:
    """Read a file of `top`. Raises as `put` does, and OSError for no file or one over `bytes_max`."""
    with _folder(top, path, create=False) as (folder, name):
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would be waited for
        with open(os.open(name, flags, dir_fd=folder), "rb") as reading:
            if not stat.S_ISREG(os.fstat(reading.fileno()).st_mode):
                raise OSError(f"not a file: {path}")
            data = reading.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise OSError(f"too large: {path}")
    return data


@contextlib.contextmanager
def _folder(top: Path, path: str, *, create: bool) -> Iterator[tuple[int, str]]:
    """The folder of `path` as a descriptor, and the name in it."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\0" in path:
        raise ValueError("a path that leads out")
    *names, name = pure.parts
    folder = os.open(top, _FOLDER)
    try:
        for inner in names:
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(inner, 0o755, dir_fd=folder)
                    # As it was made: if it is a link by now, the link itself is given.
                    if os.geteuid() == 0:
                        owner = os.stat(top)
                        os.chown(inner, owner.st_uid, owner.st_gid, dir_fd=folder, follow_symlinks=False)
            opened = os.open(inner, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = opened
        yield folder, name
    finally:
        os.close(folder)
