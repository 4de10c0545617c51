"""What everybody can see and reach: accessibility, narrow screens, touch targets, nothing that jumps."""

from __future__ import annotations

import pytest
import story
from page_steps import enter
from playwright.async_api import Browser, Page, expect
from site_walk import AXE
from wire_double import WireDouble

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CHECK = """async () => {
  const result = await axe.run(document, { iframes: false });
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" ")}`);
}"""
SIDEWAYS = """document.documentElement.scrollWidth > innerWidth
  || document.querySelector('.room').scrollWidth > innerWidth"""
SMALL = """() => [...document.querySelectorAll("button, select, input, textarea, a, summary")]
  .map((control) => ({ control, box: control.getBoundingClientRect() }))
  .filter(({ control, box }) => control.checkVisibility() && box.width > 0)
  .filter(({ box }) => box.height < 43.5 || box.width < 43.5)
  .filter(({ control }) => !control.matches(".finding a"))
  .map(({ control }) => control.outerHTML.slice(0, 120))"""
PLACES = """["#tiles", ".caption-box", "#notice", "#bar", "#workspace"]
  .map((selector) => document.querySelector(selector).getBoundingClientRect().y)"""
CHAPTERS = [
    story.greeting,
    story.interview,
    story.listening,
    story.recording,
    story.researching,
    story.researched,
    story.building,
    story.showcase,
    story.approval,
    story.resolved,
    story.completed,
]
DISTINCT = {
    story.recording,
    story.researched,
    story.building,
    story.showcase,
    story.approval,
    story.completed,
}
"""The chapters that show something that no other one does: axe takes half a second for each."""


async def _narrow(page: Page) -> None:
    assert not await page.evaluate(SIDEWAYS)
    assert await page.evaluate(SMALL) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(chromium: Browser, double: WireDouble, scheme: str) -> None:
    dark = scheme == "dark"
    context = await chromium.new_context(
        viewport={"width": 1440, "height": 900},
        color_scheme="dark" if dark else "light",
        permissions=["microphone"],
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(double.url)
    await page.evaluate(AXE.read_text())
    found = {"start": await page.evaluate(CHECK)}
    await enter(page, double)
    for chapter in CHAPTERS:
        await chapter(double)
        if chapter in DISTINCT:
            await page.wait_for_timeout(200)
            found[chapter.__name__] = await page.evaluate(CHECK)
    await context.close()
    assert {name: violations for name, violations in found.items() if violations} == {}


async def test_nothing_is_too_wide_or_too_small_at_360_px(chromium: Browser, double: WireDouble) -> None:
    context = await chromium.new_context(
        viewport={"width": 360, "height": 640},
        permissions=["microphone"],
        has_touch=True,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(double.url)
    await _narrow(page)
    await enter(page, double)
    for chapter in CHAPTERS:
        await chapter(double)
        await page.wait_for_timeout(60)
        await _narrow(page)
        opened = await page.get_by_test_id("sheet").get_attribute("aria-expanded")
        await page.get_by_test_id("sheet").click()
        await _narrow(page)
        if opened == "true":
            await page.get_by_test_id("sheet").click()
    await context.close()


async def test_on_a_phone_the_sheet_rises_when_something_is_to_be_decided(
    chromium: Browser, double: WireDouble
) -> None:
    context = await chromium.new_context(viewport={"width": 390, "height": 844}, permissions=["microphone"])
    page = await context.new_page()
    await page.goto(double.url)
    await enter(page, double)
    await story.interview(double)
    await expect(page.get_by_test_id("card-name")).to_be_hidden()
    await story.showcase(double)
    await expect(page.get_by_test_id("sheet")).to_have_attribute("aria-expanded", "true")
    await story.phase(double, "marketing", 5)  # it rose by itself and goes down by itself: the room is seen
    await expect(page.get_by_test_id("sheet")).to_have_attribute("aria-expanded", "false")
    await story.approval(double)
    await expect(page.get_by_test_id("approve")).to_be_in_viewport()
    await context.close()


async def test_what_is_said_and_what_goes_wrong_moves_nothing(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.greeting(double)
    before = await page.evaluate(PLACES)
    await story.interview(double)
    await double.tell_raw("error", {"code": "internal", "message": "Something broke on our side."})
    await expect(page.get_by_test_id("notice")).to_contain_text("Something broke")
    assert await page.evaluate(PLACES) == before
