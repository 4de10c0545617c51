"""What the system knows about a test's processes: proc(5). One that ends while it is looked at is none."""

from __future__ import annotations

import os
from pathlib import Path


def children(parent: int | None = None, module: str = "") -> list[int]:
    """The processes of this parent (else ours) that are not yet reaped; of a module, those that run it."""
    wanted = os.getpid() if parent is None else parent
    found = [pid for pid in _processes() if _parent(pid) == wanted]
    return [pid for pid in found if not module or module in _command(pid)]


def descendants(parent: int) -> list[int]:
    found = children(parent)
    return found + [pid for child in found for pid in descendants(child)]


def alive(pid: int) -> bool:
    """Whether it runs (a zombie does not)."""
    return _state(pid)[:1] not in ("", "Z")


def descriptors(pid: int) -> int:
    """How many file descriptors the process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _state(pid: int) -> str:
    """State and parent of /proc/<pid>/stat, empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _parent(pid: int) -> int:
    state = _state(pid)
    return int(state.split()[1]) if state else 0


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []
