"""How far a build is that is made of others' parts: each has a share of the whole, and it never goes back."""

from __future__ import annotations

from collections.abc import Callable

from orchestration.adapters.website.live import Shows
from orchestration.adapters.work import Report

Preview = Callable[[str, str], None]


class Whole:
    """The whole build's report. `highest` is how far it is, in percent.

    It takes where a live preview stands (`Shows`) when the report behind it does.
    """

    preview: Preview

    def __init__(self, report: Report) -> None:
        if isinstance(report, Shows):
            self.preview = report.preview
        self._report = report
        self.highest = 0

    def log(self, line: str) -> None:
        self._report.log(line)

    def progress(self, percent: int, message: str) -> None:
        self.highest = max(self.highest, percent)
        self._report.progress(self.highest, message)


class Share:
    """The report of one part: its 0 to 100 are `low` to `high` of the whole."""

    preview: Preview

    def __init__(self, whole: Whole, low: int, high: int) -> None:
        if isinstance(whole, Shows):
            self.preview = whole.preview
        self._whole = whole
        self._low = low
        self._high = high

    def log(self, line: str) -> None:
        self._whole.log(line)

    def progress(self, percent: int, message: str) -> None:
        self._whole.progress(self._low + percent * (self._high - self._low) // 100, message)
