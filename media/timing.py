"""What the media plane needs of an event loop: asyncio's has it, and so has a test's in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Loop(Protocol):
    """`call_at` may fire late but not early; callbacks due at the same time run in order of the calls."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer: ...
