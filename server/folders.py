"""The sessions' folders: readable for this user alone, and none outlives its time, whoever made it."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from orchestration.adapters.sandbox import sweep

MODE = 0o700
_ID = re.compile(r"[0-9a-f]{24}")


def make(folder: Path) -> None:
    """Create a session's folder, and the one that it lies in. Raises OSError."""
    folder.parent.mkdir(mode=MODE, parents=True, exist_ok=True)
    folder.mkdir(mode=MODE, exist_ok=True)


def shut(sessions: Path) -> None:
    """Close the folder of all sessions to others: an older version may have left it open."""
    with contextlib.suppress(OSError):  # it need not exist yet, and it need not be ours
        sessions.chmod(MODE)


def remove_old(sessions: Path, before: float, known: Collection[str]) -> int:
    """Delete the folders last changed before this time (seconds since 1970), except the known sessions'.

    Nothing of a session survives a restart of the server but its folder, which nobody can reach any more.
    Returns how many are gone.
    """
    removed = 0
    for folder in _folders(sessions):
        with contextlib.suppress(OSError):
            if folder.name in known or folder.is_symlink() or folder.stat().st_mtime > before:
                continue
            remove(folder)
            removed += not folder.exists()
    return removed


def remove(folder: Path) -> None:
    """Delete a session's folder. What a build left in it may be locked, or nested too deeply to walk."""
    with contextlib.suppress(OSError):
        sweep(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _folders(sessions: Path) -> list[Path]:
    try:
        return [folder for folder in sessions.iterdir() if _ID.fullmatch(folder.name)]
    except OSError:
        return []
