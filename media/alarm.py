"""One timer for many deadlines: setting it costs nothing while it is set for earlier anyway."""

from __future__ import annotations

from collections.abc import Callable

from media.timing import Loop, Timer


class Alarm:
    """Wakes its owner no later than the earliest time asked for, who then looks what is due."""

    def __init__(self, loop: Loop, wake: Callable[[float], object]) -> None:
        """`wake` is called with loop.time()."""
        self._loop = loop
        self._wake = wake
        self._timer: Timer | None = None
        self._when = 0.0

    @property
    def set(self) -> bool:
        return self._timer is not None

    def at_latest(self, when: float) -> None:
        if self._timer is not None:
            if self._when <= when:
                return
            self._timer.cancel()
        self._when = when
        self._timer = self._loop.call_at(when, self._ring)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        self._wake(self._loop.time())
