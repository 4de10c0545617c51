"""What a process costs and what else the machine did meanwhile, by /proc (Linux)."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PRESSURE = Path("/proc/pressure/cpu")
_USER, _SYSTEM = 11, 12
_IDLE, _IOWAIT, _COLUMNS = 3, 4, 8


@dataclass(frozen=True, slots=True)
class Cost:
    """Over one window. Shares are of one core."""

    seconds: float
    cpu: float
    cpu_user: float
    cpu_system: float
    listener_cpu: float
    """Of the measuring process itself, on its own core."""
    foreign_cpu: float
    """Of everything else, on all cores, with what the hypervisor took."""
    pressure: float
    """Share of the time in which somebody who could run had no core, the two above included."""
    rss_mib: float
    threads: int


@dataclass(frozen=True, slots=True)
class _Reading:
    time_s: float
    user_s: float
    system_s: float
    own_s: float
    busy_s: float
    stalled_s: float


class Meter:
    """Measures from its making to `stop`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._begin = self._read()

    def stop(self) -> Cost:
        begin, end = self._begin, self._read()
        seconds = end.time_s - begin.time_s
        user, system = (end.user_s - begin.user_s) / seconds, (end.system_s - begin.system_s) / seconds
        own = (end.own_s - begin.own_s) / seconds
        busy = (end.busy_s - begin.busy_s) / seconds
        return Cost(
            seconds=round(seconds, 3),
            cpu=round(user + system, 4),
            cpu_user=round(user, 4),
            cpu_system=round(system, 4),
            listener_cpu=round(own, 4),
            foreign_cpu=round(max(0.0, busy - user - system - own), 4),
            pressure=round((end.stalled_s - begin.stalled_s) / seconds, 4),
            rss_mib=round(rss_mib(self._pid), 2),
            threads=threads(self._pid),
        )

    def _read(self) -> _Reading:
        user_s, system_s = cpu_s(self._pid)
        return _Reading(time.monotonic(), user_s, system_s, sum(cpu_s(os.getpid())), _busy_s(), _stalled_s())


def cpu_s(pid: int) -> tuple[float, float]:
    """User and system time of the process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[_USER]) / TICKS_PER_S, int(fields[_SYSTEM]) / TICKS_PER_S


def rss_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def _busy_s() -> float:
    """Of all cores together, stolen time included."""
    columns = [int(ticks) for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(columns[:_COLUMNS]) - columns[_IDLE] - columns[_IOWAIT]) / TICKS_PER_S


def _stalled_s() -> float:
    """0 where the system does not say."""
    try:
        some = _PRESSURE.read_text().splitlines()[0]
    except OSError:
        return 0.0
    return int(some.rsplit("total=", 1)[1]) / 1e6
