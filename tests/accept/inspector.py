"""A built site as its visitors get it: every page, narrow and wide, light and dark, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
)
WIDTHS_PX = (360, 1440)
SCHEMES = ("light", "dark")
AXE_CHECK = """async () => (await axe.run(document)).violations
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target}`))"""
FACTS = """() => ({
    title: document.title,
    description: document.querySelector("meta[name=description]")?.content ?? "",
    lang: document.documentElement.lang,
    headings: document.querySelectorAll("h1").length,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    text: document.body.innerText,
    links: [...document.querySelectorAll("a[href]")].map((link) => link.href),
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


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder at an address of its own, as any static host would serve it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def inspect(folder: Path, pictures: Path | None = None) -> Visit:
    """Visit every page in both widths and schemes; with `pictures`, leave a screenshot of each there."""
    visit = Visit()
    with served(folder) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, ignore_default_args=["--headless"], args=FLAGS.split()
        )
        for width in WIDTHS_PX:
            for scheme in SCHEMES:
                _walk(browser, site, width, scheme, visit, pictures)
        browser.close()
    titles = list(visit.titles.values())
    visit.faults += [f"two pages are called {title!r}" for title in set(titles) if titles.count(title) > 1]
    return visit


def _walk(browser: Browser, site: str, width: int, scheme: str, visit: Visit, pictures: Path | None) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    _listen(page, site, visit)
    seen: set[str] = set()
    waiting = [site]
    while waiting:
        address = waiting.pop().split("#")[0]
        path = urlsplit(address).path.removesuffix("index.html")
        if path in seen or not address.startswith(site):
            continue
        seen.add(path)
        page.goto(address, wait_until="networkidle")
        waiting += _look(
            page, f"{path} ({width} px, {scheme})", width == WIDTHS_PX[-1] and scheme == "light", visit
        )
        if pictures:
            pictures.mkdir(parents=True, exist_ok=True)
            name = path.strip("/").replace("/", "-").removesuffix(".html") or "index"
            page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)
    page.close()


def _listen(page: Page, site: str, visit: Visit) -> None:
    page.on("console", lambda message: visit.faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: visit.faults.append(f"error: {error}"))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((site, "data:"))
            else visit.faults.append(f"asked for {request.url}")
        ),
    )
    page.on(
        "response",
        lambda answer: visit.faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    )


def _look(page: Page, where: str, keep: bool, visit: Visit) -> list[str]:
    """Judge the page that is shown; returns where its links lead."""
    facts = page.evaluate(FACTS)
    page.evaluate(AXE)
    visit.faults += [f"{where}: {violation}" for violation in page.evaluate(AXE_CHECK)]
    visit.faults += [f"{where}: no {name}" for name in ("title", "description", "lang") if not facts[name]]
    if facts["headings"] != 1:
        visit.faults.append(f"{where}: {facts['headings']} h1")
    if facts["overflow"] > 0:
        visit.faults.append(f"{where}: {facts['overflow']} px too wide")
    if found := UNFINISHED.search(facts["text"]):
        visit.faults.append(f"{where}: says {found[0]!r}")
    visit.faults += [f"{where}: nothing is called {hash_}" for hash_ in facts["lost"]]
    if keep:
        visit.titles[urlsplit(page.url).path] = facts["title"]
        visit.words += " " + facts["text"]
        visit.colours |= set(facts["paint"]) - {"rgba(0, 0, 0, 0)"}
    return [str(link) for link in facts["links"]]
