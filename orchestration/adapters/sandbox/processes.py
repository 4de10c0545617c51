"""What a group of processes uses, from /proc: everything below the first process of a sandbox.

In a PID namespace of its own nothing can leave that tree: who loses its parent becomes a child of the first.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

_TICKS = os.sysconf("SC_CLK_TCK")
_BLOCK = 512
_NICENESS = 10
_LAST = f" nice {_NICENESS}\n".encode()


@dataclass(frozen=True, slots=True)
class Usage:
    """What all of them use together: bytes of memory, seconds of processor, bytes in files without a name."""

    memory_bytes: int = 0
    cpu_seconds: float = 0.0
    unnamed_bytes: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.memory_bytes + other.memory_bytes,
            self.cpu_seconds + other.cpu_seconds,
            self.unnamed_bytes + other.unnamed_bytes,
        )


def can_be_told() -> bool:
    """Whether this kernel lists a process's children (CONFIG_PROC_CHILDREN)."""
    return os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def usage(first: int) -> Usage:
    """Of the process `first` and all below it. Who ends meanwhile counts for nothing."""
    total = Usage()
    seen: set[tuple[int, int]] = set()
    for pid in tree(first):
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += Usage(_memory(pid), _cpu(pid), _unnamed(pid, seen))
    return total


def tree(first: int) -> Iterator[int]:
    """`first` and its descendants."""
    waiting = [first]
    while waiting:
        pid = waiting.pop()
        yield pid
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError):
                    waiting += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())


def give_way(first: int) -> None:
    """Let the process and all below it take turns behind everybody else on this machine.

    Where the kernel shares its time out by sessions (sched(7), "The autogroup feature"), niceness counts only
    inside one, and whoever starts a session of its own would be as important as the server's whole one. Who
    is in our own PID namespace is left alone: a process may have ended, its number be somebody else's.
    """
    ours = os.stat("/proc/self/ns/pid").st_ino
    for pid in tree(first):
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}/ns/pid").st_ino == ours:
                continue
            if not _read(f"/proc/{pid}/autogroup").endswith(_LAST):
                with open(f"/proc/{pid}/autogroup", "wb", buffering=0) as file:
                    file.write(str(_NICENESS).encode())


def _memory(pid: int) -> int:
    """What is its own: anonymous and shared memory, not the files that it has mapped."""
    kib = 0
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith((b"RssAnon:", b"RssShmem:")):
            kib += int(line.split()[1])
    return kib * 1024


def _cpu(pid: int) -> float:
    """Its own, and that of its children that it has waited for."""
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _unnamed(pid: int, seen: set[tuple[int, int]]) -> int:
    """Open files that are in no folder any more, or never were (memfd): no walk over a folder finds them."""
    total = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            about = os.stat(f"/proc/{pid}/fd/{name}")
            key = (about.st_dev, about.st_ino)
            if stat.S_ISREG(about.st_mode) and about.st_nlink == 0 and key not in seen:
                seen.add(key)
                total += about.st_blocks * _BLOCK
    return total


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read(65536)
