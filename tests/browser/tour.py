"""Real sessions ("Show me an example"), pictured phase by phase, and how exactly their captions light.

`PYTHONPATH=. python tests/browser/tour.py OUT [desk-light pixel-dark iphone-light small-light …]`
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import lighting
from page_browser import launch
from playwright.async_api import Browser, Page, async_playwright
from product import running

SIZES = {
    "desk": (1440, 900, 1.0),
    "pixel": (412, 915, 2.625),
    "iphone": (390, 844, 3.0),
    "small": (360, 640, 2.0),
}
SESSION_S = 240.0
SETTLE_S = 3.0
NOW = "document.querySelector('#phases [aria-current]')?.dataset.testid ?? ''"


class Tour:
    """One session at one size, pictured."""

    def __init__(self, page: Page, out: Path, label: str) -> None:
        self.page, self.out, self.label = page, out, label
        self.count = 0

    async def picture(self, name: str) -> None:
        await self.page.screenshot(path=self.out / f"{self.label}-{self.count:02}-{name}.png")
        self.count += 1

    async def both(self, name: str) -> None:
        """As the page stands and, on a phone, with the sheet the other way too."""
        await self.picture(name)
        sheet = self.page.get_by_test_id("sheet")
        if not await sheet.is_visible():
            return
        opened = await sheet.get_attribute("aria-expanded") == "true"
        await sheet.click()
        await asyncio.sleep(0.4)
        await self.picture(f"{name}-{'closed' if opened else 'open'}")
        await sheet.click()

    async def hold(self, url: str) -> None:
        await self.page.goto(url)
        await asyncio.sleep(1)
        await self.picture("start")
        await self.page.get_by_test_id("example").click()
        seen = ""
        async with asyncio.timeout(SESSION_S):
            while not await self.page.get_by_test_id("summary").is_visible():
                now = await self.page.evaluate(NOW)
                if now and now != seen:
                    seen = now
                    await asyncio.sleep(SETTLE_S)
                    await self.both(now.removeprefix("phase-"))
                await self.decide()
                await asyncio.sleep(0.2)
        await asyncio.sleep(2.5)
        await self.both("summary")

    async def decide(self) -> None:
        approve = self.page.get_by_test_id("approve")
        if await approve.is_visible() and await approve.is_enabled():
            await asyncio.sleep(1.5)
            await self.both("approval")
            await approve.click()
            await asyncio.sleep(1)
            await self.both("approved")


async def one(browser: Browser, url: str, out: Path, size: str, scheme: str) -> None:
    width, height, dpr = SIZES[size]
    phone = size != "desk"
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=dpr,
        is_mobile=phone,
        has_touch=phone,
        color_scheme="dark" if scheme == "dark" else "light",
        permissions=["microphone"],
    )
    page = await context.new_page()
    page.on("console", lambda m: print(size, scheme, m.type, m.text, m.location, flush=True))
    page.on("pageerror", lambda error: print(size, scheme, "ERROR", error, flush=True))
    await page.add_init_script(lighting.WATCH)
    tour = Tour(page, out, f"{size}-{scheme}")
    await tour.hold(url)
    print(size, scheme, json.dumps((await lighting.figures(page)).told()), flush=True)
    await context.close()


async def main(out: Path, wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        async with running(data) as product, async_playwright() as playwright:
            browser = await launch(playwright)
            for name in wanted:
                size, scheme = name.split("-")
                await one(browser, product.url, out, size, scheme)
            await browser.close()


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:] or [f"{size}-light" for size in SIZES]))
