"""The default builder: a project of the human's own, built by Vite before their eyes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from orchestration.adapters.sandbox import Missing, Sandbox, probe
from orchestration.adapters.website.build import StaticBuilder
from orchestration.adapters.website.live import Live
from orchestration.adapters.website.order import SITE_FOLDER, SOURCE_FOLDER, Order, SiteResult
from orchestration.adapters.website.plan import Plan, plan_of
from orchestration.adapters.website.swapping import swap
from orchestration.adapters.website.vite.compiling import compile_project
from orchestration.adapters.website.vite.project import File, write
from orchestration.adapters.website.vite.template import Template, template
from orchestration.adapters.work import Report, WorkError, WorkErrorCode

NAME = "vite"
PARTS = "Parts are missing here"
SANDBOX = "There is no sandbox here"
Show = Callable[[str, str], None]
"""Takes a file's path in the project, and its text."""
DEGRADES = frozenset({WorkErrorCode.BUILD_FAILED, WorkErrorCode.CHECK_FAILED})


class ViteBuilder:
    """Writes a Vite, React and TypeScript project and builds it in the sandbox.

    Where this machine cannot, or the build fails, it is the static site, and the result says why.
    """

    name = NAME

    def build(self, order: Order, folder: Path, report: Report) -> SiteResult:
        """Into `site` and `site-source` in the session's folder. Raises as `Builder` says."""
        started = time.perf_counter()
        report.log("building the website: a project in React and TypeScript, built by Vite")
        report.progress(5, "getting ready")
        parts = means_of_building(order, report)
        if isinstance(parts, str):
            return StaticBuilder(parts).build(order, folder, report)
        plan = plan_of(order.answers, order.research, report)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            files, size = self._build(plan, parts, folder, report)
        except WorkError as error:
            if error.code not in DEGRADES:
                raise
            return StaticBuilder(error.reason).build(order, folder, report)
        seconds = round(time.perf_counter() - started, 3)
        report.log(f"built {files} files, {grouped(size)} bytes, in {seconds:.2f} s")
        report.progress(100, "the site is ready")
        return SiteResult(NAME, plan.pages, plan.look.as_json(), files, size, seconds)

    def _build(
        self, plan: Plan, parts: tuple[Sandbox, Template], folder: Path, report: Report
    ) -> tuple[int, int]:
        """Write, compile, put into place; the number of built files and their bytes."""
        sandbox, packages = parts
        live = Live(sandbox, packages.modules, folder, report)
        with tempfile.TemporaryDirectory(prefix=".site-", dir=folder) as fresh, live:
            source = Path(fresh) / SOURCE_FOLDER
            source.mkdir(mode=0o755)
            write_told(plan, source, report, live.put)
            dist = compile_project(source, packages, sandbox, report)
            put_in_place(source, dist, folder)
            live.finish()
        sizes = [path.stat().st_size for path in (folder / SITE_FOLDER).rglob("*") if path.is_file()]
        return len(sizes), sum(sizes)


def means_of_building(order: Order, report: Report) -> tuple[Sandbox, Template] | str:
    """The walls and the packages; a sentence where one of them is missing on this machine."""
    sandbox = probe()
    if isinstance(sandbox, Missing):
        return because(SANDBOX, sandbox, report)
    packages = template(order.means, report)
    if isinstance(packages, Missing):
        return because(PARTS, packages, report)
    return sandbox, packages


def because(what: str, missing: Missing, report: Report) -> str:
    """One sentence for the human; what would help goes to the log."""
    if missing.remedy:
        report.log(f"{missing.reason}; {missing.remedy}")
    return f"{what}, because {missing.reason}."


def write_told(plan: Plan, source: Path, report: Report, show: Show | None = None) -> list[File]:
    """Write the project, a log line for each file; each is handed to `show`, too."""
    done = 0

    def tell(file: File) -> None:
        nonlocal done
        done += 1
        report.log(f"wrote {file.path} ({grouped(len(file.data))} bytes)")
        report.progress(min(58, 30 + done // 2), f"writing {file.path}")
        if show is not None:
            show(file.path, file.text)

    return write(plan, source, tell)


def put_in_place(source: Path, dist: Path, folder: Path) -> None:
    """The built pages become `site`, the rest of the project `site-source`.

    Where `source` was, and beside it, lie the old ones then.
    """
    fresh = source.with_name(SITE_FOLDER)
    dist.rename(fresh)
    swap(fresh, folder / SITE_FOLDER)
    swap(source, folder / SOURCE_FOLDER)


def grouped(number: int) -> str:
    """1 234 567: thousands apart."""
    return f"{number:,}".replace(",", " ")
