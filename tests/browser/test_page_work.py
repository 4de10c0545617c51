"""The workspace: the brief, research, the build, the post and the summary."""

from __future__ import annotations

import json
import re

import pytest
import story
from page_steps import enter, state_of, until
from playwright.async_api import Page, expect
from wire_double import Refusal, WireDouble

from orchestration import notices
from orchestration.brief import AnswerSource

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CLIPBOARD = """() => { window.copied = [];
  navigator.clipboard.writeText = async (text) => void window.copied.push(text); }"""
MARKUP = "<img src=x onerror=\"window.pwned=1\"><script>window.pwned=1</script><b>bold</b>"


async def test_an_answer_is_corrected_on_its_card(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.interview(double)
    await expect(page.get_by_test_id("card-audience")).to_have_attribute("data-open", "true")
    await expect(page.get_by_test_id("card-name")).to_have_attribute("data-status", "answered")
    await expect(page.get_by_test_id("card-pages")).to_have_attribute("data-status", "pending")
    await page.get_by_test_id("card-edit-name").fill("Lantern & Loaf")
    await page.get_by_test_id("card-save-name").click()
    await until(lambda: len(double.asked("PATCH", "/brief")) == 1)
    assert json.loads(double.asked("PATCH", "/brief")[0].body) == {"name": "Lantern & Loaf"}
    brief = story.brief_of(2).with_answer("name", "Lantern & Loaf", AnswerSource.CORRECTED)
    await double.tell(notices.BriefUpdated(brief, "name"))
    await expect(page.get_by_test_id("card-name")).to_contain_text("corrected")
    await expect(page.get_by_test_id("card-save-name")).to_be_hidden()


async def test_an_update_does_not_overwrite_what_is_being_written(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.interview(double)
    await page.get_by_test_id("card-edit-name").fill("Lantern and Lo")
    await double.tell(notices.BriefUpdated(story.brief_of(3), "audience"))
    await expect(page.get_by_test_id("card-audience")).to_have_attribute("data-status", "answered")
    await expect(page.get_by_test_id("card-edit-name")).to_have_value("Lantern and Lo")


async def test_an_unanswered_question_says_so(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await double.tell(notices.BriefUpdated(story.brief_of(1).with_answer("offer", "", AnswerSource.NONE)))
    await expect(page.get_by_test_id("card-offer")).to_have_attribute("data-status", "unanswered")
    await expect(page.get_by_test_id("card-offer")).to_contain_text("not answered")


async def test_markup_from_anywhere_stays_text(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    finding = {"title": MARKUP, "text": MARKUP, "source": "javascript:window.pwned=1"}
    research: dict[str, object] = {"headline": MARKUP, "findings": [finding], "keywords": [MARKUP]}
    await double.tell(
        notices.BriefUpdated(story.brief_of(0).with_answer("name", MARKUP, AnswerSource.TYPED)),
        notices.HumanHeard(MARKUP, "name", 1.0, True),
        notices.QuestionAsked("offer", MARKUP, MARKUP, 2, 6),
        notices.JobStarted("j1", "website", MARKUP),
        notices.JobLog("j1", "website", 0, (MARKUP,)),
        notices.ResearchReady(research),
        notices.PostDrafted(MARKUP, "", MARKUP),
        notices.Error("internal", MARKUP),
        notices.PostPublished("draft", "", MARKUP),
    )
    await story.speak(double, "t1", "sarah", MARKUP)
    await expect(page.get_by_test_id("caption")).to_have_text(MARKUP)
    await expect(page.get_by_test_id("terminal")).to_have_text(f"{MARKUP}\n")
    await expect(page.get_by_test_id("understood")).to_contain_text(MARKUP)
    await expect(page.get_by_test_id("notice")).to_contain_text(MARKUP)
    await expect(page.locator("#panel-research")).to_contain_text(MARKUP)
    assert await page.locator("b, img[src=x], body script, a[href^='javascript']").count() == 0
    assert await page.evaluate("window.pwned") is None


async def test_tabs_follow_the_team_unless_one_is_held(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.researching(double)
    await expect(page.get_by_test_id("tab-research")).to_have_attribute("aria-selected", "true")
    await page.get_by_test_id("tab-brief").click()
    await story.researched(double)
    await story.building(double)
    await expect(page.get_by_test_id("tab-build")).to_have_attribute("data-team", "true")
    await expect(page.get_by_test_id("tab-brief")).to_have_attribute("aria-selected", "true")
    await page.get_by_test_id("follow").click()
    await expect(page.get_by_test_id("tab-build")).to_have_attribute("aria-selected", "true")
    await story.approval(double)
    await expect(page.get_by_test_id("tab-post")).to_have_attribute("aria-selected", "true")


async def test_research_says_when_nothing_was_looked_up(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.researching(double)
    await story.researched(double)
    await expect(page.get_by_test_id("basis")).to_contain_text("No search provider is connected.")
    await expect(page.get_by_test_id("basis")).to_contain_text("No site was opened.")
    await expect(page.locator(".finding")).to_have_count(2)
    await expect(page.locator("#panel-research a")).to_have_attribute("href", "https://example.org/bakeries")


async def test_found_sites_are_shown_with_pictures_sources_and_failures(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.researching(double)
    await story.searched(double)
    await expect(page.get_by_test_id("basis")).to_have_text("Searched with Brave. 2 of 3 sites were read.")
    sites = page.get_by_test_id("seen-sites")
    await expect(sites.locator("> li")).to_have_count(2)
    picture = sites.locator("img")
    await expect(picture).to_have_count(1)
    await expect(picture).to_have_attribute("alt", "The top of the page at crust.example")
    address = re.compile(r"/sessions/s1/assets/site-[0-9a-f]+\.webp\?token=")
    await expect(picture).to_have_attribute("src", address)
    await expect(picture).to_have_js_property("complete", True)
    assert await picture.evaluate("image => image.naturalWidth") > 0
    for link in await page.locator("#panel-research a").all():
        assert await link.get_attribute("rel") == "noopener noreferrer"
        assert await link.get_attribute("target") == "_blank"
    await expect(sites).to_contain_text("crust.example, named by you")
    await expect(page.get_by_test_id("unread-sites")).to_have_text(
        "gone.example (named by you): there is no site of that name"
    )


async def test_what_strangers_write_on_their_sites_stays_text(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    odd: dict[str, object] = {
        "url": "javascript:window.pwned=1",
        "title": MARKUP,
        "summary": MARKUP,
        "headings": [MARKUP],
        "picture": "https://evil.example/track.png",
    }
    failed: dict[str, object] = {"url": "data:text/html,x", "reason": MARKUP}
    found: dict[str, object] = {"provider": MARKUP, "offline": False, "sites": [odd, failed, {}]}
    await double.tell(notices.ResearchReady(found))
    await expect(page.get_by_test_id("seen-sites")).to_contain_text(MARKUP)
    await expect(page.get_by_test_id("unread-sites")).to_contain_text(MARKUP)
    assert await page.locator("b, img[src=x], body script, #panel-research a").count() == 0
    assert await page.evaluate("window.pwned") is None


async def test_the_terminal_shows_each_line_once_and_says_what_is_missing(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await double.tell(
        notices.JobStarted("j1", "website", "Building"),
        notices.JobLog("j1", "website", 0, ("one", "two")),
        notices.JobLog("j1", "website", 1, ("two", "three")),
        notices.JobLog("j1", "website", 8, ("nine",)),
        notices.JobProgress("j1", "website", 40, "Writing pages"),
    )
    text = "one\ntwo\nthree\n… 5 lines are in the whole log\nnine\n"
    await expect(page.get_by_test_id("terminal")).to_have_text(text)
    await expect(state_of(page)).to_have_text("Alex is building, 40 %")
    await double.tell(notices.JobFailure("j1", "website", "crashed", "The build ran out of time."))
    failure = page.get_by_test_id("progress-website").locator(".progress-message")
    await expect(failure).to_have_text("The build ran out of time.")
    await expect(page.get_by_test_id("progress-website").locator("button")).to_be_hidden()


async def test_the_site_runs_as_a_stranger(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.building(double)
    await story.showcase(double)
    frame = page.get_by_test_id("site-frame")
    assert "allow-same-origin" not in str(await frame.get_attribute("sandbox"))
    title = page.frame_locator("[data-testid=site-frame]").locator("h1")
    await expect(title).to_have_text("Lantern and Loaf")


async def test_approve_sends_exactly_one_request(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.approval(double)
    await page.get_by_test_id("approve").dblclick()
    await until(lambda: len(double.asked("POST", "/approvals/a1")) > 0)
    await page.wait_for_timeout(300)
    decisions = [json.loads(request.body) for request in double.asked("POST", "/approvals/a1")]
    assert decisions == [{"decision": "approve"}]
    await story.resolved(double)
    await expect(page.get_by_test_id("approve")).to_be_hidden()
    await expect(page.get_by_test_id("post-status")).to_have_text(
        "Saved as a draft: no LinkedIn account is connected."
    )


async def test_a_changed_draft_cannot_be_approved_before_it_is_saved(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.approval(double)
    status = page.get_by_test_id("post-status")
    await expect(status).to_contain_text("Exactly this text and picture will be used.")
    await page.get_by_test_id("post-text").fill("My own words")
    await expect(page.get_by_test_id("approve")).to_be_disabled()
    await expect(status).to_have_text("You changed the text. Save the change first; then it can be approved.")
    assert await page.get_by_test_id("approve").get_attribute("aria-describedby") == "post-status"
    await page.get_by_test_id("post-text").fill(story.POST_TEXT)
    await expect(status).to_contain_text("Exactly this text and picture will be used.")
    await expect(page.get_by_test_id("approve")).to_be_enabled()
    await page.get_by_test_id("post-text").fill("x" * 3002)
    await expect(status).to_contain_text("2 characters too many")
    await expect(page.get_by_test_id("post-save")).to_be_disabled()
    await page.get_by_test_id("post-text").fill("My own words")
    await page.get_by_test_id("post-save").click()
    await until(lambda: len(double.asked("PATCH", "/post")) == 1)
    assert json.loads(double.asked("PATCH", "/post")[0].body) == {"text": "My own words"}
    await double.tell(
        notices.ApprovalResolved("a1", "superseded"),
        notices.ApprovalRequested("a2", "publish", {"text": "My own words"}, "1" * 64, 900_000),
    )
    await page.get_by_test_id("approve").click()
    await until(lambda: len(double.asked("POST", "/approvals/a2")) == 1)
    assert double.asked("POST", "/approvals/a1") == []


async def test_the_post_is_copied_from_its_tab_and_from_the_summary(page: Page, double: WireDouble) -> None:
    await page.evaluate(CLIPBOARD)
    await enter(page, double)
    await story.approval(double)
    await page.get_by_test_id("post-text").fill("My own words")
    await page.get_by_test_id("post-copy").click()
    await expect(page.get_by_test_id("post-copy")).to_have_text("Copied")
    await story.resolved(double)
    await story.completed(double)
    await page.get_by_test_id("summary-copy").click()
    await expect(page.get_by_test_id("summary-copy")).to_have_text("Copied")
    assert await page.evaluate("window.copied") == ["My own words", story.POST_TEXT]
    await page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    await page.get_by_test_id("summary-copy").click()
    await expect(page.get_by_test_id("summary-copy")).to_contain_text("Not copied")


async def test_a_refused_approval_says_what_to_do(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.approval(double)
    double.refusals["POST", "/approvals/a1"] = Refusal(410, "expired", "The time for it has passed.")
    await page.get_by_test_id("reject").click()
    await expect(page.get_by_test_id("post-status")).to_contain_text("copy it to use it yourself")


async def test_a_post_that_nobody_approved_in_time_is_not_said_to_be_saved(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.approval(double)
    await double.tell(
        notices.ApprovalResolved("a1", "expired"),
        notices.PostPublished("expired", "", "nobody approved it in time"),
    )
    status = page.get_by_test_id("post-status")
    await expect(status).to_have_text(
        "Nobody approved it in time. Nothing was published; the text stays here to copy."
    )


async def test_the_summary_offers_no_picture_that_was_taken_out(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.approval(double)
    await double.tell(notices.PostDrafted(story.POST_TEXT, "", ""))
    await story.completed(double)
    await expect(page.get_by_test_id("summary-post")).to_have_text(story.POST_TEXT)
    await expect(page.get_by_test_id("summary")).not_to_contain_text("Picture of the post")


async def test_the_summary_offers_everything_and_forgets_everything(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.building(double)
    await story.showcase(double)
    await story.approval(double)
    await story.resolved(double)
    await story.completed(double)
    summary = page.get_by_test_id("summary")
    await expect(summary).to_contain_text("Saved as a draft: no LinkedIn account is connected")
    links = await summary.locator("a").evaluate_all("links => links.map((link) => link.href)")
    names = [str(link).rsplit("/", 1)[1] for link in links]
    files = ["transcript.txt", "transcript.vtt", "transcript.json", "brief.json", "site.zip", "post.png"]
    assert names == [f"{name}?token=secret" for name in files]
    await page.get_by_test_id("delete-data").click()
    assert double.asked("DELETE", "/data") == []
    await page.get_by_test_id("delete-data").click()
    await expect(summary).to_contain_text("Everything of this session was deleted")
    assert len(double.asked("DELETE", "/data")) == 1
