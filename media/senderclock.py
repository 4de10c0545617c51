"""A sender's RTP time told in session positions, although its clock runs fast or slow and its packets late.

A packet can come late but not early, so that of all packets the one with the least arrival minus RTP time
tells best when its sound could be here. The least of each window gives the offset; how these change over
minutes gives the drift.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median

from media.clock import RTP_RATE_HZ, SessionClock

WINDOW_S = 5.0
DRIFT_MAX = 600e-6
"""Two consumer clocks of 300 ppm each; anything beyond is the network's doing."""
_OFFSET_WINDOWS = 6
"""The least of so many windows is the offset: a delay that lasts longer is the new normal."""
_DRIFT_WINDOWS, _DRIFT_WINDOWS_MIN = 48, 4
_EARLY_MAX_S, _LATE_MAX_S = 0.5, 2.0
"""So far from what was expected it is another count of time (a restart, a seek), not the network."""
_WRAP, _HALF = 1 << 32, 1 << 31


@dataclass(frozen=True, slots=True)
class _Least:
    """The packet of a window that the network held least, in seconds."""

    sent: float
    delay: float


class SenderClock:
    """Pure; `arrival` is loop.time(). One stream at a time: `restart` for the next."""

    def __init__(self, clock: SessionClock, window_s: float = WINDOW_S) -> None:
        """`window_s` scales its memory: the offset is found from six windows, the drift from up to 48."""
        self._clock = clock
        self._window_s = window_s
        self._last: int | None = None
        """The RTP time observed last, unwrapped."""
        self._windows: deque[_Least] = deque(maxlen=_DRIFT_WINDOWS)
        self._window_end = math.inf
        self._least = _Least(0.0, 0.0)
        """Of the window that is not over yet, and its offset."""
        self._least_offset = math.inf
        self._offset = math.inf
        self._slope = 0.0
        """Seconds of delay gained per second of the sender's time."""

    def restart(self) -> None:
        """Forget everything: another stream begins."""
        self._last = None
        self._begin(math.inf)

    @property
    def drift_ppm(self) -> float:
        """How much faster (or, negative, slower) the sender's clock runs than ours; 0 until it is known."""
        return -self._slope * 1e6

    def observe(self, timestamp: int, arrival: float) -> None:
        """`timestamp` is the RTP time just after a packet's last sample: it can be sent no earlier."""
        ticks = self._unwrap(timestamp)
        self._last = ticks
        sent = ticks / RTP_RATE_HZ
        if arrival >= self._window_end:
            self._close_window(arrival)
        offset = arrival - sent - self._slope * sent
        if not -_EARLY_MAX_S < offset - self._offset < _LATE_MAX_S:
            self._begin(arrival + self._window_s)
            offset = arrival - sent
        if offset < self._least_offset:
            self._least_offset = offset
            self._least = _Least(sent, arrival - sent)
            self._offset = min(self._offset, offset)

    def position(self, timestamp: int) -> int:
        """When, on the session clock, the sample with this RTP time can be here at the earliest.

        Of an undelayed packet the end belongs to the moment of its arrival. Before anything was observed
        the answer means nothing.
        """
        sent = self._unwrap(timestamp) / RTP_RATE_HZ
        return self._clock.position(sent + self._offset + self._slope * sent)

    # ------------------------------------------------------------------ inside

    def _begin(self, window_end: float) -> None:
        self._windows.clear()
        self._window_end = window_end
        self._least_offset = self._offset = math.inf
        self._slope = 0.0

    def _unwrap(self, timestamp: int) -> int:
        if self._last is None:
            return timestamp
        return self._last + (timestamp - self._last + _HALF) % _WRAP - _HALF

    def _close_window(self, arrival: float) -> None:
        memory_s = _OFFSET_WINDOWS * self._window_s
        self._windows.append(self._least)
        self._slope = self._measured_slope()
        recent = [window for window in self._windows if window.sent >= self._least.sent - memory_s]
        long_ago = arrival > self._window_end + memory_s
        offsets = [window.delay - self._slope * window.sent for window in recent]
        self._offset = math.inf if long_ago else min(offsets)
        self._least_offset = math.inf
        self._window_end = arrival + self._window_s

    def _measured_slope(self) -> float:
        """The median over each window against the one half the history later: a few spikes change nothing."""
        windows = list(self._windows)
        half = len(windows) // 2
        slopes = [
            (late.delay - early.delay) / (late.sent - early.sent)
            for early, late in zip(windows, windows[half:], strict=False)
            if late.sent - early.sent >= self._window_s
        ]
        if len(windows) < _DRIFT_WINDOWS_MIN or not slopes:
            return 0.0
        return max(-DRIFT_MAX, min(DRIFT_MAX, median(slopes)))
