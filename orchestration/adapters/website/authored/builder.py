"""Builds a site that an author writes, and when that fails the usual one, so that there is always a site."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from orchestration.adapters.website.authored import brief
from orchestration.adapters.website.authored.bench import Bench
from orchestration.adapters.website.authored.kit import BuildFailed, Draft, Kit
from orchestration.adapters.website.authored.progress import Whole
from orchestration.adapters.website.authored.terms import Author, Unable
from orchestration.adapters.website.order import Builder, Order, SiteResult
from orchestration.adapters.work import Means, Report

REPAIRS_MAX = 2
"""So often an author is told what the build has found; then the usual builder does it."""


class AuthoredBuilder:
    """`who` begins a sentence; `author` is called once per site; `instead` is the usual builder."""

    def __init__(
        self,
        name: str,
        who: str,
        kit: Callable[[], Kit],
        author: Callable[[Order], Author],
        instead: Callable[[Means], Builder],
    ) -> None:
        self.name = name
        self._who = who
        self._kit = kit
        self._author = author
        self._instead = instead

    def build(self, order: Order, folder: Path, report: Report) -> SiteResult:
        """See Builder. The result's `kind` tells who built it in the end, `because` why not this builder."""
        began = time.perf_counter()
        whole = Whole(report)
        try:
            result = self._build(order, folder, whole)
        except (Unable, OSError) as error:
            reason = (
                error.reason
                if isinstance(error, Unable)
                else f"{self._who} wrote a site that could not be saved."
            )
            whole.log(f"{self.name}: {reason} The usual site is built instead.")
            usual = self._instead(order.means).build(order, folder, whole.share(whole.highest, 100))
            result = replace(usual, because=_both(reason, usual.because))
        seconds = round(time.perf_counter() - began, 3)
        return replace(result, seconds=seconds)

    def _build(self, order: Order, folder: Path, report: Whole) -> SiteResult:
        report.log(f"{self.name}: begins with the project of the usual site")
        kit = self._kit()
        if missing := kit.missing(order, report.share(0, 5)):
            raise Unable(missing)
        author = self._author(order)
        folder.mkdir(parents=True, exist_ok=True)
        fresh = tempfile.TemporaryDirectory(prefix=".authored-", dir=folder)
        with fresh as place, kit.watched(folder, report.share(0, 100)) as watch:
            source, built = Path(place) / "source", Path(place) / "built"
            source.mkdir()
            draft = kit.write(order, source, report.share(5, 15), watch.put)
            bench = Bench(source, watch.put)
            report.progress(15, "writing the pages")
            author.work(brief.task(order, draft), bench, report.share(15, 60))
            self._compile(kit, draft, author, bench, built, report)
            files, size = kit.deliver(source, built, folder)
            watch.finish()
        report.log(f"built {files} files, {size} bytes")
        report.progress(100, "the site is ready")
        return SiteResult(self.name, draft.pages, draft.palette, files, size, 0.0)

    def _compile(
        self, kit: Kit, draft: Draft, author: Author, bench: Bench, built: Path, report: Whole
    ) -> None:
        """Build what was written; what the build finds goes back to the author, at most REPAIRS_MAX times."""
        for repair in range(REPAIRS_MAX + 1):
            if not bench.changed():
                raise Unable(f"{self._who} finished without changing anything.")
            at = 60 + 12 * repair
            report.progress(at, "building what was written")
            try:
                return kit.compile(bench.folder, built, draft, report.share(at, at + 8))
            except BuildFailed as failed:
                report.log(f"{self.name}: what was written does not build")
                if repair == REPAIRS_MAX:
                    raise Unable(f"{self._who} wrote a site that does not build.") from failed
                author.work(brief.repair(failed.lines), bench, report.share(at + 8, at + 12))


def _both(first: str, second: str) -> str:
    """Two reasons as one sentence: the second one tells why the usual builder had to do with less."""
    if not second or second == first:
        return first
    return f"{first.rstrip('.')}; {second[:1].lower()}{second[1:]}"
