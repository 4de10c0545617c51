"""The inspector shows how long the last turn took to the ear, in words and in a bar."""

from __future__ import annotations

from typing import cast

import pytest
from page_steps import enter
from playwright.async_api import Browser, Page, expect
from site_walk import AXE
from test_page_looks import CHECK, SIDEWAYS
from wire_double import WireDouble

from orchestration.notices import TurnMetrics, TurnPart

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ANSWER = {
    "end_of_speech": 910,
    "transcript": 60,
    "decision": 0,
    "first_delta": 70,
    "first_packet": 5,
    "heard": 85,
}
WIDTHS = """() => Object.fromEntries([...document.querySelectorAll(".waterfall-bar span")]
  .map((span) => [span.dataset.part, span.getBoundingClientRect().width]))"""
PLACES = """() => [...document.querySelectorAll("#inspector :is(dl, h3, ul, li, p, button)")]
  .map((element) => element.getBoundingClientRect())
  .map(({ x, y, width, height }) => [x, y, width, height].map(Math.round))"""
INSIDE = """() => { const dialog = document.getElementById("inspector");
  return dialog.scrollWidth <= dialog.clientWidth && dialog.getBoundingClientRect().right <= innerWidth; }"""


def turn(name: str, after: str, speaker: str = "sarah", **took: int) -> TurnMetrics:
    chain = tuple(TurnPart(part, ms) for part, ms in took.items())
    return TurnMetrics(name, speaker, 70, 0, 0, after, sum(took.values()), chain)


async def test_the_last_turn_s_parts_are_told_in_words_and_drawn_to_scale(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await page.get_by_test_id("inspect").click()
    await double.tell(turn("t1", "human", **ANSWER))
    await expect(page.get_by_test_id("waterfall-title")).to_have_text("Sarah, after you: 1130 ms")
    for part, ms in ANSWER.items():
        await expect(page.get_by_test_id(f"waterfall-{part}")).to_have_text(f"{ms} ms")
    widths = cast("dict[str, float]", await page.evaluate(WIDTHS))
    whole = sum(widths.values())
    assert whole > 100
    for part, ms in ANSWER.items():
        assert widths[part] / whole == pytest.approx(ms / 1130, abs=0.01)


async def test_a_part_that_is_not_known_is_a_dash_and_the_whole_says_so(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await page.get_by_test_id("inspect").click()
    await double.tell(turn("t1", "human", **ANSWER))
    await double.tell(turn("t2", "voice", "alex", decision=1, first_packet=349))
    await expect(page.get_by_test_id("waterfall-title")).to_have_text(
        "Alex, after the voice before: 350 ms so far as known"
    )
    await expect(page.get_by_test_id("waterfall-transcript")).to_have_text("–")
    await expect(page.get_by_test_id("waterfall-heard")).to_have_text("–")


async def test_what_is_usual_is_the_median_of_the_last_turns_of_a_kind(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await page.get_by_test_id("inspect").click()
    wholes = [5000] * 3 + [900, 1000, 1100, 1200] * 5  # the first three are too long ago
    await double.tell(*(turn(f"t{n}", "human", heard=ms) for n, ms in enumerate(wholes)))
    await double.tell(turn("h1", "voice", heard=420), TurnMetrics("t99", "alex", None, None, None))
    await expect(page.get_by_test_id("waterfall-usual")).to_have_text(
        "Usual: answers 1050 ms, hand-overs 420 ms"
    )
    await expect(page.get_by_test_id("waterfall-title")).to_have_text("Sarah, after the voice before: 420 ms")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_small_phone_moves_nothing_and_is_accessible(
    chromium: Browser, double: WireDouble, scheme: str
) -> None:
    context = await chromium.new_context(
        viewport={"width": 360, "height": 640},
        color_scheme="dark" if scheme == "dark" else "light",
        permissions=["microphone"],
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(double.url)
    await enter(page, double)
    await page.get_by_test_id("inspect").click()
    await expect(page.get_by_test_id("figure-path")).to_contain_text("udp, direct")
    await page.wait_for_timeout(300)  # the figures of the connection are there
    assert await page.evaluate("document.getElementById('inspector').scrollTop") == 0
    before = await page.evaluate(PLACES)
    await double.tell(turn("t1", "voice", **{part: 10 * ms for part, ms in ANSWER.items()}))
    await expect(page.get_by_test_id("waterfall-title")).to_contain_text("11300 ms")
    assert await page.evaluate(PLACES) == before
    assert await page.evaluate(INSIDE)
    assert not await page.evaluate(SIDEWAYS)
    await page.evaluate(AXE.read_text())
    assert await page.evaluate(CHECK) == []
    await context.close()
