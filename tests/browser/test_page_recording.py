"""The switch that records: off until pressed, plainly seen while on, and the file only when there is one."""

from __future__ import annotations

import json

import pytest
import story
from page_steps import enter, until
from playwright.async_api import Page, expect
from wire_double import Refusal, WireDouble

from orchestration import notices

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

DOT = """() => {
  const dot = document.querySelector("#record .dot");
  const { backgroundColor, animationName } = getComputedStyle(dot);
  return [backgroundColor, animationName, dot.getBoundingClientRect().width];
}"""
RED = "rgb(166, 43, 43)"


def asked(double: WireDouble) -> list[object]:
    return [json.loads(request.body) for request in double.asked("PUT", "/sessions/s1/recording")]


async def test_the_keyboard_switches_it_on_and_off_and_a_red_dot_says_so(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    switch = page.get_by_test_id("record")
    await expect(switch).to_have_attribute("aria-pressed", "false")
    await expect(switch).to_have_text("Record")
    assert asked(double) == []
    await switch.focus()
    await page.keyboard.press("Space")
    await until(lambda: asked(double) == [{"on": True}])
    await story.recording(double)
    await expect(switch).to_have_attribute("aria-pressed", "true")
    await expect(switch).to_have_text("Recording")
    assert await page.evaluate(DOT) == [RED, "none", 12]
    await page.keyboard.press("Enter")
    await until(lambda: asked(double) == [{"on": True}, {"on": False}])
    await double.tell(notices.RecordingChanged(False, "human", 4000))
    await expect(switch).to_have_text("Record")
    assert (await page.evaluate(DOT))[0] != RED


async def test_it_is_still_seen_after_a_reload(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.recording(double)
    await expect(page.get_by_test_id("record")).to_have_attribute("aria-pressed", "true")
    await page.reload()
    await expect(page.get_by_test_id("record")).to_have_attribute("aria-pressed", "true")


async def test_a_refusal_and_an_end_of_its_own_are_explained(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    double.refusals["PUT", "/recording"] = Refusal(507, "no_room", "There is no room for it.")
    await page.get_by_test_id("record").click()
    await expect(page.get_by_test_id("notice")).to_contain_text("The conversation goes on without it.")
    await expect(page.get_by_test_id("record")).to_have_attribute("aria-pressed", "false")
    await story.recording(double)
    await double.tell(notices.RecordingChanged(False, "storage_failed", 0))
    await expect(page.get_by_test_id("notice")).to_contain_text("The recording stopped")
    await expect(page.get_by_test_id("record")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("recorded_ms", [0, 4000])
async def test_the_summary_offers_the_recording_when_there_is_one(
    page: Page, double: WireDouble, recorded_ms: int
) -> None:
    await enter(page, double)
    await story.recording(double)
    await double.tell(notices.RecordingChanged(False, "ended", recorded_ms))
    await story.completed(double)
    summary = page.get_by_test_id("summary")
    await expect(summary).to_be_visible()
    link = summary.get_by_text("Recording", exact=True)
    await expect(link).to_have_count(int(recorded_ms > 0))
    await expect(page.get_by_test_id("record")).to_be_hidden()
    if recorded_ms:
        href = await link.get_attribute("href")
        assert str(href).endswith("/sessions/s1/recording.ogg?token=secret")
        double.slow_s = 1.0
        await link.click()
        note = page.get_by_test_id("download-note")
        await expect(note).to_contain_text("is being made")
        async with page.expect_download() as download:
            pass
        assert (await download.value).suggested_filename == "moentreprise-recording.ogg"
        await expect(note).to_have_text("The recording was downloaded.")


async def test_a_recording_that_could_not_be_made_is_said_and_offered_again(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.recording(double)
    await double.tell(notices.RecordingChanged(False, "ended", 4000))
    await story.completed(double)
    double.refusals["GET", "/recording.ogg"] = Refusal(500, "internal", "The recording could not be made.")
    await page.get_by_test_id("summary").get_by_text("Recording", exact=True).click()
    note = page.get_by_test_id("download-note")
    await expect(note).to_contain_text("“Recording” was not downloaded. The recording could not be made.")
    double.refusals.clear()
    async with page.expect_download():
        await page.get_by_test_id("download-again").click()
    await expect(note).to_have_text("The recording was downloaded.")
