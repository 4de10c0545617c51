"""What the media plane needs of an event loop: asyncio's has it, a test's in virtual time, and the Pacer."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Loop(Protocol):
    """`call_at` may fire late but not early; callbacks due at the same time run in order of the calls."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer: ...


class _Slot:
    """Something that waits; its callback is None once cancelled."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Pacer:
    """One clock for all sessions' packets on an event loop (a `Loop`).

    Fifty timers a second and session cost asyncio a handle each, and its heap compares them in Python. Here
    they are one heap of plain tuples behind one asyncio timer. It also sees how late the packets are.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Without `loop`, the one that runs at the first `call_at`."""
        self.punctuality = Punctuality()
        self._loop = loop
        self._heap: list[tuple[float, int, _Slot]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def time(self) -> float:
        return self._running().time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        self._count += 1
        slot = _Slot(callback)
        heapq.heappush(self._heap, (when, self._count, slot))
        self._arm(when)
        return slot

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._running().call_at(when, self._fire)

    def _fire(self) -> None:
        """Run what is due now. What falls due meanwhile waits a round, so that sockets are read."""
        loop, heap = self._running(), self._heap
        self._timer = None
        now = loop.time()
        while heap and heap[0][0] <= now:
            when, _, slot = heapq.heappop(heap)
            if slot.callback is None:
                continue
            self.punctuality.note(loop.time() - when)
            try:
                slot.callback()
            except Exception as error:  # one session's failure is not the others', as in asyncio's own loop
                loop.call_exception_handler({"message": "a paced callback failed", "exception": error})
        if heap:
            self._arm(heap[0][0])

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop


class Punctuality:
    """How late callbacks ran, since it was last asked."""

    LATE_S = 0.01
    """Half a packet: later than this a listener's buffer begins to grow."""

    def __init__(self) -> None:
        self.count = 0
        self.late = 0
        self.worst_s = 0.0

    def note(self, late_s: float) -> None:
        self.count += 1
        if late_s > self.worst_s:
            self.worst_s = late_s
        if late_s > self.LATE_S:
            self.late += 1

    def reset(self) -> None:
        self.count = self.late = 0
        self.worst_s = 0.0
