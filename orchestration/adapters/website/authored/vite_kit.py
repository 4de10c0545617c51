"""The kit of the house: the usual builder's project, and its build in the sandbox."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from orchestration.adapters.sandbox import Sandbox
from orchestration.adapters.website.authored.kit import BuildFailed, Draft, Show, Watch
from orchestration.adapters.website.live import Live
from orchestration.adapters.website.order import SITE_FOLDER, Order
from orchestration.adapters.website.plan import plan_of
from orchestration.adapters.website.vite.builder import means_of_building, put_in_place, write_told
from orchestration.adapters.website.vite.compiling import compile_project
from orchestration.adapters.website.vite.template import Template
from orchestration.adapters.work import Report, WorkError

LINES_KEPT = 80


class ViteKit:
    """See Kit."""

    def __init__(self) -> None:
        self._parts: tuple[Sandbox, Template] | None = None

    def missing(self, order: Order, report: Report) -> str:
        found = means_of_building(order, report)
        if isinstance(found, str):
            return found
        self._parts = found
        return ""

    def watched(self, folder: Path, report: Report) -> AbstractContextManager[Watch]:
        assert self._parts is not None, "missing() comes first"
        sandbox, template = self._parts
        return Live(sandbox, template.modules, folder, report)

    def write(self, order: Order, source: Path, report: Report, show: Show) -> Draft:
        plan = plan_of(order.answers, order.research, report)
        write_told(plan, source, report, show)
        return Draft(plan.pages, plan.look.as_json())

    def compile(self, source: Path, built: Path, draft: Draft, report: Report) -> None:
        assert self._parts is not None, "missing() comes first"
        sandbox, template = self._parts
        heard = _Heard(report)
        with tempfile.TemporaryDirectory(prefix="copy-", dir=source.parent) as place:
            # A copy: what is built runs inside, and may write there what no author may.
            copy = Path(place) / "project"
            shutil.copytree(source, copy, symlinks=True)
            try:
                dist = compile_project(copy, template, sandbox, heard)
            except WorkError as error:
                raise BuildFailed((*heard.lines, error.reason)) from error
            if gone := [path for _, path in draft.pages if not (dist / path).is_file()]:
                raise BuildFailed(tuple(f"the page {path} is missing" for path in gone))
            shutil.rmtree(built, ignore_errors=True)
            dist.rename(built)

    def deliver(self, source: Path, built: Path, folder: Path) -> tuple[int, int]:
        put_in_place(source, built, folder)
        sizes = [path.stat().st_size for path in (folder / SITE_FOLDER).rglob("*") if path.is_file()]
        return len(sizes), sum(sizes)


class _Heard:
    """A report that remembers the last lines, for whoever has to put right what they tell."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.lines: list[str] = []

    def log(self, line: str) -> None:
        self.lines = [*self.lines[1 - LINES_KEPT :], line]
        self._report.log(line)

    def progress(self, percent: int, message: str) -> None:
        self._report.progress(percent, message)
