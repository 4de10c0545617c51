"""The post's tab: which account publishes, and what became of the post, each outcome in its own words."""

from __future__ import annotations

import re

import pytest
import story
from page_steps import enter, until
from playwright.async_api import Page, expect
from wire_double import Refusal, WireDouble

from orchestration import notices
from orchestration.adapters.linkedin.outcomes import AGAIN, Code, outcome

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

EXPIRES_MS = 1_800_000_000_000
"""15 January 2027, in the morning, all over Europe and America."""


def ended(code: Code) -> notices.PostPublished:
    result = outcome(code)
    return notices.PostPublished(result.status, result.url, result.reason, result.code)


async def test_without_an_application_no_account_is_spoken_of(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.approval(double)
    await expect(page.get_by_test_id("approve")).to_be_visible()
    await expect(page.get_by_test_id("account")).to_be_hidden()


async def test_the_account_says_who_where_and_until_when(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.approval(double)
    await double.tell(notices.AccountChanged(False))
    connect = page.get_by_test_id("connect")
    await expect(connect).to_be_visible()
    assert await connect.get_attribute("href") == "/oauth/linkedin/start?token=secret"
    await double.tell(notices.AccountChanged(True, "Ada <b>Lovelace</b>", EXPIRES_MS, "person"))
    account = page.get_by_test_id("account-as")
    await expect(account).to_have_text("LinkedIn: Ada <b>Lovelace</b>, on your page, until 15 Jan 2027")
    await expect(connect).to_be_hidden()
    await double.tell(notices.AccountChanged(True, "Ada", EXPIRES_MS, "organisation"))
    await expect(account).to_contain_text("for your organisation")
    double.refusals["DELETE", "/linkedin"] = Refusal(429, "too_many", "Too many requests at once.")
    await page.get_by_test_id("disconnect").click()
    await expect(account).to_contain_text("Wait a moment")
    double.refusals.clear()
    await page.get_by_test_id("disconnect").click()
    await until(lambda: len(double.asked("DELETE", "/linkedin")) == 2)


@pytest.mark.parametrize("code", list(Code))
async def test_each_outcome_has_its_own_words(page: Page, double: WireDouble, code: Code) -> None:
    await enter(page, double)
    await story.approval(double)
    result = ended(code)
    await double.tell(notices.ApprovalResolved("a1", "approve"), result)
    failure, status = page.get_by_test_id("post-failure"), page.get_by_test_id("post-status")
    if result.status == "failed":
        await expect(failure).to_have_text(f"Not published: {result.reason}.")
    else:
        await expect(status).to_contain_text(result.reason)
        await expect(failure).to_be_hidden()
    if result.status == "unknown":
        await expect(status).to_contain_text("It is not known whether the post went out")
        await expect(status.locator("a")).to_have_attribute("href", re.compile("https://www.linkedin.com/"))
    await expect(page.get_by_test_id("approve")).to_be_hidden()
    if code not in AGAIN:
        return
    payload = {"text": story.POST_TEXT, "image": "", "alt": ""}
    await double.tell(notices.ApprovalRequested("a2", "publish_post", payload, "1" * 64, 900_000))
    await expect(failure).to_be_visible()
    await expect(page.get_by_test_id("post-text")).not_to_be_editable()
    await page.get_by_test_id("approve").click()
    await until(lambda: len(double.asked("POST", "/approvals/a2")) == 1)
    await double.tell(notices.ApprovalResolved("a2", "approve"))
    await expect(failure).to_be_hidden()


async def test_a_published_post_links_to_itself_and_without_an_address_to_the_page(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.approval(double)
    link = page.get_by_test_id("post-status").locator("a")
    address = "https://www.linkedin.com/feed/update/urn:li:share:7/"
    await double.tell(notices.PostPublished("published", address, ""))
    await expect(link).to_have_attribute("href", address)
    await double.tell(notices.PostPublished("published", "", ""))
    await expect(link).to_have_text("See your page")


async def test_after_the_end_nothing_can_be_connected(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.approval(double)
    await double.tell(notices.AccountChanged(False))
    await story.resolved(double)
    await story.completed(double)
    await expect(page.get_by_test_id("summary")).to_be_visible()
    await page.get_by_test_id("tab-post").click()
    await expect(page.get_by_test_id("post-text")).to_be_visible()
    await expect(page.get_by_test_id("account")).to_be_hidden()
