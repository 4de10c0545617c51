"""A built site in a real browser: nothing foreign is asked for, nothing is broken, it fits the screen."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright

from orchestration.adapters import website
from orchestration.adapters.answers import Answers

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
)
WIDTHS_PX = (360, 1440)
ANSWERS = {
    "name": "Chez Zoé & Fils Incorporated Extraordinarilylongname",
    "offer": "we repair bicycles and old motorbikes and sell used parts " * 6,
    "audience": "our customers are commuters students and couriers " + "x" * 300,
    "difference": "because we show you what we fix and you only pay when it works",
    "pages": "home services prices gallery questions booking opening hours blog reviews contact",
    "style": "playful pink and teal",
}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL_TARGETS = """[...document.querySelectorAll('nav a, a.button, .ways a')]
    .filter(link => link.getBoundingClientRect().height < 44).map(link => link.textContent)"""


class Silent:
    def log(self, line: str) -> None: ...

    def progress(self, percent: int, message: str) -> None: ...


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        print(format % args, file=sys.stderr)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a site that was built from awkward answers."""
    folder = tmp_path / "site"
    website.build(Answers.of({"brief": ANSWERS}), None, folder, Silent())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


async def visit(browser: Browser, site: str, width: int) -> list[str]:
    """Walk through every page of the site; returns what is wrong."""
    faults: list[str] = []
    page = await browser.new_page(viewport={"width": width, "height": 800})
    page.on("console", lambda message: faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("request", lambda request: faults.extend(foreign(request.url, site)))
    page.on(
        "response", lambda answer: faults.extend([f"{answer.status} {answer.url}"] * (answer.status >= 400))
    )
    seen: set[str] = set()
    waiting = [site + "index.html"]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        await page.goto(address)
        waiting += await page.eval_on_selector_all("a[href]", "links => links.map(l => l.href.split('#')[0])")
        faults += await look(page, width)
    await page.close()
    assert len(seen) >= 8
    return faults


async def look(page: Page, width: int) -> list[str]:
    wide = await page.evaluate(OVERFLOW)
    small = await page.evaluate(SMALL_TARGETS)
    where = urlsplit(page.url).path
    return [f"{where}: {wide} px too wide at {width}"] * (wide > 0) + [
        f"{where}: small {text}" for text in small
    ]


def foreign(address: str, site: str) -> list[str]:
    return [] if address.startswith((site, "data:")) else [f"asked for {address}"]


@pytest.mark.browser
async def test_a_built_site_is_whole_and_asks_for_nothing_from_elsewhere(site: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, ignore_default_args=["--headless"], args=FLAGS.split()
        )
        faults = await asyncio.gather(*(visit(browser, site, width) for width in WIDTHS_PX))
        await browser.close()
    assert [fault for some in faults for fault in some] == []
