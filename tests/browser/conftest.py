"""One Chromium for a module of page tests; for each test a fresh double of the server and a fresh page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from page_browser import launch
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from wire_double import WireDouble


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def double() -> AsyncIterator[WireDouble]:
    double = await WireDouble().start()
    yield double
    await double.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """One profile for a module; what a session keeps is kept by its tab."""
    context = await chromium.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["microphone"], reduced_motion="reduce"
    )
    context.set_default_timeout(8000)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def tab(context: BrowserContext) -> AsyncIterator[Page]:
    """An empty tab, for tests that prepare the browser first. None may leave an error that nobody caught."""
    page = await context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    await page.close()
    assert broken == []


@pytest_asyncio.fixture(loop_scope="module")
async def page(tab: Page, double: WireDouble) -> Page:
    """The start screen."""
    await tab.goto(double.url)
    return tab
