"""How far a build is that is made of others' parts: each has a share of the whole, and it never goes back."""

from __future__ import annotations

from orchestration.adapters.website.live import Shows
from orchestration.adapters.work import Report


class Whole:
    """The whole build's report. `highest` is how far it is, in percent."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.highest = 0

    def log(self, line: str) -> None:
        self._report.log(line)

    def progress(self, percent: int, message: str) -> None:
        self.highest = max(self.highest, percent)
        self._report.progress(self.highest, message)

    def share(self, low: int, high: int) -> Report:
        """The report of one part: its 0 to 100 are `low` to `high` of the whole. It shows what that can."""
        if isinstance(self._report, Shows):
            return _ShowingShare(self, low, high, self._report)
        return _Share(self, low, high)


class _Share:
    def __init__(self, whole: Whole, low: int, high: int) -> None:
        self._whole = whole
        self._low = low
        self._high = high

    def log(self, line: str) -> None:
        self._whole.log(line)

    def progress(self, percent: int, message: str) -> None:
        self._whole.progress(self._low + percent * (self._high - self._low) // 100, message)


class _ShowingShare(_Share):
    def __init__(self, whole: Whole, low: int, high: int, screen: Shows) -> None:
        super().__init__(whole, low, high)
        self._screen = screen

    def preview(self, socket: str, address: str) -> None:
        self._screen.preview(socket, address)
