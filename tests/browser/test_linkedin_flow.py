"""From “Connect LinkedIn” to the published post in Chromium, against the strict fake."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from marketing import Office, office
from page_browser import launch
from page_steps import until
from playwright.async_api import Page, async_playwright, expect

from tests.fakes.linkedin import NAME, PERSON

SIZES = {"desk": (1440, 900), "phone": (360, 740)}


async def picture(page: Page, name: str) -> None:
    """A screenshot, where a folder is named to look at them."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.wait_for_timeout(400)
        await page.screenshot(path=f"{folder}/linkedin-{name}.png")


async def sign_in(page: Page, decision: str) -> Page:
    """Press the button and decide in LinkedIn's own window; returns that window."""
    async with page.expect_popup() as opening:
        await page.get_by_test_id("connect").click()
    window = await opening.value
    await window.locator(f"#{decision}").click()
    return window


async def flow(page: Page, room: Office, size: str) -> None:
    linkedin = room.linkedin
    await page.goto(room.url)
    await page.get_by_test_id("example").click()
    account, failure = page.get_by_test_id("account-as"), page.get_by_test_id("post-failure")
    approve, status = page.get_by_test_id("approve"), page.get_by_test_id("post-status")
    await expect(approve).to_be_visible(timeout=20_000)
    await expect(account).to_contain_text("saved as a draft")
    await picture(page, f"{size}-1-not-connected")

    window = await sign_in(page, "cancel")
    await expect(window.locator("h1")).to_have_text("You did not connect LinkedIn")
    await window.locator("button").click()
    await until(window.is_closed)
    window = await sign_in(page, "allow")
    await expect(account).to_contain_text(f"LinkedIn: {NAME}")
    await until(window.is_closed)  # by itself
    await picture(page, f"{size}-2-connected")

    for trouble, words in (("429", "takes no more posts"), ("503", "had a fault")):
        linkedin.troubles.append(trouble)
        await approve.click()
        await expect(failure).to_contain_text(words, timeout=15_000)
        await expect(approve).to_be_enabled()
        await picture(page, f"{size}-3-failed-{trouble}")
    for grant in linkedin.tokens.values():
        grant.expired = True
    await approve.click()
    await expect(failure).to_contain_text("sign-in has expired", timeout=15_000)
    await expect(account).to_contain_text("Not connected")
    assert linkedin.posts == []

    await sign_in(page, "allow")
    await expect(account).to_contain_text(f"LinkedIn: {NAME}")
    await approve.dblclick()
    await expect(status).to_contain_text("Published.", timeout=15_000)
    await expect(failure).to_be_hidden()
    await picture(page, f"{size}-4-published")
    await judge(page, room)


async def judge(page: Page, room: Office) -> None:
    """What LinkedIn has is what the page showed, to the letter and to the byte."""
    (post,) = room.linkedin.posts
    assert post.shown == await page.get_by_test_id("post-text").input_value()
    assert post.author == f"urn:li:person:{PERSON}"
    image = page.get_by_test_id("post-image")
    assert post.alt == await image.get_attribute("alt")
    (session,) = [path.parent for path in room.data.rglob("publication.json")]
    name = str(await image.get_attribute("src")).split("/assets/")[1].split("?")[0]
    assert room.linkedin.images[post.image].content == (session / "assets" / name).read_bytes()
    link = page.get_by_test_id("post-status").locator("a")
    assert await link.get_attribute("href") == f"https://www.linkedin.com/feed/update/{post.urn}/"
    await page.get_by_test_id("disconnect").click()
    await expect(page.get_by_test_id("account-as")).to_contain_text("Not connected")
    assert not list(room.data.rglob("account.sealed"))


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.parametrize("size", SIZES)
async def test_connect_approve_and_publish(tmp_path: Path, size: str) -> None:
    width, height = SIZES[size]
    async with office(tmp_path) as room, async_playwright() as playwright:
        browser = await launch(playwright)
        try:
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                permissions=["microphone"],
                reduced_motion="reduce",
            )
            page = await context.new_page()
            problems: list[str] = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            await flow(page, room, size)
            assert problems == []
        finally:
            await browser.close()
