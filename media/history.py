"""What was sent when, to the sample."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

REMEMBERED = 1000
"""So many of the last segments (hours of talk) are known; what is older costs no memory."""


class Segment(NamedTuple):
    """`count` samples of a turn, the `source`-th (after its lead) at `position` on the session clock."""

    turn: str
    source: int
    position: int
    count: int  # type: ignore[assignment]  # nobody counts a tuple's values here


class History:
    """Segments in the order of their positions; those that follow each other without a gap are one."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        turn, source, position, count = segment
        if self._segments:
            last_turn, last_source, last_position, last_count = self._segments[-1]
            if (last_turn, last_source + last_count, last_position + last_count) == (turn, source, position):
                self._segments[-1] = Segment(turn, last_source, last_position, last_count + count)
                return
        self._segments.append(segment)
        if len(self._segments) > 2 * REMEMBERED:
            del self._segments[:REMEMBERED]

    def at(self, position: int) -> Segment | None:
        """The sample at this position, as a Segment of one."""
        index = bisect_right(self._segments, position, key=lambda segment: segment.position) - 1
        if index < 0:
            return None
        segment = self._segments[index]
        offset = position - segment.position
        return Segment(segment.turn, segment.source + offset, position, 1) if offset < segment.count else None

    def of(self, turn: str) -> tuple[Segment, ...]:
        """All that is known of a turn, in order."""
        return tuple(segment for segment in self._segments if segment.turn == turn)

    def position_after(self, turn: str, source: int) -> int | None:
        """The position right after the turn's sample `source - 1`; None when that is not known."""
        for segment in reversed(self._segments):
            if segment.turn == turn and segment.source < source:
                return segment.position + source - segment.source
        return None
