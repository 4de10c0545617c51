"""When in-band FEC is worth its cost: decided from the speaking peer's own reports of what it lost."""

from __future__ import annotations

from collections import deque

LOSSY_FRACTION = 0.01
WINDOW_S = 5.0
CLEAN_S = 15.0
"""So long without a lossy window and FEC goes off again."""
_PACKETS_MIN = 50
"""Of fewer packets, one lost says nothing: there may have been silence."""
_REPORTS_MAX = 64


class Losses:
    """Of one peer. Feed it each report block on our stream; `lossy` is the switch."""

    def __init__(self, lossy: bool = False, now: float = 0.0) -> None:
        """`lossy`: so it was at `now`, on the human's connection before this one."""
        self.lossy = lossy
        self._reports: deque[tuple[float, int, int]] = deque(maxlen=_REPORTS_MAX)
        self._clean_s = 0.0
        """So much of the time since the last lossy window was heard, and was clean."""
        self._last = now

    def report(self, highest_sequence: int, packets_lost: int, now: float) -> bool:
        """Take in a report (RFC 3550 section 6.4.1: both count from the stream's start). Returns `lossy`."""
        self._reports.append((now, highest_sequence, packets_lost))
        while len(self._reports) > 2 and self._reports[1][0] <= now - WINDOW_S:
            self._reports.popleft()
        _, highest_before, lost_before = self._reports[0]
        expected = (highest_sequence - highest_before) & 0xFFFFFFFF
        lost = packets_lost - lost_before
        if expected >= _PACKETS_MIN:
            self._judge(lossy=lost >= LOSSY_FRACTION * expected, heard_s=now - self._last)
        self._last = now
        return self.lossy

    def _judge(self, lossy: bool, heard_s: float) -> None:
        self._clean_s = 0.0 if lossy else self._clean_s + heard_s
        self.lossy = lossy or (self.lossy and self._clean_s < CLEAN_S)
