"""How long a Line waits for what, and how its attempts to connect grow apart."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineTimes:
    """Seconds. A Realtime session ends after 60 minutes without warning, so it is renewed before."""

    open_s: float = 10.0
    first_retry_s: float = 0.25
    last_retry_s: float = 8.0
    give_up_s: float = 20.0
    """How long turns wait for a lost session to come back before they fail."""
    tell_s: float = 1.0
    """A loss that is repaired sooner is nobody's business."""
    renew_s: float = 48 * 60.0
    """From here on the next silent moment is taken: there is one before 50 minutes."""
    renew_latest_s: float = 58 * 60.0
    """Renewal waits that long for a moment in which nobody talks."""
    messages_per_yield: int = 4


class BackOff:
    """Pauses between attempts: doubled each time, and uneven, so that many Lines do not knock together.

    A session that was up for `last_retry_s` begins anew; one that falls over at once does not.
    """

    def __init__(self, times: LineTimes) -> None:
        self._times = times
        self._next_s = times.first_retry_s

    def pause_s(self, was_up_s: float) -> float:
        """Before the next attempt, when the last session worked for `was_up_s` (0 when it never did)."""
        if was_up_s >= self._times.last_retry_s:
            self._next_s = self._times.first_retry_s
        pause_s, self._next_s = self._next_s, min(self._next_s * 2, self._times.last_retry_s)
        return pause_s * random.uniform(0.75, 1.0)
