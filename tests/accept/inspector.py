"""A built site as its visitors get it: every page, narrow and wide, light and dark, in a real browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, async_playwright

from tests.browser.page_browser import launch
from tests.browser.site_walk import WIDTHS_PX, served, violations, walk

Scheme = Literal["light", "dark"]
SCHEMES: Sequence[Scheme] = ("light", "dark")
FACTS = """() => ({
    title: document.title,
    description: document.querySelector("meta[name=description]")?.content ?? "",
    lang: document.documentElement.lang,
    headings: document.querySelectorAll("h1").length,
    text: document.body.innerText,
    lost: [...document.querySelectorAll("a[href*='#']")]
        .filter((link) => link.pathname === location.pathname && link.hash.length > 1)
        .filter((link) => !document.getElementById(decodeURIComponent(link.hash.slice(1))))
        .map((link) => link.hash),
    paint: [document.body, ...document.querySelectorAll("header, h1, a, section, .button")]
        .flatMap((it) => [getComputedStyle(it).backgroundColor, getComputedStyle(it).color]),
})"""
UNFINISHED = re.compile(
    r"lorem ipsum|\bTODO\b|\bundefined\b|\bNaN\b|\[object |\{\{|\}\}|example\.(com|org)|\bplaceholder\b"
    r"|your (business|company|name) here",
)


@dataclass(slots=True)
class Visit:
    """What was found on a site: `faults` are sentences, the rest is of the pages seen wide and light."""

    faults: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    words: str = ""
    colours: set[str] = field(default_factory=set)


def inspect(folder: Path, pictures: Path | None = None) -> Visit:
    """Visit every page in both widths and schemes; with `pictures`, leave a screenshot of each there."""
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_inspect(folder, pictures))


async def _inspect(folder: Path, pictures: Path | None) -> Visit:
    visit = Visit()
    with served(folder) as site:
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            for width_px in WIDTHS_PX:
                for scheme in SCHEMES:
                    await _see(browser, site, width_px, scheme, visit, pictures)
            await browser.close()
    titles = list(visit.titles.values())
    visit.faults += [f"two pages are called {title!r}" for title in set(titles) if titles.count(title) > 1]
    return visit


async def _see(
    browser: Browser, site: str, width_px: int, scheme: Scheme, visit: Visit, pictures: Path | None
) -> None:
    context = await browser.new_context(
        viewport={"width": width_px, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )

    async def look(page: Page) -> list[str]:
        await page.wait_for_load_state("networkidle")
        wrong = await _judge(page, visit if (width_px, scheme) == (WIDTHS_PX[-1], "light") else Visit())
        if pictures:
            name = urlsplit(page.url).path.strip("/").replace("/", "-").removesuffix(".html") or "index"
            picture = pictures / f"{name}-{width_px}-{scheme}.png"
            await page.screenshot(path=picture, full_page=True)
        return wrong

    seen = await walk(context, site, look)
    visit.faults += [f"{fault} ({width_px} px, {scheme})" for fault in seen.faults]
    await context.close()


async def _judge(page: Page, visit: Visit) -> list[str]:
    """What is wrong with the page that is shown; what it shows is kept in the visit."""
    facts = await page.evaluate(FACTS)
    wrong = await violations(page)
    wrong += [f"no {name}" for name in ("title", "description", "lang") if not facts[name]]
    if facts["headings"] != 1:
        wrong.append(f"{facts['headings']} h1")
    if found := UNFINISHED.search(facts["text"]):
        wrong.append(f"says {found[0]!r}")
    wrong += [f"nothing is called {hash_}" for hash_ in facts["lost"]]
    visit.titles[urlsplit(page.url).path] = facts["title"]
    visit.words += " " + facts["text"]
    visit.colours |= set(facts["paint"]) - {"rgba(0, 0, 0, 0)"}
    return wrong
