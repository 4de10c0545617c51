"""What an authored site is made with: the project to start from, and the build of what became of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orchestration.adapters.website.order import Order
from orchestration.adapters.work import Report


@dataclass(frozen=True, slots=True)
class Draft:
    """The project as it was begun: its pages as (title, path), and its colours as the page shows them."""

    pages: tuple[tuple[str, str], ...]
    palette: dict[str, object]


class BuildFailed(Exception):  # noqa: N818 - it is an answer, not an error
    """What was written cannot be built, or must not be delivered. `lines` say why, for whoever wrote it."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__(lines[-1] if lines else "")
        self.lines = lines


Show = Callable[[str, str], None]
"""Takes a file's path in the project, and its text."""


class Watch(Protocol):
    """The site as it is seen while it is written."""

    def put(self, path: str, text: str) -> None:
        """This file is so from now on. Returns at once."""

    def finish(self) -> None:
        """The built site is in its place: wait a moment until all is seen."""


class Kit(Protocol):
    """One build's tools."""

    def missing(self, order: Order, report: Report) -> str:
        """A sentence: why projects cannot be built on this machine. Empty when they can. Comes first."""

    def watched(self, folder: Path, report: Report) -> AbstractContextManager[Watch]:
        """Let the site be seen while it is written; `folder` is the session's. Never raises."""

    def write(self, order: Order, source: Path, report: Report, show: Show) -> Draft:
        """Write the project into the empty folder `source`, and show it."""

    def compile(self, source: Path, built: Path, draft: Draft, report: Report) -> None:
        """Type-check, build into the new folder `built` and check; `source` stays as it is.

        Raises BuildFailed.
        """

    def deliver(self, source: Path, built: Path, folder: Path) -> tuple[int, int]:
        """Put both in place in the session's folder; the number of built files and their bytes.

        What was there goes beside `source`, in whose folder everything is removed.
        """
