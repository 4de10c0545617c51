"""A site built by Vite in a real browser, as the preview serves it: without rights, of no origin."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.async_api import Browser
from test_built_site import ANSWERS, OVERFLOW, SMALL_TARGETS, WIDTHS_PX, QuietHandler, Silent, foreign
from test_page_looks import AXE

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
CHECK = """async () => {
  const { violations } = await axe.run(document, { preload: false });  // it would fetch the style sheets
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" ")}`);
}"""


class AsPreview(QuietHandler):
    """Serves files with the preview's headers."""

    def end_headers(self) -> None:
        for name, value in preview.HEADERS.items():
            self.send_header(name, value)
        super().end_headers()


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
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(AsPreview, directory=str(folder)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/site/"
    server.shutdown()
    thread.join()
    server.server_close()


async def walk(browser: Browser, site: str, width: int) -> list[str]:
    """Every page of the site, from link to link; returns what is wrong."""
    faults: list[str] = []
    context = await browser.new_context(viewport={"width": width, "height": 800})
    page = await context.new_page()
    page.on("console", lambda message: faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("request", lambda request: faults.extend(foreign(request.url, site)))
    page.on("response", lambda one: faults.extend([f"{one.status} {one.url}"] * (one.status >= 400)))
    seen: set[str] = set()
    waiting = [site + "index.html"]
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        await page.goto(address)
        await page.wait_for_function(ALIVE)
        waiting += await page.eval_on_selector_all("a[href]", "links => links.map(l => l.href.split('#')[0])")
        waiting = [one for one in waiting if not one.startswith(("mailto:", "tel:"))]
        wide, small = await page.evaluate(OVERFLOW), await page.evaluate(SMALL_TARGETS)
        faults += [f"{address}: {wide} px too wide at {width}"] * (wide > 0) + [
            f"{address}: {one}" for one in small
        ]
    await context.close()
    assert len(seen) == 8
    return faults


async def test_every_page_comes_alive_and_nothing_is_broken_at_any_width(
    chromium: Browser, site: str
) -> None:
    faults = await asyncio.gather(*(walk(chromium, site, width) for width in WIDTHS_PX))
    assert [fault for some in faults for fault in some] == []


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
        await page.evaluate(AXE.read_text())
        found[name] = await page.evaluate(CHECK)
    await context.close()
    assert {name: violations for name, violations in found.items() if violations} == {}


async def test_what_was_said_is_read_without_a_script(chromium: Browser, site: str) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site}services.html")
    assert STRANGE.strip() in await page.locator(".block-statement").inner_text()
    assert await page.locator("h1").inner_text() == "Services"
    await context.close()
