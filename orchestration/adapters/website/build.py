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
from orchestration.adapters.colour import AA_TEXT
from orchestration.adapters.look import Look, contrasts, look_of
from orchestration.adapters.search import Research, Trade, catalogue, detect_trade
from orchestration.adapters.website import art
from orchestration.adapters.website.check import check_site
from orchestration.adapters.website.content import contact_items, site_of
from orchestration.adapters.website.model import Page, Site
from orchestration.adapters.website.order import SITE_FOLDER, SOURCE_FOLDER, Order, SiteResult
from orchestration.adapters.work import Report, WorkError, WorkErrorCode

LAYOUTS = 2
BANNER_LAYOUT = 2
LONG_NAME, VERY_LONG_NAME = 16, 34


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
    trade = _trade(answers, research)
    look = look_of(answers, trade)
    site = site_of(answers, trade, look)
    _announce(site, look, trade, report)
    lowest = _check_contrast(look, report)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=folder.parent) as fresh:
        fresh_site = Path(fresh) / "site"
        fresh_site.mkdir()
        sizes = _write(answers, site, look, trade, lowest, fresh_site, report)
        _check_files(fresh_site, report)
        _swap(fresh_site, folder, Path(fresh) / "old")
    seconds = round(time.perf_counter() - started, 3)
    report.log(f"built {len(sizes)} files, {sum(sizes)} bytes, in {seconds:.2f} s")
    report.progress(100, "the site is ready")
    pages = tuple((page.kind.title, page.kind.path) for page in site.pages)
    return SiteResult("static", pages, look.as_json(), len(sizes), sum(sizes), seconds)


def _trade(answers: Answers, research: Research | None) -> Trade:
    known = catalogue().get(research.trade) if research else None
    return known or detect_trade(answers)


def _announce(site: Site, look: Look, trade: Trade, report: Report) -> None:
    report.log(f"brief: {site.name}")
    report.log(f"trade: {trade.label}")
    report.log(f"pages: {words.listing([page.kind.title for page in site.pages])}")
    report.progress(15, "planning the pages")
    report.log(f"palette: {look.palette}, manner: {look.manner.name}, drawing: {look.shapes}")
    shown = look.dark if look.is_dark else look.light
    report.log(f"colours: {shown.primary} {shown.accent} on {shown.ground}, text {shown.ink}")
    report.progress(30, "choosing colours and type")


def _check_contrast(look: Look, report: Report) -> float:
    found = contrasts(look)
    for what, ratio in found:
        report.log(f"contrast {ratio:5.2f}:1  {what}")
    what, lowest = min(found, key=lambda pair: pair[1])
    if lowest < AA_TEXT:
        raise WorkError(
            WorkErrorCode.CHECK_FAILED, f"The colours are not readable enough ({what}, {lowest:.2f}:1)."
        )
    return lowest


def _write(
    answers: Answers, site: Site, look: Look, trade: Trade, lowest: float, folder: Path, report: Report
) -> list[int]:
    """Write every file; returns their sizes in bytes."""
    environment = _environment()
    shown = look.dark if look.is_dark else look.light
    files = {
        "style.css": environment.get_template("style.css.jinja").render(look=look, sizes=_sizes(look)),
        "favicon.svg": art.favicon(trade.id, shown.primary, shown.on_primary),
    }
    for page in site.all_pages:
        files[page.kind.path] = _page(environment, site, page, look, trade)
    missing = _missing(answers)
    name = words.shorten(site.name, 20).replace("\\", "").replace("`", "")
    readme = environment.overlay(autoescape=False).get_template("README.md.jinja")
    files["README.md"] = readme.render(
        site=site, look=look, trade=trade, missing=missing, lowest=lowest, name=name
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
    return environment


def _page(environment: Environment, site: Site, page: Page, look: Look, trade: Trade) -> str:
    home = page.kind.kind == "home"
    lead = words.shorten(page.lead, 9).rstrip(".…") if home else page.kind.title
    title = f"{site.name} · {lead}" if home else f"{lead} · {site.name}"
    return environment.get_template("base.html.jinja").render(
        site=site,
        page=page,
        look=look,
        layout=_layout(look),
        title=title,
        name_class=_name_class(site.name),
        actions=_actions(site),
        icon=Markup(art.icon(trade.id)),
        hero=Markup(_hero(look, trade)),
        band=Markup(art.band(look.seed, trade.id)),
    )


def _layout(look: Look) -> int:
    """Picture right, picture left, or, where the drawing can be wide, a banner."""
    if look.shapes == "bauhaus" and look.seed >> 3 & 1:
        return BANNER_LAYOUT
    return (look.seed >> 4) % LAYOUTS


def _hero(look: Look, trade: Trade) -> str:
    title = f"A drawing for our {trade.label}"
    if _layout(look) == BANNER_LAYOUT:
        return art.banner(trade.id, look.seed, title)
    return art.hero(look.shapes, trade.id, look.seed, title)


def _name_class(name: str) -> str:
    longest_word = max(len(word) for word in name.split())
    if len(name) > VERY_LONG_NAME or longest_word > LONG_NAME:
        return "very-long"
    return "long" if len(name) > LONG_NAME or longest_word > LONG_NAME * 2 // 3 else ""


def _actions(site: Site) -> list[dict[str, str]]:
    """Where the first screen leads: the offer first, then contact."""
    order = ("menu", "offer", "booking", "gallery", "own", "about", "prices", "contact")
    others = sorted((p for p in site.pages if p.kind.kind in order), key=lambda p: order.index(p.kind.kind))
    contact = [page for page in others if page.kind.kind == "contact"]
    chosen = [*others[:1], *[page for page in contact if page not in others[:1]]] or others[:2]
    return [{"title": page.kind.title, "path": page.kind.path} for page in chosen]


def _sizes(look: Look) -> list[str]:
    """The type scale above the text's own size, in rem."""
    return [f"{1.0625 * look.manner.scale**step:.3f}" for step in (1.5, 3, 4.4, 5.6)]


def _missing(answers: Answers) -> list[str]:
    """What only the owner can add."""
    things = [
        f"You left a question open ({key}); tell us and the site can say it." for key in answers.unanswered()
    ]
    if not contact_items(answers):
        things.append("Add an e-mail address, a telephone number or an address to the contact page.")
    return [
        *things,
        "Add opening hours and prices where they matter; none were made up.",
        "Add the legal notice and privacy page that your country asks for.",
        "Read every page aloud once: speech recognition may have misheard a word.",
        "`colophon.html` shows your answers as you gave them; delete it if you like.",
    ]


def _check_files(folder: Path, report: Report) -> None:
    report.progress(85, "checking the site")
    verdict = check_site(folder)
    for fault in verdict.faults:
        report.log(f"fault: {fault}")
    if verdict.faults:
        raise WorkError(WorkErrorCode.CHECK_FAILED, "The finished site did not pass its own check.")
    report.log(f"checked {verdict.links} links: all lead somewhere, nothing is loaded from elsewhere")


def _swap(fresh: Path, folder: Path, old: Path) -> None:
    """Put the new folder in the old one's place; the old one goes with the temporary folder."""
    if folder.exists():
        shutil.move(str(folder), old)
    fresh.rename(folder)
