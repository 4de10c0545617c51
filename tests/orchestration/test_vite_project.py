"""The project that a site is built from: its own pages, colours and words, and texts that stay texts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from work_samples import BAKERY, HOSTILE, REPAIR, Remembered, answers

from orchestration.adapters import words
from orchestration.adapters.answers import KEYS
from orchestration.adapters.website.plan import Plan, plan_of
from orchestration.adapters.website.vite.blocks import PARTS
from orchestration.adapters.website.vite.project import FRAME, File, files, write
from orchestration.adapters.website.vite.tsx import attribute, drawing, in_html, inner

FIXTURES = Path(__file__).parents[1] / "fixtures"


def fixture(name: str) -> dict[str, str]:
    said = json.loads((FIXTURES / f"answers-{name}.json").read_text("utf-8"))["answers"]
    return dict(zip(KEYS, said, strict=True))


THREE = {name: fixture(name) for name in ("bakery", "repair", "yoga")}


def planned(texts: dict[str, str]) -> Plan:
    return plan_of(answers(texts), None, Remembered())


def project(texts: dict[str, str]) -> dict[str, str]:
    """Path → text, as it is in the end."""
    return {file.path: file.text for file in files(planned(texts))}


def told(source: dict[str, str]) -> str:
    """All words of the pages' files, lower case, single spaces."""
    texts = [text for path, text in source.items() if path.startswith("src/pages/") or path.endswith(".html")]
    return " ".join(" ".join(texts).lower().split())


@pytest.mark.parametrize("name", THREE)
def test_every_answer_is_in_the_source(name: str) -> None:
    text = told(project(THREE[name]))
    for key, answer in THREE[name].items():
        assert not [word for word in words.content_words(answer, 5) if word not in text], key


def test_three_businesses_get_three_projects() -> None:
    sources = {name: project(texts) for name, texts in THREE.items()}
    pages = {
        name: tuple(path for path in source if path.endswith(".html")) for name, source in sources.items()
    }
    assert len(set(pages.values())) == 3
    for path in ("src/theme.css", "src/business.ts", "src/art/Hero.tsx", "src/pages/Home.tsx", "README.md"):
        assert len({source[path] for source in sources.values()}) == 3, path
    assert "breathing" in told(sources["yoga"])
    assert "breathing" not in told(sources["bakery"])


def test_each_page_has_an_address_and_a_file_of_its_own() -> None:
    source = project(REPAIR)
    pages = {path: text for path, text in source.items() if path.endswith(".html")}
    assert set(pages) == {path for _, path in planned(REPAIR).pages} | {"colophon.html"}
    for path, text in pages.items():
        named = re.search(r'data-page="(\w+)"', text)
        assert named is not None
        assert f'<Layout current="{path}">' in source[f"src/pages/{named[1]}.tsx"]
    titles = [re.search(r"<title>(.*)</title>", text) for text in pages.values()]
    assert len({title[1] for title in titles if title}) == len(pages)


def test_what_a_page_imports_is_there() -> None:
    for texts in (*THREE.values(), BAKERY, REPAIR, HOSTILE):
        source = project(texts)
        for path, text in source.items():
            for place in re.findall(r'from "\.\./((?:art|components)/\w+)"', text):
                assert f"src/{place}.tsx" in source, (path, place)


def test_every_kind_of_block_is_a_component() -> None:
    pages = "home, about, services, menu, prices, gallery, booking, delivery"
    more = "faq, blog, reviews, opening hours, our cellar, contact"
    kinds = {
        block.kind
        for texts in (
            {**BAKERY, "pages": pages, "contact": "call 555 1234"},
            {**BAKERY, "pages": more, "contact": "call 555 1234"},
            {**BAKERY, "offer": "bread"},
            {**BAKERY, "offer": "bread rolls and cakes"},
        )
        for page in planned(texts).site.all_pages
        for block in page.blocks
    }
    assert kinds == set(PARTS)


def test_the_frame_comes_first_and_shows_the_name_at_once(tmp_path: Path) -> None:
    seen: list[File] = []
    written = write(planned(BAKERY), tmp_path, seen.append)
    frame = [file for file in seen if file.part == FRAME]
    assert seen[: len(frame) - 1] == frame[:-1]
    assert [frame[-2].path, frame[-3].path, frame[-1].path] == [
        "index.html",
        "src/pages/Home.tsx",
        "README.md",
    ]
    assert "Golden Crust Bakery" in frame[-3].text
    assert "Ways" not in frame[-3].text
    parts = list(dict.fromkeys(file.part for file in seen if file.part != FRAME))
    assert parts == ["Home", "About", "Menu", "Contact", "About this site"]
    assert {file.path for file in written} == {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert all((tmp_path / file.path).read_text("utf-8") == file.text for file in written)


def test_the_colours_are_custom_properties_for_day_and_night() -> None:
    plan = planned(BAKERY)
    theme = project(BAKERY)["src/theme.css"]
    assert f"--primary: light-dark({plan.look.light.primary}, {plan.look.dark.primary});" in theme
    assert "color-scheme: light dark;" in theme
    dark = project({**BAKERY, "style": "dark and moody"})["src/theme.css"]
    assert "color-scheme: dark;" in dark
    assert "light-dark" not in dark


def test_nothing_comes_from_elsewhere() -> None:
    allowed = {"https://vite.dev", "https://nodejs.org", "http://www.w3.org/2000/svg"}
    for path, text in project(BAKERY).items():
        if path != "package-lock.json":  # of each package it tells where its makers take money
            assert set(re.findall(r"https?://[^\s\"')]+", text)) <= allowed, path
    assert '"resolved"' not in project(BAKERY)["package-lock.json"]


def test_packages_are_pinned() -> None:
    package = json.loads(project(BAKERY)["package.json"])
    for version in (package["dependencies"] | package["devDependencies"]).values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_an_answer_that_closes_its_string_does_not_get_out() -> None:
    for path, text in project(HOSTILE).items():
        if path.startswith("src/pages/"):
            bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
            assert "alert" not in bare, path
            assert "<b>" not in bare, path


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_text_is_the_same_text_in_the_source(text: str) -> None:
    shown = inner(text, 6)
    if shown.strip().startswith("{"):
        assert json.loads(shown.strip()[1:-1]) == text
    else:
        assert " ".join(line.strip() for line in shown.split("\n")) == text
        assert not set(shown) & set("{}<>&")
    named = attribute("x", text)
    assert named == f'x="{text}"' if named[2] == '"' else json.loads(named[3:-1]) == text
    assert "%" not in in_html(text)


def test_a_drawing_is_a_component() -> None:
    shown = drawing("Icon", '<svg class="icon" viewBox="0 0 1 1"><path stroke-width="2" d="M0 0"/></svg>')
    assert '<svg className="icon" viewBox="0 0 1 1">' in shown
    assert '      <path strokeWidth="2" d="M0 0"/>\n    </svg>' in shown
