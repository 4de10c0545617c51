"""A newly built folder takes the place of the one that is served, in one step."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2
UNABLE = (errno.EINVAL, errno.ENOSYS)
"""What a file system answers that cannot exchange two names, such as NFS, and a kernel that knows of none."""
_libc = ctypes.CDLL(None, use_errno=True)


def swap(fresh: Path, folder: Path) -> None:
    """Put `fresh` in the place of `folder`; what was there is at `fresh` then.

    Whoever is killed meanwhile leaves one of them whole in that place. Where the disk cannot exchange names
    there is a moment without. Raises OSError.
    """
    if not os.path.lexists(folder):
        fresh.rename(folder)
        return
    try:
        exchange(fresh, folder)
    except OSError as error:
        if error.errno not in UNABLE:
            raise
        old = fresh.with_name(f"{fresh.name}-old")
        folder.rename(old)
        fresh.rename(folder)
        old.rename(fresh)


def exchange(one: Path, other: Path) -> None:
    """Each gets the other's name, at once (renameat2(2)). Raises OSError."""
    names = os.fsencode(one), os.fsencode(other)
    if _libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one), None, str(other))
