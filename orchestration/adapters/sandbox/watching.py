"""Looks after one run while it lives: time, processor, memory and disk of all its processes together.

The kernel's own limits (`kernel_limits`) hold for each process alone; what they take together is watched.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Sequence
from pathlib import Path

from orchestration.adapters.sandbox import folders, processes
from orchestration.adapters.sandbox.terms import Ended, Limits

LOOK_S = 0.1
"""Between two looks at the processes: what one can take meanwhile is some hundred MiB."""
MEASURE_S = 0.25
MEASURE_SHARE = 5
"""A folder that takes long to measure is measured less often: at most a fifth of the time."""
_BY_SIGNAL = {152: Ended.TIMED_OUT, 153: Ended.TOO_MUCH_DISK}
"""Codes after SIGXCPU and SIGXFSZ, with which the kernel ends what goes over a limit."""
_OUT_OF_MEMORY = {133, 134, 137}
"""Codes after V8 has given up, and after the kernel's own choice when the machine had no memory left."""


def kernel_limits(limits: Limits) -> dict[int, int]:
    """What the kernel limits for each process, by number (RLIMIT_*); RLIMIT_NPROC is not of that kind."""
    return {
        resource.RLIMIT_CPU: math.ceil(limits.cpu_seconds) + 1,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_DATA: 2 * limits.memory_bytes,  # not RLIMIT_AS: V8 reserves far more than it uses
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }


class Watch:
    """`look` tells when it is over, and why."""

    def __init__(
        self, first: int, writable: Sequence[Path], sizes: int, limits: Limits, began: float
    ) -> None:
        """`first` is the first process of the sandbox, `sizes` what the writable folders held then."""
        self._first = first
        self._writable = writable
        self._most = sizes + limits.total_bytes
        self._held = sizes
        self._limits = limits
        self._ends = began + limits.seconds
        self._next_look = self._next_measure = began
        self._peak = 0

    def look(self, now: float) -> Ended | None:
        """None while all is within the limits. `now` is monotonic, in seconds."""
        if now >= self._ends:
            return Ended.TIMED_OUT
        if now < self._next_look:
            return None
        self._next_look = now + LOOK_S
        processes.give_way(self._first)
        used = processes.usage(self._first)
        memory = used.memory_bytes + used.unnamed_bytes  # such a file may be on either; it counts for both
        self._peak = max(self._peak, memory)
        if memory > self._limits.memory_bytes:
            return Ended.OUT_OF_MEMORY
        if used.cpu_seconds > self._limits.cpu_seconds:
            return Ended.TIMED_OUT
        if now >= self._next_measure and not self._measured():
            return Ended.TOO_MUCH_DISK
        return Ended.TOO_MUCH_DISK if self._held + used.unnamed_bytes > self._most else None

    def judge(self, code: int, peak_bytes: int) -> Ended:
        """Why it ended by itself, from its code and the most memory that one process ever had.

        Between two looks memory may fill from nothing to where V8 gives up.
        """
        if code in _OUT_OF_MEMORY and max(self._peak, peak_bytes) >= self._limits.memory_bytes // 2:
            return Ended.OUT_OF_MEMORY
        if not self._measured() or self._held > self._most:
            return Ended.TOO_MUCH_DISK
        return _BY_SIGNAL.get(code, Ended.FINISHED)

    def _measured(self) -> bool:
        """False when it cannot be told, which no honest build brings about."""
        began = time.monotonic()
        try:
            self._held = sum(folders.size(folder) for folder in self._writable)
        except (folders.Unmeasurable, OSError):
            return False
        now = time.monotonic()
        self._next_measure = now + max(MEASURE_S, MEASURE_SHARE * (now - began))
        return True
