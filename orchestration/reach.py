"""Which Lines cannot be reached, and what the page is told of it: one sentence for all, not one for each."""

from __future__ import annotations

from orchestration import notices


class Reach:
    """Losses and returns of Lines in, notices out."""

    def __init__(self) -> None:
        self._lost: set[str] = set()

    def lost(self, line: str) -> list[notices.Notice]:
        """All Lines are lost together, mostly: the human is told of the first."""
        first = not self._lost
        self._lost.add(line)
        if not first:
            return []
        return [notices.Error("line_lost", "The team's voices were disconnected; connecting again.")]

    def restored(self, line: str) -> list[notices.Notice]:
        """Told when all are back, not before."""
        if line not in self._lost:
            return []
        self._lost.remove(line)
        if self._lost:
            return []
        return [notices.Error("line_restored", "The team's voices are back.")]
