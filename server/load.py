"""Whether one more session would make the others' speech suffer: then it is refused, before anybody hears it.

The loop's thread does everything that makes a sound, so its share of a processor is the measure; how many
packets left late is the proof. Both are looked at over the last five seconds.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import NamedTuple

from aiohttp import web

from media.timing import Punctuality
from server import metrics
from server.errors import Code, Problem

SAMPLE_S = 0.5
WINDOW_S = 5.0
RETRY_S = 10
LATE_SHARE_MAX = 0.05
"""Of the packets may leave more than 10 ms late; a listener's buffer bears single ones."""
NEVER = 1.0
"""A limit above it means that the operator wants nobody refused."""
_PACKETS_MIN = 100
_LATE_SAMPLES_MIN, _LATE_SAMPLES_SHARE = 4, 0.4
"""Of the ten samples: one or two stalls make packets late, but are over; load goes on.

A loop that stalls all the time takes fewer samples: then it is so much of them.
"""


class _Sample(NamedTuple):
    at: float
    busy_s: float
    packets: int
    late: int


class LoadWatch:
    """`sample` it regularly on the loop's own thread; `refuse` asks it."""

    def __init__(
        self,
        punctuality: Punctuality,
        max_load_percent: int,
        now: Callable[[], float] = time.monotonic,
        busy: Callable[[], float] = time.thread_time,
    ) -> None:
        self._punctuality = punctuality
        self._max_load = max_load_percent / 100
        self._now = now
        self._busy = busy
        self._packets = self._late = 0
        self._samples: deque[_Sample] = deque([self._sample()])

    def sample(self) -> None:
        seen = self._punctuality
        self._packets += seen.count
        self._late += seen.late
        metrics.observe_packets(seen.count, seen.late, seen.worst_s)
        seen.reset()
        self._samples.append(self._sample())
        while self._samples[1].at <= self._samples[-1].at - WINDOW_S:
            self._samples.popleft()
        metrics.observe_load(self.load)

    @property
    def load(self) -> float:
        """The thread's share of a processor, 0 to 1."""
        first, last = self._samples[0], self._samples[-1]
        passed_s = last.at - first.at
        # The first seconds of a server are its start, not its sessions.
        enough = passed_s >= WINDOW_S - SAMPLE_S
        return (last.busy_s - first.busy_s) / passed_s if enough else 0.0

    @property
    def late_share(self) -> float:
        """Of the packets that were due; 0 while there are too few to judge."""
        first, last = self._samples[0], self._samples[-1]
        packets = last.packets - first.packets
        return (last.late - first.late) / packets if packets >= _PACKETS_MIN else 0.0

    @property
    def _often_late(self) -> bool:
        late = sum(after.late > before.late for before, after in pairwise(self._samples))
        needed = min(_LATE_SAMPLES_MIN, math.ceil(_LATE_SAMPLES_SHARE * (len(self._samples) - 1)))
        return late >= needed and self.late_share > LATE_SHARE_MAX

    @property
    def overloaded(self) -> bool:
        if self._max_load > NEVER:
            return False
        return self.load >= self._max_load or self._often_late

    def refuse(self) -> None:
        """Raise Problem 503 with Retry-After while there is too much to do already."""
        if self.overloaded:
            raise Problem(Code.BUSY, headers={"Retry-After": str(RETRY_S)})

    def _sample(self) -> _Sample:
        return _Sample(self._now(), self._busy(), self._packets, self._late)


LOAD = web.AppKey("load", LoadWatch)


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Sampling, for as long as the application lives."""
    watch = asyncio.create_task(_keep_sampling(app[LOAD]), name="load-watch")
    yield
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


async def _keep_sampling(watch: LoadWatch) -> None:
    while True:
        await asyncio.sleep(SAMPLE_S)
        watch.sample()
