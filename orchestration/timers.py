"""Named deadlines that stop while nobody can hear. Time is an argument, in seconds."""

from __future__ import annotations


class Timers:
    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._frozen_at: float | None = None

    def set(self, name: str, at: float) -> None:
        self._due[name] = at

    def put_off(self, name: str, until: float) -> None:
        """A deadline that is set comes no sooner than this; one that is not set stays so."""
        if name in self._due:
            self._due[name] = max(self._due[name], until)

    def clear(self, *names: str) -> None:
        for name in names:
            self._due.pop(name, None)

    def clear_all(self) -> None:
        self._due.clear()

    def __contains__(self, name: str) -> bool:
        return name in self._due

    def freeze(self, now: float) -> None:
        if self._frozen_at is None:
            self._frozen_at = now

    def thaw(self, now: float) -> None:
        """Go on: every deadline moves by the time that was frozen."""
        if self._frozen_at is not None:
            lost = now - self._frozen_at
            self._due = {name: at + lost for name, at in self._due.items()}
            self._frozen_at = None

    def next(self) -> float | None:
        return None if self._frozen_at is not None else min(self._due.values(), default=None)

    def pop_due(self, now: float) -> list[str]:
        """Remove and return the names that are due, earliest first."""
        if self._frozen_at is not None:
            return []
        due = sorted((name for name, at in self._due.items() if at <= now), key=self._due.__getitem__)
        self.clear(*due)
        return due
