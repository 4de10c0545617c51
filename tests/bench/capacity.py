"""Sessions per core: the steps of one ladder, the same for every server, climbed until it no longer works.

The first steps are taken in any case, because their figures are wanted. Then the climb goes on by half as
much again until a step fails, and halves what lies between. A step that fails is tried once more unless it
failed by far: one bad moment of the machine decides nothing.
"""

from __future__ import annotations

from typing import cast

from tests.bench.servers import Row

LADDER = (
    *(1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 25, 28, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75),
    *(80, 85, 90, 95, 100, 105, 110, 115, 120, 130, 140, 160, 180, 200, 220, 240),
)
FIRST = (10, 20)
"""CPU per session is compared at 20."""
TRIES = 2
STRIDE = 1.5
SPACING_MAX_MS, LATENESS_MAX_MS = 20.0, 60.0
FAR = 5.0
"""A lateness of so many times the limit is no bad moment."""
MISSING_MAX = 0.01
"""Of the speech: two packets of an utterance may be held back, as FastRTC does, until the next one."""
HEARD_MIN, HEARD_MAX = 0.99, 1.02
"""Of the microphones: a server short of time may speak in time and read its sockets no more, or late.

Who passes on more than was sent in that time works off what lay waiting before.
"""


def heard_in_time(row: Row) -> bool:
    """Whether the microphones passed on what was sent; so, too, when the server does not say."""
    heard = cast("float | None", row.get("microphone_heard"))
    return heard is None or HEARD_MIN <= heard <= HEARD_MAX


def healthy(row: Row) -> bool:
    """Spacing p99 < 20 ms, lateness p99 < 60 ms, nothing lost either way, nobody refused or hung up on."""
    figures = cast("dict[str, float | None] | None", row.get("figures"))
    if figures is None or row["failed"] or row["closed"]:
        return False
    spacing_ms, lateness_ms = figures["spacing_p99_ms"], figures["lateness_p99_ms"]
    if spacing_ms is None or lateness_ms is None:
        return False
    whole = not figures["wire_lost"] and (figures["missing"] or 0) < MISSING_MAX
    return whole and heard_in_time(row) and spacing_ms < SPACING_MAX_MS and lateness_ms < LATENESS_MAX_MS


def hopeless(row: Row) -> bool:
    """Unhealthy by far: a second try would say the same."""
    figures = cast("dict[str, float | None] | None", row.get("figures"))
    if figures is None or row["failed"] or row["closed"]:
        return True
    return (figures["lateness_p99_ms"] or 0) > FAR * LATENESS_MAX_MS


class Climb:
    """Which step comes next for one server, and how far it came. Pure."""

    def __init__(
        self, ladder: tuple[int, ...] = LADDER, first: tuple[int, ...] = FIRST, search: bool = True
    ) -> None:
        """Without `search` only the first steps are taken."""
        self._ladder = ladder
        self._first = first
        self._search = search
        self._tries: dict[int, int] = {}
        self._good: set[int] = set()
        self._bad: set[int] = set()

    def next_step(self) -> int | None:
        """None when the limit is found."""
        again = [step for step in self._tries if step not in self._bad | self._good and step < self._ceiling]
        untaken = [step for step in self._first if step not in self._tries]
        if again or untaken:
            return (again + untaken)[0]
        return self._onwards() if self._search else None

    def took(self, step: int, well: bool, surely: bool = False) -> None:
        """A try at this step went well, or not; `surely`: that settles it."""
        self._tries[step] = self._tries.get(step, 0) + 1
        if well:
            self._good.add(step)
        elif surely or self._tries[step] >= TRIES:
            self._bad.add(step)

    @property
    def limit(self) -> int:
        """The highest healthy step below the first that is not; 0 when there is none."""
        return max((step for step in self._good if step < self._ceiling), default=0)

    @property
    def open_ended(self) -> bool:
        """No step failed: the limit may lie above."""
        return not self._bad

    @property
    def _ceiling(self) -> int:
        return min(self._bad - self._good, default=self._ladder[-1] + 1)

    def _onwards(self) -> int | None:
        steps = [step for step in self._ladder if self.limit < step < self._ceiling]
        steps = [step for step in steps if step not in self._tries]
        if not steps:
            return None
        if self._bad:
            return steps[len(steps) // 2]
        return next((step for step in steps if step >= STRIDE * self.limit), steps[-1])
