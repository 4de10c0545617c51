"""Before the human's eyes: the real page, jobs, sandbox, Vite and Chromium; only the talk is left out."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import FrameLocator, Page, async_playwright, expect
from sessions import Note

from orchestration import events, notices
from server.app import bare_app, house
from server.jobs.runner import JobRunner
from server.session import Session
from server.sessions import SESSIONS
from server.settings import Settings
from tests.browser.page_browser import launch
from tests.server.signalling_fakes import FakeDirector, fake_crew

ANSWERS = {
    "name": "Lantern and Loaf",
    "offer": "sourdough bread, cinnamon buns and slow breakfasts",
    "audience": "families of the neighbourhood and commuters",
    "difference": "we mill our own grain",
    "pages": "home, our breads, opening hours and contact",
    "style": "warm cream and dark brown, calm and handmade",
}
LOOKOUT = """if (window !== top) {
  window.colours = [];
  const one = document.createElement("i");
  one.style.color = "var(--primary)";
  const look = () => {
    requestAnimationFrame(look);
    if (!document.body) return;
    if (!one.isConnected) document.documentElement.append(one);
    if (!getComputedStyle(one).getPropertyValue("--primary")) return;
    const { color } = getComputedStyle(one);
    if (window.colours.at(-1) !== color) window.colours.push(color);
  };
  look();
}"""
"""In every page of a frame: the main colours that it has had, frame by frame."""
COLOURS = "() => window.colours"
SIZES = {"desk": (1440, 900), "phone": (360, 740)}
PATIENCE_MS = 60_000
pytestmark = pytest.mark.accept


class Alex(FakeDirector):
    """Tells of his work as the Director does."""

    def build(self, job: str, style: str) -> None:
        self.publish(notices.JobStarted(job, "website", "Building your website"))
        self.jobs.start(job, "website", {"brief": {**ANSWERS, "style": style}})

    def post(self, event: events.Event) -> None:
        super().post(event)
        match event:
            case events.JobProgressed():
                self.publish(notices.JobProgress(event.job, "website", event.percent, event.message))
            case events.JobFinished():
                self.publish(notices.JobDone(event.job, event.kind))
                self.publish(notices.SiteReady("", event.result))
            case events.JobFailed():
                self.publish(notices.JobFailure(event.job, event.kind, event.code, event.reason))
            case _:
                pass


@asynccontextmanager
async def workshop(data: Path) -> AsyncIterator[tuple[str, web.Application]]:
    settings = Settings(data=data, max_load_percent=1000)
    app = bare_app(settings)
    runner = JobRunner(data)
    house(app, replace(fake_crew(Alex), workshop=runner))
    served = web.AppRunner(app, shutdown_timeout=1.0)
    await served.setup()
    runner.warm()
    await web.TCPSite(served, "127.0.0.1", 0).start()
    host, port = served.addresses[0][:2]
    try:
        yield f"http://{host}:{port}", app
    finally:
        await served.cleanup()
        await runner.close()


async def picture(page: Page, name: str) -> None:
    """A screenshot, where a folder is named to look at them."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/live-{name}.png")


def seen(page: Page, testid: str) -> FrameLocator:
    return page.frame_locator(f"[data-testid={testid}]")


@dataclass
class Watched:
    """What was seen of one build: how soon (s), which colours, the last how long before its end (s)."""

    after_s: float
    colours: list[str]
    before_s: float = 0.0


async def live(page: Page, session: Session, job: str, size: str) -> Watched:
    """Watch a build until the built site is shown."""
    began = time.perf_counter()
    frame = page.get_by_test_id("live-frame")
    await expect(seen(page, "live-frame").locator("h1")).to_have_text(ANSWERS["name"], timeout=PATIENCE_MS)
    watched = Watched(time.perf_counter() - began, [])
    root = seen(page, "live-frame").locator("html")
    changed, looks = time.perf_counter(), 0
    while not ended(session, job):
        colours = await root.evaluate(COLOURS)
        if colours != watched.colours:
            watched.colours, changed = colours, time.perf_counter()
        looks += 1
        if looks in (1, 8, 15):
            await picture(page, f"{size}-{job}-{looks}")
        await asyncio.sleep(0.05)
    watched.before_s = time.perf_counter() - changed
    await expect(page.get_by_test_id("site-frame")).to_have_attribute(
        "data-there", "true", timeout=PATIENCE_MS
    )
    await expect(frame).to_have_count(0)
    await picture(page, f"{size}-{job}-built")
    return watched


def ended(session: Session, job: str) -> bool:
    return any(one.type == "job.finished" and f'"{job}"' in one.text for one in session.events.after(0))


async def colour(page: Page) -> str:
    root = seen(page, "site-frame").locator("html")
    (found,) = await root.evaluate(COLOURS)
    return str(found)


@pytest.mark.parametrize("size", SIZES)
async def test_the_site_changes_while_alex_writes_and_when_its_colour_is_changed(
    note: Note, tmp_path: Path, size: str
) -> None:
    async with workshop(tmp_path) as (url, app), async_playwright() as playwright:
        browser = await launch(playwright)
        width, height = SIZES[size]
        page = await browser.new_page(viewport={"width": width, "height": height})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        await page.add_init_script(LOOKOUT)
        await page.goto(url)
        await page.get_by_test_id("start").click()
        await expect(page.locator("body[data-link=live]")).to_have_count(1, timeout=PATIENCE_MS)
        (session,) = app[SESSIONS]._sessions.values()
        alex = session.director
        assert isinstance(alex, Alex)
        alex.build("j1", ANSWERS["style"])
        first = await live(page, session, "j1", size)
        brown = await colour(page)
        alex.build("j2", "fresh green, calm and handmade")
        second = await live(page, session, "j2", size)
        green = await colour(page)
        await browser.close()
    note(
        point=f"The live preview, {width} px",
        required="the page is seen while it is written; a new colour comes before the built site; no error",
        measured=f"seen {first.after_s:.1f} s after the start of the build; the new colour "
        f"{second.before_s:.1f} s before the built site; {len(faults)} errors in the console",
    )
    assert faults == []
    assert first.colours == [brown]
    assert second.colours == [brown, green]
    assert green != brown
