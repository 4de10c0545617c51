"""What a builder of websites is asked for, and what it answers; one interface for all of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from orchestration.adapters.answers import Answers
from orchestration.adapters.search import Research
from orchestration.adapters.work import Means, Report

SITE_FOLDER = "site"
"""In the session's folder: the built pages, as they are served and shown."""
SOURCE_FOLDER = "site-source"
"""In the session's folder: the project that the pages were built from. Absent where there is none."""

UNFINISHED = (".site-*", ".authored-*")
"""In the session's folder: what is being built. Who is killed leaves it there."""


def clear_unfinished(folder: Path) -> None:
    """Take away what killed builds left. Call it before a build: of a session only one runs."""
    for pattern in UNFINISHED:
        for left in folder.glob(pattern):
            shutil.rmtree(left, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Order:
    """The human's answers, what Maya found, and what the builder may use."""

    answers: Answers
    research: Research | None = None
    means: Means = field(default_factory=Means)


@dataclass(frozen=True, slots=True)
class SiteResult:
    """What was built. `pages` are (title, path), without the colophon.

    `because` is a sentence: why it is not what this server builds when all is well. Empty when it is.
    """

    kind: str
    pages: tuple[tuple[str, str], ...]
    palette: dict[str, object]
    files: int
    bytes: int
    seconds: float
    because: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "status": "built",
            "kind": self.kind,
            "pages": [{"title": title, "path": path} for title, path in self.pages],
            "palette": self.palette,
            "files": self.files,
            "bytes": self.bytes,
            "seconds": self.seconds,
            **({"because": self.because} if self.because else {}),
        }


class Builder(Protocol):
    """Builds sites. `name` is the `kind` of its results."""

    @property
    def name(self) -> str: ...

    def build(self, order: Order, folder: Path, report: Report) -> SiteResult:
        """Build into `site` (and `site-source`) in the session's folder, replacing what is there only when
        everything is well. Blocks. Every file written is a log line, every step a progress.

        Raises WorkError with a reason for the human, OSError when it cannot be written.
        """
