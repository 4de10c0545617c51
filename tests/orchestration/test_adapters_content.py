"""What the pages say: the owner's words, once a page, and nothing that fills a place or leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_vite_project import THREE, planned, project
from work_samples import BAKERY, REPAIR, Remembered, VisibleText, answers, visible

from orchestration.adapters import website, words
from orchestration.adapters.website.authored.brief import task
from orchestration.adapters.website.authored.kit import Draft
from orchestration.adapters.website.model import Block, Page

PAGES = "home, about, services, menu, prices, gallery, find us"
MORE_PAGES = "home, booking, delivery, faq, blog, reviews, opening hours, our cellar, contact"
CONTACT = "Call 555 1234 567\nhello@crust.org\n12 River Street\nMon-Fri 7-18"
BUSINESSES = [
    *THREE.values(),
    {**BAKERY, "offer": "bread and cakes", "pages": PAGES},
    {**BAKERY, "difference": "everything is baked at night. Everything is baked at night"},
    *({**one, "pages": pages} for one in (BAKERY, REPAIR) for pages in (PAGES, MORE_PAGES)),
]
FILLER = re.compile(
    r"say hello|when to find us|more about|step by step|changes\. ask us|name the price|until then"
    r"|this week's times|best work begins|short answers|first page of|in our own colours|made for"
    r"|shall we talk|how we like it|at Golden Crust|…",
    re.IGNORECASE,
)


def texts_of(page: Page) -> Iterator[str]:
    """What a page says, a text at a time."""
    yield page.lead
    for block in page.blocks:
        yield from (block.text, block.more, *(item.text for item in block.items))


def kinds_of(texts: dict[str, str]) -> dict[str, list[Block]]:
    """Kind of page → its blocks that show something."""
    pages = planned(texts).site.pages
    return {page.kind.kind: [block for block in page.blocks if not block.is_empty] for page in pages}


@pytest.mark.parametrize("contact", ["", CONTACT])
@pytest.mark.parametrize("texts", BUSINESSES)
def test_no_sentence_stands_twice_on_a_page(texts: dict[str, str], contact: str) -> None:
    for page in planned({**texts, "contact": contact}).site.pages:
        said = [one.lower() for text in texts_of(page) for one in words.sentences(text)]
        assert len(said) == len(set(said)), page.kind.title


@pytest.mark.parametrize("texts", BUSINESSES)
def test_there_is_no_filler_and_no_cut_sentence(texts: dict[str, str], tmp_path: Path) -> None:
    website.build(answers(texts), None, tmp_path / "site", Remembered())
    for path in (tmp_path / "site").glob("*.html"):
        assert not FILLER.search(VisibleText(path).text), path.name


@pytest.mark.parametrize("texts", BUSINESSES)
def test_what_a_link_promises_are_things_that_are_offered(texts: dict[str, str]) -> None:
    home = planned(texts).site.pages[0]
    rows = [item for block in home.blocks if block.kind == "ways" for item in block.items]
    assert len(rows) == len(planned(texts).pages) - 1
    for text in filter(None, (row.text for row in rows)):
        assert text.endswith(".")
        assert set(words.content_words(text)) <= set(words.content_words(texts["offer"]))


@pytest.mark.parametrize("contact", ["", CONTACT])
def test_lists_of_the_trade_stand_only_where_they_belong(contact: str) -> None:
    for pages in (PAGES, MORE_PAGES):
        for kind, blocks in kinds_of({**BAKERY, "pages": pages, "contact": contact}).items():
            of_trade = {block.kind for block in blocks} & {"steps", "list"}
            allowed = {"booking": {"steps", "list"}, "contact": {"list"}}.get(kind, set())
            assert of_trade <= allowed, kind


@pytest.mark.parametrize("texts", BUSINESSES)
def test_where_nothing_is_known_nothing_invites(texts: dict[str, str]) -> None:
    plan = planned(texts)
    assert plan.direct is None
    assert not {"contact", "address", "hours", "booking"} & {
        page.kind.kind for page in plan.site.pages if (page.kind.title, page.kind.path) in plan.actions
    }
    for blocks in kinds_of(texts).values():
        assert not {block.kind for block in blocks} & {"contact", "action", "list", "steps"}


def test_a_contact_page_that_was_asked_for_says_what_it_is_and_for_whom() -> None:
    page = next(page for page in planned(BAKERY).site.pages if page.kind.kind == "contact")
    assert "sourdough" in page.lead
    assert [block.kind for block in page.blocks if not block.is_empty] == ["audience"]


def test_every_page_tells_how_to_reach_the_business(tmp_path: Path) -> None:
    texts = {**BAKERY, "pages": MORE_PAGES, "contact": CONTACT}
    website.build(answers(texts), None, tmp_path / "site", Remembered())
    for path in (tmp_path / "site").glob("*.html"):
        foot = path.read_text("utf-8").split("<footer")[1]
        for known in ("tel:5551234567", "mailto:hello@crust.org", "12 River Street", "Mon-Fri 7-18"):
            assert known in foot, path.name
    home = (tmp_path / "site/index.html").read_text("utf-8").split("<main")[1].split("</section>")[0]
    assert '<a class="button quiet" href="tel:5551234567">Call 555 1234 567</a>' in home


def test_a_page_for_hours_or_the_address_begins_with_them() -> None:
    texts = {**BAKERY, "pages": "home, opening hours, address", "contact": CONTACT}
    leads = {page.kind.kind: page.lead for page in planned(texts).site.pages}
    assert (leads["hours"], leads["address"]) == ("Mon-Fri 7-18", "12 River Street")
    source = project(texts)
    assert '<Known kind="hours" />' in source["src/pages/OpeningHours.tsx"]
    assert '<Contact heading="Get in touch" without="hours" />' in source["src/pages/OpeningHours.tsx"]
    assert '{ kind: "hours", text: "Mon-Fri 7-18" }' in source["src/business.ts"]


def test_the_large_sentence_is_the_heading_and_its_label_is_none(tmp_path: Path) -> None:
    website.build(answers(BAKERY), None, tmp_path / "site", Remembered())
    home = (tmp_path / "site/index.html").read_text("utf-8")
    assert '<p class="label">Who we are here for</p>' in home
    assert '<h2 class="huge">Young families and office workers nearby.</h2>' in home


def test_of_a_long_text_the_first_sentence_alone_is_large() -> None:
    said = "We mill our own grain. Every loaf rests for two days. We bake at night and bring it to you."
    (block,) = (one for one in kinds_of({**BAKERY, "difference": said})["home"] if one.kind == "statement")
    assert block.text == "We mill our own grain."
    assert block.more.startswith("Every loaf rests")


@pytest.mark.parametrize("texts", BUSINESSES)
def test_the_owners_copy_of_the_brief_is_there_and_nothing_leads_to_it(
    texts: dict[str, str], tmp_path: Path
) -> None:
    website.build(answers(texts), None, tmp_path / "site", Remembered())
    pages = {path.name: path.read_text("utf-8") for path in (tmp_path / "site").glob("*.html")}
    assert '<meta name="robots" content="noindex">' in pages.pop("colophon.html")
    assert not [name for name, page in pages.items() if "colophon" in page or "noindex" in page]
    source = project(texts)
    assert '<meta name="robots" content="noindex" />' in source.pop("colophon.html")
    for path in ("README.md", "src/pages/Colophon.tsx"):
        assert "colophon.html" in source.pop(path)
    assert not [path for path, text in source.items() if "colophon" in text or "noindex" in text]


def test_how_it_should_look_is_for_no_visitor(tmp_path: Path) -> None:
    style = "velvety and windswept, with ochre"
    website.build(answers({**BAKERY, "pages": PAGES, "style": style}), None, tmp_path / "site", Remembered())
    (tmp_path / "site/colophon.html").unlink()
    assert not re.search("velvety|windswept|ochre", visible(tmp_path / "site"))


def test_who_else_writes_the_site_is_told_how_the_business_is_reached() -> None:
    draft = Draft((("Home", "index.html"),), {})
    assert "12 River Street" in task(website.Order(answers({**BAKERY, "contact": CONTACT})), draft)
    assert '"contact":' not in task(website.Order(answers(BAKERY)), draft)
