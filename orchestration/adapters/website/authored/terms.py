"""Who writes a site, and how they say that they cannot."""

from __future__ import annotations

from typing import Protocol

from orchestration.adapters.website.authored.bench import Bench
from orchestration.adapters.work import Report


class Unable(Exception):  # noqa: N818 - it is an answer, not an error
    """This builder cannot do it. `reason` is a sentence for the human, without paths, keys or addresses."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Author(Protocol):
    """Writes one site. Asked once for the whole, then for each fault that the build has found."""

    def work(self, task: str, bench: Bench, report: Report) -> None:
        """Do the task on the bench. Blocks. Raises Unable, and OSError when the bench cannot be written."""
