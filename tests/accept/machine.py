"""The machine's own word on how busy it was (Linux pressure stall information)."""

from __future__ import annotations

import time
from pathlib import Path

_PRESSURE = Path("/proc/pressure/cpu")


class Load:
    """From its making on: the share of time in which some process that could run had no processor."""

    def __init__(self) -> None:
        self._since_s = time.monotonic()
        self._stalled_us = _stalled_us()

    def percent(self) -> float:
        """0 where the system does not say."""
        passed_us = (time.monotonic() - self._since_s) * 1e6
        return round((_stalled_us() - self._stalled_us) * 100 / max(1.0, passed_us), 1)


def _stalled_us() -> int:
    try:
        some = _PRESSURE.read_text().splitlines()[0]
    except OSError:
        return 0
    return int(some.rsplit("total=", 1)[1])
