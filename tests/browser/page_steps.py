"""What page tests do over and over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from playwright.async_api import Locator, Page, expect
from wire_double import WireDouble

KEPT_TRACK = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await ask(wanted);
  window.track = stream.getAudioTracks()[0];
  return stream;
};
"""
"""Before the page: its microphone's track is then `window.track`."""


async def enter(page: Page, double: WireDouble, button: str = "start") -> None:
    """Start a session and wait until the page is connected and has said so."""
    await page.get_by_test_id(button).click()
    await expect(page.locator("body[data-link=live]")).to_have_count(1, timeout=10_000)
    await until(lambda: any(message.get("type") == "resume" for message in double.said))


async def until(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def state_of(page: Page) -> Locator:
    return page.get_by_test_id("state")
