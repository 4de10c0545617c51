"""What a site will be, before any builder writes it: trade, look, pages, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.adapters import words
from orchestration.adapters.answers import Answers
from orchestration.adapters.colour import AA_TEXT
from orchestration.adapters.look import Look, Scheme, contrasts, look_of
from orchestration.adapters.search import Research, Trade, catalogue, detect_trade
from orchestration.adapters.website import art
from orchestration.adapters.website.contact import Fact, direct, texts_of
from orchestration.adapters.website.content import PLACES, site_of
from orchestration.adapters.website.model import Page, Site
from orchestration.adapters.work import Report, WorkError, WorkErrorCode

LAYOUTS = 2
BANNER_LAYOUT = 2
LED_TO = ("menu", "offer", "booking", "gallery", "own", "about", "prices")
"""The kinds of pages to which the first screen leads, the best first."""
TITLE_WORDS_MAX = 14
LONG_NAME, VERY_LONG_NAME = 16, 34
STILL_OPEN = {
    "hours": "Add your opening hours; none were made up.",
    "address": "Add your address; none was made up.",
    "prices": "Add your prices; none were made up.",
    "reviews": "Add what customers really wrote about you; nothing was made up.",
}
"""What a page is for and only the owner can add, by its kind."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided. `lowest` is the least contrast of a text with its ground."""

    answers: Answers
    trade: Trade
    look: Look
    site: Site
    lowest: float

    @property
    def shown(self) -> Scheme:
        """The colours that a visitor meets by default."""
        return self.look.dark if self.look.is_dark else self.look.light

    @property
    def layout(self) -> int:
        """Picture right, picture left, or, where the drawing can be wide, a banner."""
        if self.look.shapes == "bauhaus" and self.look.seed >> 3 & 1:
            return BANNER_LAYOUT
        return (self.look.seed >> 4) % LAYOUTS

    @property
    def hero(self) -> str:
        """The home page's drawing, markup of ours."""
        title = f"A drawing for our {self.trade.label}"
        if self.layout == BANNER_LAYOUT:
            return art.banner(self.trade.id, self.look.seed, title)
        return art.hero(self.look.shapes, self.trade.id, self.look.seed, title)

    @property
    def name_class(self) -> str:
        """How the name is set: a long one smaller."""
        name = self.site.name
        longest_word = max(len(word) for word in name.split())
        if len(name) > VERY_LONG_NAME or longest_word > LONG_NAME:
            return "very-long"
        return "long" if len(name) > LONG_NAME or longest_word > LONG_NAME * 2 // 3 else ""

    @property
    def actions(self) -> tuple[tuple[str, str], ...]:
        """Where the first screen leads, as (title, path): the offer; one more where nobody can be called.

        A page for booking is among them only where one can get in touch.
        """
        led_to = LED_TO if self.direct else [kind for kind in LED_TO if kind != "booking"]
        offers = [page for kind in led_to for page in self.site.pages if page.kind.kind == kind]
        places = [page for page in self.site.pages if page.kind.kind in PLACES and self.site.contact]
        more = [] if self.direct else [*places, *offers[1:]][:1]
        return tuple((page.kind.title, page.kind.path) for page in (*offers[:1], *more))

    @property
    def direct(self) -> Fact | None:
        """The button beside these: a number to call, else an e-mail address."""
        return next(iter(direct(self.site.contact)), None)

    @property
    def sizes(self) -> tuple[str, ...]:
        """The type scale above the text's own size, in rem."""
        return tuple(f"{1.0625 * self.look.manner.scale**step:.3f}" for step in (1.5, 3, 4.4, 5.6))

    @property
    def pages(self) -> tuple[tuple[str, str], ...]:
        """(title, path), without the colophon."""
        return tuple((page.kind.title, page.kind.path) for page in self.site.pages)

    def title(self, page: Page) -> str:
        """What the browser's tab says."""
        if page.kind.kind != "home":
            return f"{page.kind.title} · {self.site.name}"
        lead = words.whole(page.lead, TITLE_WORDS_MAX).rstrip(".") or self.site.eyebrow
        return f"{self.site.name} · {lead}" if lead else self.site.name

    def missing(self) -> list[str]:
        """What only the owner can add."""
        things = [
            f"You left a question open ({key}); tell us and the site can say it."
            for key in self.answers.unanswered()
        ]
        if not direct(self.site.contact):
            things.append("Add a telephone number or an e-mail address; none was made up.")
        things += [
            sentence
            for kind, sentence in STILL_OPEN.items()
            if kind in {page.kind.kind for page in self.site.pages} and not texts_of(self.site.contact, kind)
        ]
        return [
            *things,
            "Add the legal notice and privacy page that your country asks for.",
            "Read every page aloud once: speech recognition may have misheard a word.",
        ]


def plan_of(answers: Answers, research: Research | None, report: Report) -> Plan:
    """Decide, and say so. Raises WorkError `check_failed` when a text could not be read on its ground."""
    known = catalogue().get(research.trade) if research else None
    trade = known or detect_trade(answers)
    look = look_of(answers, trade)
    site = site_of(answers, trade, look)
    plan = Plan(answers, trade, look, site, min(ratio for _, ratio in contrasts(look)))
    _announce(plan, report)
    _check_contrast(look, report)
    return plan


def _announce(plan: Plan, report: Report) -> None:
    look, site, shown = plan.look, plan.site, plan.shown
    report.log(f"brief: {site.name}")
    report.log(f"trade: {plan.trade.label}")
    report.log(f"pages: {words.listing([page.kind.title for page in site.pages])}")
    report.progress(15, "planning the pages")
    report.log(f"palette: {look.palette}, manner: {look.manner.name}, drawing: {look.shapes}")
    report.log(f"colours: {shown.primary} {shown.accent} on {shown.ground}, text {shown.ink}")
    report.progress(30, "choosing colours and type")


def _check_contrast(look: Look, report: Report) -> None:
    found = contrasts(look)
    for what, ratio in found:
        report.log(f"contrast {ratio:5.2f}:1  {what}")
    what, lowest = min(found, key=lambda pair: pair[1])
    if lowest < AA_TEXT:
        raise WorkError(
            WorkErrorCode.CHECK_FAILED, f"The colours are not readable enough ({what}, {lowest:.2f}:1)."
        )
