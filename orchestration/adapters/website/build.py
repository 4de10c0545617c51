"""The static site: look, content, templates, check, and only then the swap into place."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from orchestration.adapters import words
from orchestration.adapters.answers import Answers
from orchestration.adapters.search import Research
from orchestration.adapters.website import art
from orchestration.adapters.website.check import check_site
from orchestration.adapters.website.contact import LABELS
from orchestration.adapters.website.model import Page
from orchestration.adapters.website.order import SITE_FOLDER, SOURCE_FOLDER, Order, SiteResult
from orchestration.adapters.website.plan import Plan, plan_of
from orchestration.adapters.website.swapping import swap
from orchestration.adapters.work import Report, WorkError, WorkErrorCode


class StaticBuilder:
    """Pages from templates, with nothing to compile: needs neither Node nor a sandbox.

    `because` says why a richer builder could not do it, empty when this one was asked for.
    """

    name = "static"

    def __init__(self, because: str = "") -> None:
        self._because = because

    def build(self, order: Order, folder: Path, report: Report) -> SiteResult:
        """Into `site` in the session's folder; a project of an earlier build goes. Raises as `build`."""
        if self._because:
            report.log(f"building the plain site: {self._because}")
        result = build(order.answers, order.research, folder / SITE_FOLDER, report)
        shutil.rmtree(folder / SOURCE_FOLDER, ignore_errors=True)
        return replace(result, because=self._because)


def build(answers: Answers, research: Research | None, folder: Path, report: Report) -> SiteResult:
    """Build the site into `folder`, replacing what is there only when everything is well.

    Raises WorkError `check_failed` when the finished site does not pass its own check, OSError when it
    cannot be written.
    """
    started = time.perf_counter()
    plan = plan_of(answers, research, report)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=folder.parent) as fresh:
        fresh_site = Path(fresh) / "site"
        fresh_site.mkdir()
        sizes = _write(plan, fresh_site, report)
        check_files(fresh_site, report)
        swap(fresh_site, folder)
    seconds = round(time.perf_counter() - started, 3)
    report.log(f"built {len(sizes)} files, {sum(sizes)} bytes, in {seconds:.2f} s")
    report.progress(100, "the site is ready")
    return SiteResult("static", plan.pages, plan.look.as_json(), len(sizes), sum(sizes), seconds)


def _write(plan: Plan, folder: Path, report: Report) -> list[int]:
    """Write every file; returns their sizes in bytes."""
    environment = _environment()
    site, look, trade, shown = plan.site, plan.look, plan.trade, plan.shown
    files = {
        "style.css": environment.get_template("style.css.jinja").render(look=look, sizes=plan.sizes),
        "favicon.svg": art.favicon(trade.id, shown.primary, shown.on_primary),
    }
    for page in site.all_pages:
        files[page.kind.path] = _page(environment, plan, page)
    name = words.shorten(site.name, 20).replace("\\", "").replace("`", "")
    readme = environment.overlay(autoescape=False).get_template("README.md.jinja")
    files["README.md"] = readme.render(
        site=site, look=look, trade=trade, missing=plan.missing(), lowest=plan.lowest, name=name
    )
    for at, (path, text) in enumerate(files.items(), 1):
        (folder / path).write_text(text, "utf-8")
        report.log(f"wrote {path} ({len(text.encode())} bytes)")
        report.progress(30 + 50 * at // len(files), f"writing {path}")
    return [len(text.encode()) for text in files.values()]


def _environment() -> Environment:
    loader = PackageLoader("orchestration.adapters.website", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests["same_page"] = lambda one, other: one is other
    environment.globals["labels"] = LABELS
    return environment


def _page(environment: Environment, plan: Plan, page: Page) -> str:
    trade, look = plan.trade, plan.look
    return environment.get_template("base.html.jinja").render(
        site=plan.site,
        page=page,
        look=look,
        layout=plan.layout,
        title=plan.title(page),
        name_class=plan.name_class,
        actions=[{"title": title, "path": path} for title, path in plan.actions],
        direct=plan.direct,
        icon=Markup(art.icon(trade.id)),
        hero=Markup(plan.hero),
        band=Markup(art.band(look.seed, trade.id)),
    )


def check_files(folder: Path, report: Report, *, scripts: bool = False) -> None:
    """The last look at a finished site, told line by line. Raises WorkError `check_failed`."""
    report.progress(85, "checking the site")
    verdict = check_site(folder, scripts=scripts)
    for fault in verdict.faults:
        report.log(f"fault: {fault}")
    if verdict.faults:
        raise WorkError(WorkErrorCode.CHECK_FAILED, "The finished site did not pass its own check.")
    report.log(f"checked {verdict.links} links: all lead somewhere, nothing is loaded from elsewhere")
