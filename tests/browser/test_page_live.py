"""The site is watched while it is written, and gives way to the built one without a flash."""

from __future__ import annotations

import asyncio

import pytest
import story
from page_steps import enter
from playwright.async_api import Page, Route, expect
from wire_double import WireDouble

from orchestration import notices

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_the_page_is_seen_beside_the_terminal_as_a_stranger(page: Page, double: WireDouble) -> None:
    await page.set_viewport_size({"width": 1440, "height": 900})
    await enter(page, double)
    await story.building(double)
    await story.watching(double)
    frame = page.get_by_test_id("live-frame")
    await expect(frame).to_have_attribute("data-there", "true")
    assert "allow-same-origin" not in str(await frame.get_attribute("sandbox"))
    await double.tell(notices.JobLog("j2", "website", 8, tuple(f"{n} {'word ' * 30}" for n in range(90))))
    hidden = "(one) => one.scrollHeight - one.scrollTop - one.clientHeight"
    await expect(page.get_by_text("89 word")).to_be_in_viewport()
    live, terminal = await frame.bounding_box(), await page.get_by_test_id("terminal").bounding_box()
    assert live is not None
    assert terminal is not None
    assert terminal["x"] + terminal["width"] < live["x"]
    assert live["width"] > 400
    await expect(page.locator(".site-head .fine")).to_have_text("Live: it changes as Alex writes it")
    await expect(page.locator(".site-head a")).to_be_hidden()
    await page.set_viewport_size({"width": 1240, "height": 900})  # narrower: each line takes more
    await page.wait_for_timeout(300)
    assert await page.get_by_test_id("terminal").evaluate(hidden) < 40


async def test_on_a_phone_it_is_above_the_terminal(page: Page, double: WireDouble) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await enter(page, double)
    await story.building(double)
    await story.watching(double)
    frame = page.get_by_test_id("live-frame")
    await expect(frame).to_be_in_viewport()  # the sheet came up by itself
    live, terminal = await frame.bounding_box(), await page.get_by_test_id("terminal").bounding_box()
    assert live is not None
    assert terminal is not None
    assert live["y"] + live["height"] < terminal["y"]
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_it_stays_until_the_built_site_is_there(page: Page, double: WireDouble) -> None:
    held = asyncio.Event()

    async def later(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.route("**/preview/demo/", later)
    await enter(page, double)
    await story.building(double)
    await story.watching(double)
    live, built = page.get_by_test_id("live-frame"), page.get_by_test_id("site-frame")
    await expect(live).to_have_attribute("data-there", "true")
    await story.showcase(double)
    await expect(built).to_have_attribute("data-there", "false")
    await expect(live).to_have_attribute("data-there", "true")
    held.set()
    await expect(built).to_have_attribute("data-there", "true")
    await expect(live).to_have_count(0)
    await expect(page.locator(".site-head a")).to_be_visible()


async def test_after_a_failed_change_the_site_from_before_is_shown(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.building(double)
    await story.showcase(double)
    await expect(page.get_by_test_id("site-frame")).to_have_attribute("data-there", "true")
    await double.tell(notices.JobStarted("j3", "website", "Changing your website"))
    await story.watching(double)
    await expect(page.get_by_test_id("live-frame")).to_have_attribute("data-there", "true")
    await expect(page.get_by_test_id("site-frame")).to_have_count(0)
    await double.tell(
        notices.SiteBuilding("", False), notices.JobFailure("j3", "website", "crashed", "It broke.")
    )
    await expect(page.get_by_test_id("site-frame")).to_have_attribute("data-there", "true")
    await expect(page.get_by_test_id("live-frame")).to_have_count(0)


async def test_without_a_site_from_before_nothing_is_left_of_a_failed_one(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.building(double)
    await story.watching(double)
    await expect(page.get_by_test_id("live-frame")).to_have_count(1)
    await double.tell(notices.JobFailure("j2", "website", "crashed", "It broke."))
    await expect(page.locator(".frames iframe")).to_have_count(0)
    await expect(page.locator(".site")).to_be_hidden()


async def test_a_preview_of_the_past_is_not_opened_after_a_reload(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.building(double)
    await story.watching(double)
    await story.showcase(double)
    await expect(page.get_by_test_id("site-frame")).to_have_attribute("data-there", "true")
    double.requests.clear()
    await page.reload()
    await expect(page.get_by_test_id("site-frame")).to_have_attribute("data-there", "true")
    await expect(page.get_by_test_id("live-frame")).to_have_count(0)
    assert double.asked("GET", "/preview/live/") == []
