"""A visitor of a built site: it is served as a file, walked through from link to link, and judged."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.async_api import Browser, BrowserContext, Page

WIDTHS_PX = (360, 1440)
AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
VIOLATIONS = """async () => {
  const { violations } = await axe.run(document, { preload: false });  // it would fetch the style sheets
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target}`));
}"""
SMALL_TARGETS = """[...document.querySelectorAll('nav a, a.button, .ways a')]
    .filter(link => link.getBoundingClientRect().height < 44).map(link => `small ${link.textContent}`)"""
OVERFLOW_PX = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LINKS = "[...document.querySelectorAll('a[href]')].map(link => link.href.split('#')[0])"

Look = Callable[[Page], Awaitable[list[str]]]
"""Judges the page that is shown: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The pages that were seen, by their paths in the site, and what is wrong."""

    pages: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, headers: Mapping[str, str], directory: str) -> None:
        self._headers = headers
        super().__init__(*arguments, directory=directory)  # type: ignore[arg-type]

    def end_headers(self) -> None:
        for name, value in self._headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        print(format % args, file=sys.stderr)


@contextmanager
def served(folder: Path, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """The folder at an address of its own, as any static host would serve it, or with more headers."""
    handler = partial(_Handler, headers=headers or {}, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def walk(context: BrowserContext, site: str, look: Look) -> Walk:
    """Every page of the site, from link to link; nothing may ask for, or lead to, anything elsewhere."""
    page, seen = await context.new_page(), Walk()
    _listen(page, site, seen.faults)
    waiting = [site]
    while waiting:
        address = waiting.pop().removesuffix("index.html")
        path = address.removeprefix(site)
        if path in seen.pages or address.startswith(("mailto:", "tel:")):
            continue
        seen.pages.append(path)
        if path == address:
            seen.faults.append(f"a link leads to {address}")
            continue
        await page.goto(address)
        wrong = await look(page)
        if (wide_px := await page.evaluate(OVERFLOW_PX)) > 0:
            wrong.append(f"{wide_px} px too wide")
        seen.faults.extend(f"/{path}: {one}" for one in wrong)
        waiting += await page.evaluate(LINKS)
    await page.close()
    return seen


async def narrow_and_wide(browser: Browser, site: str, look: Look) -> list[Walk]:
    """The site as it is on a phone and on a desk, both at the same time."""

    async def at(width_px: int) -> Walk:
        context = await browser.new_context(viewport={"width": width_px, "height": 800})
        seen = await walk(context, site, look)
        await context.close()
        return seen

    return await asyncio.gather(*(at(width_px) for width_px in WIDTHS_PX))


def _listen(page: Page, site: str, faults: list[str]) -> None:
    """Nobody says anything to the console, nothing is asked for elsewhere, nothing is missing."""
    ours = (site, "data:")
    page.on("console", lambda message: faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("request", lambda one: faults.extend([f"asked for {one.url}"] * (not one.url.startswith(ours))))
    page.on("response", lambda one: faults.extend([f"{one.status} {one.url}"] * (one.status >= 400)))


async def small_targets(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(SMALL_TARGETS)
    return found


async def violations(page: Page) -> list[str]:
    """What axe-core finds."""
    await page.evaluate(AXE.read_text("utf-8"))
    found: list[str] = await page.evaluate(VIOLATIONS)
    return found
