"""Pictures of every state of the page, for people to look at.

`PYTHONPATH=. python tests/browser/screenshots.py OUT [only these states] [desk-light pixel-dark …]`
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import story
from page_browser import launch
from playwright.async_api import Browser, Page, async_playwright
from wire_double import Refusal, WireDouble

from orchestration import notices

SIZES = {
    "desk": (1440, 900),
    "tablet": (800, 1000),
    "pixel": (412, 915),
    "iphone": (390, 844),
    "small": (360, 640),
}
Step = Callable[[WireDouble, Page], Awaitable[None]]


async def _start(double: WireDouble, page: Page) -> None:
    await page.get_by_test_id("start").click()
    await page.wait_for_selector("body[data-link=live]")


async def _reconnecting(double: WireDouble, page: Page) -> None:
    double.refusals["POST", "/whip"] = Refusal(503, "draining", "The server is about to restart.")
    await double.drop_peers()
    await page.wait_for_selector("body[data-link=reconnecting]")


async def _again(double: WireDouble, page: Page) -> None:
    double.refusals.clear()
    await page.wait_for_selector("body[data-link=live]")


async def _error(double: WireDouble, page: Page) -> None:
    await double.tell(notices.Error("engine_lost", "The voices were lost for a moment."))


async def _inspect(double: WireDouble, page: Page) -> None:
    await page.get_by_test_id("inspect").click()


async def _close(double: WireDouble, page: Page) -> None:
    await page.keyboard.press("Escape")


def _tell(chapter: Callable[[WireDouble], Awaitable[None]]) -> Step:
    return lambda double, page: chapter(double)


async def _sheet(double: WireDouble, page: Page) -> None:
    if await page.get_by_test_id("sheet").is_visible():
        await page.get_by_test_id("sheet").click()


STEPS: list[tuple[str, Step]] = [
    ("room", _start),
    ("greeting", _tell(story.greeting)),
    ("interview", _tell(story.interview)),
    ("listening", _tell(story.listening)),
    ("recording", _tell(story.recording)),
    ("brief", _sheet),
    ("", _sheet),
    ("research", _tell(story.researching)),
    ("reconnecting", _reconnecting),
    ("", _again),
    ("researched", _tell(story.researched)),
    ("researched-sheet", _sheet),
    ("searched", _tell(story.searched)),
    ("building", _tell(story.building)),
    ("building-room", _sheet),
    ("", _sheet),
    ("watching", _tell(story.watching)),
    ("showcase", _tell(story.showcase)),
    ("error", _error),
    ("inspector", _inspect),
    ("", _close),
    ("approval", _tell(story.approval)),
    ("resolved", _tell(story.resolved)),
    ("summary", _tell(story.completed)),
]


async def _play(browser: Browser, out: Path, size: str, scheme: str, only: str) -> None:
    double = await WireDouble().start()
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=1,
        has_touch=size != "desk",
        permissions=["microphone"],
    )
    page = await context.new_page()
    page.on("console", lambda message: print(size, scheme, message.type, message.text))
    page.on("pageerror", lambda error: print(size, scheme, "ERROR", error))
    await page.goto(double.url)
    await page.wait_for_timeout(200)
    await page.screenshot(path=out / f"{size}-{scheme}-00-start.png")
    for number, (name, step) in enumerate(STEPS, 1):
        await step(double, page)
        await page.wait_for_timeout(1300 if name else 300)
        if name and only in name:
            await page.screenshot(path=out / f"{size}-{scheme}-{number:02}-{name}.png")
    await context.close()
    await double.stop()


async def main(out: Path, only: str, combinations: list[tuple[str, str]]) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        for size, scheme in combinations:
            await _play(browser, out, size, scheme, only)
        await browser.close()


if __name__ == "__main__":
    wanted = sys.argv[3:] or [f"{size}-{scheme}" for size in SIZES for scheme in ("light", "dark")]
    pairs = [(one.split("-")[0], one.split("-")[1]) for one in wanted]
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "", pairs))
