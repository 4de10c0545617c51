"""A site built by Vite in a real browser, as the preview serves it: without rights, of no origin."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page
from site_walk import narrow_and_wide, served, small_targets, violations
from test_built_site import ANSWERS, Silent

from orchestration.adapters import website
from orchestration.adapters.answers import Answers
from orchestration.adapters.sandbox import Missing, probe
from orchestration.adapters.website.vite.builder import ViteBuilder
from orchestration.adapters.website.vite.template import template
from orchestration.adapters.work import Means
from server import preview

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

STRANGE = " {alert(1)} `ticks` </script> %MODE% import.meta.env.MODE 🥐"
CONTACT = "call 555 1234 567, anna@bread.org, 12 River Street, Mon-Fri 9-5, Ring twice"
ALIVE = "Object.keys(document.querySelector('#root > *')).some((key) => key.startsWith('__react'))"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site that was built from awkward answers, below a path as the preview's."""
    missing = [one for one in (probe(), template(Means(), Silent())) if isinstance(one, Missing)]
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing[0].reason)
    folder = tmp_path_factory.mktemp("session")
    answers = {**ANSWERS, "difference": ANSWERS["difference"] + STRANGE, "contact": CONTACT}
    result = ViteBuilder().build(website.Order(Answers.of({"brief": answers})), folder, Silent())
    assert (result.kind, result.because) == ("vite", "")
    with served(folder, preview.HEADERS) as address:
        yield f"{address}site/"


async def alive(page: Page) -> list[str]:
    await page.wait_for_function(ALIVE)
    return await small_targets(page)


async def test_every_page_comes_alive_and_nothing_is_broken_at_any_width(
    chromium: Browser, site: str
) -> None:
    seen = await narrow_and_wide(chromium, site, alive)
    assert [fault for one in seen for fault in one.faults] == []
    assert [len(one.pages) for one in seen] == [8, 8]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_a_built_site(chromium: Browser, site: str, scheme: str) -> None:
    dark = scheme == "dark"
    context = await chromium.new_context(
        viewport={"width": 1440 if dark else 360, "height": 800}, color_scheme="dark" if dark else "light"
    )
    page = await context.new_page()
    found = {}
    for name in ("index", "services", "gallery", "questions", "booking", "colophon"):
        await page.goto(f"{site}{name}.html")
        found[name] = await violations(page)
    await context.close()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


async def test_what_was_said_is_read_without_a_script(chromium: Browser, site: str) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site}services.html")
    assert STRANGE.strip() in await page.locator(".block-statement").inner_text()
    assert await page.locator("h1").inner_text() == "Services"
    await context.close()
