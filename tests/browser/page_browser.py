"""Chromium as the page's tests launch it: real WebRTC, a false microphone, no throttling."""

from __future__ import annotations

from playwright.async_api import Browser, Playwright

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]


async def launch(playwright: Playwright) -> Browser:
    return await playwright.chromium.launch(
        executable_path="/usr/bin/chromium", ignore_default_args=["--mute-audio", "--headless"], args=FLAGS
    )
