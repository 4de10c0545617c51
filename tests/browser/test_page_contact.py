"""The card that nobody asks for: how people reach the business."""

from __future__ import annotations

import json

import pytest
import story
from page_steps import enter, until
from playwright.async_api import Page, expect
from wire_double import WireDouble

from orchestration import notices
from orchestration.brief import AnswerSource

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

REACH = "555 1234\nanna@example.com"


async def test_it_says_that_it_is_optional_and_can_be_written_at_once(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.greeting(double)
    card, text = page.get_by_test_id("card-contact"), page.get_by_test_id("card-edit-contact")
    await expect(card).to_have_attribute("data-status", "optional")
    await expect(card).to_contain_text("Optional: phone, e-mail, address, opening hours")
    await expect(page.locator(".card").last).to_have_attribute("data-testid", "card-contact")
    await expect(text).to_have_accessible_name("Your answer: Contact")
    await expect(text).to_have_accessible_description("Optional: phone, e-mail, address, opening hours")
    await expect(text).to_be_editable()
    await expect(page.get_by_test_id("card-edit-name")).not_to_be_editable()


async def test_its_lines_are_written_with_the_keyboard_and_count_for_nothing(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.interview(double)
    text = page.get_by_test_id("card-edit-contact")
    await text.focus()
    await page.keyboard.type("555 1234")
    await page.keyboard.press("Enter")
    await page.keyboard.type("anna@example.com")
    assert double.asked("PATCH", "/brief") == []
    await page.keyboard.press("Control+Enter")
    await until(lambda: len(double.asked("PATCH", "/brief")) == 1)
    assert json.loads(double.asked("PATCH", "/brief")[0].body) == {"contact": REACH}
    brief = story.brief_of(2).with_answer("contact", REACH, AnswerSource.CORRECTED)
    await double.tell(notices.BriefUpdated(brief, "contact"))
    await expect(page.get_by_test_id("card-contact")).to_contain_text("corrected")
    await expect(page.locator("#sheet-note")).to_have_text("2 of 6 answered")


async def test_it_can_be_taken_out_and_an_answer_cannot(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    brief = story.brief_of(2).with_answer("contact", REACH, AnswerSource.VOICE)
    await double.tell(notices.BriefUpdated(brief, "contact"))
    await page.get_by_test_id("card-edit-contact").fill("")
    await page.get_by_test_id("card-edit-name").fill("")
    await expect(page.get_by_test_id("card-save-name")).to_be_disabled()
    await page.get_by_test_id("card-save-contact").click()
    await until(lambda: len(double.asked("PATCH", "/brief")) == 1)
    assert json.loads(double.asked("PATCH", "/brief")[0].body) == {"contact": ""}


async def test_what_was_heard_of_it_is_corrected_on_its_card(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    brief = story.brief_of(6).with_answer("contact", "555 1234", AnswerSource.VOICE)
    heard = notices.HumanHeard("our phone number is five five five one two three four", "contact", 0.9, False)
    await double.tell(heard, notices.BriefUpdated(brief, "contact"))
    await expect(page.get_by_test_id("understood")).to_contain_text("555 1234")
    await page.get_by_test_id("understood-edit").click()
    await expect(page.get_by_test_id("card-edit-contact")).to_be_focused()


async def test_the_summary_shows_it_where_it_is_filled(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    summary = page.get_by_test_id("summary")
    await double.tell(notices.SessionCompleted({"name": "Loaf", "answered": 6, "brief": {"contact": REACH}}))
    await expect(summary.locator("dd").nth(2)).to_have_text("555 1234 anna@example.com")
    assert await summary.locator("dd").nth(2).inner_text() == REACH


async def test_left_out_it_is_missed_nowhere(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.greeting(double)
    await double.tell(notices.SessionCompleted(story.SUMMARY))
    await expect(page.get_by_test_id("summary")).to_contain_text("6 of 6")
    await expect(page.get_by_test_id("summary").get_by_text("Contact", exact=True)).to_have_count(0)
    await page.get_by_test_id("tab-brief").click()
    await expect(page.get_by_test_id("card-contact")).to_contain_text("left out")
    await expect(page.get_by_test_id("card-edit-contact")).not_to_be_editable()
