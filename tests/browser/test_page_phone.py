"""A phone of 360 px: the room stays to be seen above an open sheet, and nothing is cut."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import story
from page_steps import enter, state_of
from playwright.async_api import Browser, Page, expect
from test_page_team import six
from wire_double import WireDouble

from orchestration import notices

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CUT = """(element) => element.scrollHeight > element.clientHeight + 1
  || element.scrollWidth > element.clientWidth + 1"""
OVER = """() => { const caption = document.getElementById("caption").getBoundingClientRect();
  const sheet = document.getElementById("workspace").getBoundingClientRect();
  const face = document.querySelector(".tile .face").getBoundingClientRect();
  return { caption: [caption.top, caption.bottom], sheet: [sheet.top, sheet.bottom],
    face: [face.top, face.bottom] }; }"""
SEEN = """(element) => { const { left, top, width, height } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(left + width / 2, top + height / 2)); }"""
LIT_IN_SIGHT = """() => { const box = document.getElementById("caption").getBoundingClientRect();
  const lit = [...document.querySelectorAll("#caption [data-word=lit]")].at(-1)?.getBoundingClientRect();
  return lit !== undefined && lit.top >= box.top - 1 && lit.bottom <= box.bottom + 1; }"""
EDGES = """() => { const panels = document.getElementById("panels").getBoundingClientRect();
  const card = document.querySelector(".card").getBoundingClientRect();
  return [card.left - panels.left, panels.right - card.right]; }"""
TABS = """() => { const row = document.getElementById("tabs").getBoundingClientRect();
  return [...document.querySelectorAll("#tabs [role=tab]")].map((tab) => tab.getBoundingClientRect())
    .every(({ left, right }) => left >= row.left - 1 && right <= row.right + 1 && right <= innerWidth); }"""
LONG = (
    "This is a sentence that is much longer than what has room above an open sheet, so that its words "
    "are to be followed while they sound, to the very last one."
)


@pytest_asyncio.fixture(loop_scope="module")
async def phone(chromium: Browser, double: WireDouble) -> AsyncIterator[Page]:
    context = await chromium.new_context(
        viewport={"width": 360, "height": 740}, permissions=["microphone"], has_touch=True
    )
    context.set_default_timeout(8000)
    page = await context.new_page()
    yield page
    await context.close()


async def test_above_an_open_sheet_it_is_seen_who_says_what(phone: Page, double: WireDouble) -> None:
    await phone.goto(double.url)
    await enter(phone, double)
    await story.showcase(double)
    await expect(phone.get_by_test_id("sheet")).to_have_attribute("aria-expanded", "true")
    caption = phone.get_by_test_id("caption")
    await expect(caption).to_contain_text("Your site is ready")
    places = await phone.evaluate(OVER)
    assert places["face"][1] <= places["caption"][0] + 4 <= places["sheet"][0]
    assert places["caption"][1] <= places["sheet"][0]
    assert places["sheet"][1] - places["sheet"][0] <= 0.64 * 740
    assert await caption.evaluate(SEEN)
    name = await caption.evaluate("(element) => getComputedStyle(element, '::before').content")
    assert name == 'attr(data-name) ": "' or "Alex" in str(name)


async def test_the_words_that_sound_are_in_sight_also_of_a_long_sentence(
    phone: Page, double: WireDouble
) -> None:
    await phone.goto(double.url)
    await enter(phone, double)
    await phone.get_by_test_id("sheet").click()
    await story.speak(double, "t1", "sarah", LONG, word_ms=40)
    await expect(phone.get_by_test_id("caption")).to_have_text(LONG)
    last = phone.locator("[data-testid=caption] span").last
    await expect(last).to_have_attribute("data-word", "lit")
    assert await phone.evaluate(LIT_IN_SIGHT)
    await story.fall_silent(double, "t1", "sarah")
    await story.speak(double, "t2", "maya", f"And now: {LONG}", word_ms=900)
    await expect(phone.get_by_test_id("caption")).to_have_text(f"And now: {LONG}")
    await expect(phone.locator("[data-testid=caption] [data-word=lit]")).to_have_count(1)
    assert await phone.evaluate(LIT_IN_SIGHT)  # the next one is read from its beginning


async def test_what_the_bar_says_is_never_cut_while_it_records(phone: Page, double: WireDouble) -> None:
    await phone.goto(double.url)
    await enter(phone, double)
    await story.recording(double)
    await double.tell(notices.HumanListening(True))
    await expect(state_of(phone)).to_have_attribute("data-state", "listening")
    assert not await state_of(phone).evaluate(CUT)
    await double.tell(notices.HumanListening(False))
    await story.approval(double)
    await story.fall_silent(double, "t6", "sophie")
    await expect(state_of(phone)).to_have_text("Your turn: approve or reject")
    assert not await state_of(phone).evaluate(CUT)


@pytest.mark.parametrize(("width", "height"), [(360, 740), (960, 800), (1440, 900)])
async def test_while_another_tab_is_held_all_tabs_are_in_sight(
    chromium: Browser, double: WireDouble, width: int, height: int
) -> None:
    context = await chromium.new_context(
        viewport={"width": width, "height": height}, permissions=["microphone"]
    )
    page = await context.new_page()
    await page.goto(double.url)
    await enter(page, double)
    await story.researching(double)
    await expect(page.get_by_test_id("tab-research")).to_have_attribute("aria-selected", "true")
    if width < 960:
        await page.get_by_test_id("sheet").click()
    await page.get_by_test_id("tab-brief").click()
    await expect(page.get_by_test_id("follow")).to_be_visible()
    assert await page.evaluate(TABS)
    left, right = await page.evaluate(EDGES)
    assert abs(left - right) <= 1
    await story.completed(double)
    await expect(page.get_by_test_id("summary")).to_be_visible()
    await page.get_by_test_id("tab-brief").click()
    await expect(page.get_by_test_id("follow")).to_be_hidden()
    await context.close()


async def test_each_tab_is_shown_from_its_beginning(phone: Page, double: WireDouble) -> None:
    await phone.goto(double.url)
    await enter(phone, double)
    await double.tell(notices.BriefUpdated(story.brief_of(6)))
    await story.approval(double)
    await expect(phone.get_by_test_id("tab-post")).to_have_attribute("aria-selected", "true")
    await phone.locator("#panels").evaluate("(panels) => { panels.scrollTop = 9999; }")
    await phone.get_by_test_id("tab-brief").click()
    assert await phone.locator("#panels").evaluate("(panels) => panels.scrollTop") == 0


async def test_the_names_of_six_stay_whole(phone: Page, double: WireDouble) -> None:
    double.team = six()
    await phone.goto(double.url)
    await expect(phone.locator(".tile")).to_have_count(6)
    names = await phone.locator(".tile .name").evaluate_all(
        "(names) => names.map((name) => [name.clientHeight, name.scrollWidth - name.clientWidth])"
    )
    assert len({height for height, _ in names}) == 1
    assert max(over for _, over in names) <= 0


async def test_the_details_can_be_closed_without_scrolling(phone: Page, double: WireDouble) -> None:
    await phone.set_viewport_size({"width": 360, "height": 560})
    await phone.goto(double.url)
    await enter(phone, double)
    await phone.get_by_test_id("inspect").click()
    close = phone.get_by_test_id("inspector-close")
    assert await close.evaluate(SEEN)
    await phone.get_by_test_id("inspector").evaluate("(dialog) => { dialog.scrollTop = 9999; }")
    assert await close.evaluate(SEEN)
    await close.click()
    await expect(phone.get_by_test_id("inspector")).to_be_hidden()
