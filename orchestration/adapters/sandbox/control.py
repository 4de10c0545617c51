"""A control group (cgroup v2) for one run, where this process may make one: the kernel then counts the memory
of all processes together, files in memory included. Elsewhere the watch alone does it (see watching.py).

It is made beside our own group, as a service manager lets a user or root do. Nothing depends on it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

from orchestration.adapters.sandbox.terms import Limits

PREFIX = "moentreprise-sandbox-"
EMPTIED_S = 1.0
_NEEDED = {"memory", "pids"}
_numbers = itertools.count()


def place(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """Where groups can be made: the folder of our own group's parent. None where none can be."""
    try:
        mine = next((line[3:] for line in own.read_text().splitlines() if line.startswith("0::/")), "/")
        if mine == "/":
            return None
        parent = (root / mine[1:]).parent
        enabled = set((parent / "cgroup.subtree_control").read_text().split())
    except OSError:
        return None
    may = os.access(parent, os.W_OK) and os.access(parent / "cgroup.procs", os.W_OK)
    return parent if may and enabled >= _NEEDED else None


class Control:
    """The group of one run, or none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def add(self, pid: int) -> bool:
        """Put a process, and all that it will start, into the group; whether it is in."""
        with contextlib.suppress(OSError):
            if self._folder is not None:
                (self._folder / "cgroup.procs").write_text(str(pid))
                return True
        return False

    def out_of_memory(self) -> bool:
        """Whether the kernel has ended it for its memory."""
        try:
            events = "" if self._folder is None else (self._folder / "memory.events").read_text()
        except OSError:
            return False
        return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in events.splitlines())


@contextlib.contextmanager
def control(limits: Limits, parent: Path | None) -> Iterator[Control]:
    """A group with these limits below `parent`; an empty Control when it cannot be made."""
    folder = None if parent is None else _made(limits, parent)
    try:
        yield Control(folder)
    finally:
        ends = time.monotonic() + EMPTIED_S
        while folder is not None and not _removed(folder) and time.monotonic() < ends:
            time.sleep(0.02)


def _made(limits: Limits, parent: Path) -> Path | None:
    for left in parent.glob(f"{PREFIX}*"):  # by a worker that was killed; one in use stays
        _removed(left)
    folder = parent / f"{PREFIX}{os.getpid()}-{next(_numbers)}"
    wanted = {
        "memory.max": limits.memory_bytes + limits.scratch_bytes,
        "memory.oom.group": 1,
        "pids.max": limits.processes + 1,
    }
    try:
        folder.mkdir()
        for name, value in wanted.items():
            (folder / name).write_text(str(value))
        with contextlib.suppress(OSError):  # not there without swap
            (folder / "memory.swap.max").write_text("0")
    except OSError:
        _removed(folder)
        return None
    return folder


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
