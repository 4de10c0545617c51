"""How a session ends on the page: by whom, and why; and what a second build shows."""

from __future__ import annotations

import pytest
import story
from page_steps import KEPT_TRACK, enter, until
from playwright.async_api import Page, expect
from wire_double import Refusal, WireDouble

from orchestration import notices

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("human", "You stopped the session"),
        ("voices_lost", "the voices were lost"),
        ("internal", "on our side"),
    ],
)
async def test_the_page_says_why_a_session_ended(
    page: Page, double: WireDouble, reason: str, title: str
) -> None:
    await enter(page, double)
    sentence = "The team's voices cannot be reached."
    if reason != "human":
        await double.tell(notices.Error(reason, sentence))
    await double.tell(notices.SessionState("stopped", reason))
    await expect(page.get_by_test_id("summary")).to_contain_text(title)
    if reason != "human":
        await expect(page.get_by_test_id("notice")).to_contain_text(sentence)


async def test_after_a_stop_the_summary_tells_what_was_done_so_far(page: Page, double: WireDouble) -> None:
    double.summary = {
        "name": "Lantern and Loaf",
        "answered": 6,
        "research": {"status": "done", "headline": "People choose a bakery for its bread."},
        "site": {"status": "built", "pages": [{"title": "Home"}, {"title": "Contact"}]},
        "post": {"status": "drafted", "text": "Every night", "outcome": {}},
    }
    await enter(page, double)
    await page.get_by_test_id("stop").click()
    await page.get_by_test_id("stop-yes").click()
    summary = page.get_by_test_id("summary")
    for text in ("Lantern and Loaf", "6 of 6", "its bread", "2 pages: Home", "Drafted; not approved"):
        await expect(summary).to_contain_text(text)


async def test_when_the_server_is_shut_down_nothing_is_offered_that_it_took_along(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.approval(double)
    await page.get_by_test_id("post-text").fill("Not saved yet")
    await double.tell(notices.SessionState("stopped", "shutdown"))
    summary = page.get_by_test_id("summary")
    await expect(summary).to_contain_text("the server was shut down")
    await expect(summary).to_contain_text("The server no longer has this session")
    await expect(summary.locator("a:visible")).to_have_count(0)
    await expect(page.get_by_test_id("delete-data")).to_be_hidden()
    await expect(page.get_by_test_id("summary-post")).to_have_text(story.POST_TEXT)
    await expect(summary).not_to_contain_text("kept for a day")
    await expect(page.get_by_test_id("post-text")).to_have_value("Not saved yet")


async def test_a_session_that_is_gone_leaves_what_was_written_and_lets_the_microphone_go(
    tab: Page, double: WireDouble
) -> None:
    await tab.add_init_script(KEPT_TRACK)
    await tab.goto(double.url)
    await enter(tab, double)
    await story.interview(double)
    card = tab.get_by_test_id("card-edit-name")
    await card.fill("Lantern and Lo")
    for asked in (("POST", "/whip"), ("GET", "/events")):
        double.refusals[asked] = Refusal(404, "unknown_session", "There is no such session.")
    await double.drop_peers()
    await expect(tab.locator("body[data-link=gone]")).to_have_count(1)
    assert await tab.evaluate("window.track.readyState") == "ended"
    await expect(card).to_have_value("Lantern and Lo")
    await expect(tab.get_by_test_id("card-save-name")).to_be_hidden()
    await card.press("Enter")
    await card.press("Escape")
    await expect(card).to_have_value("Lantern and Lo")
    assert double.asked("PATCH", "/brief") == []


async def test_a_session_lost_with_a_restart_is_said_here_and_once_after_a_reload(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.approval(double)
    await page.get_by_test_id("post-text").fill("Not saved yet")
    unknown = Refusal(404, "unknown_session", "There is no such session.")
    for asked in (("POST", "/whip"), ("GET", "/events"), ("GET", "/sessions/s1")):
        double.refusals[asked] = unknown
    await double.drop_peers()
    await expect(page.get_by_test_id("notice")).to_contain_text("the server was restarted")
    await expect(page.get_by_test_id("stop")).to_be_hidden()
    await page.get_by_test_id("tab-summary").click()
    await expect(page.get_by_test_id("summary")).to_contain_text("no longer has this session")
    await expect(page.get_by_test_id("summary").locator("a:visible")).to_have_count(0)
    await expect(page.get_by_test_id("post-text")).to_have_value("Not saved yet")
    await page.reload()
    note = page.get_by_test_id("start-note")
    await expect(note).to_contain_text("the server was restarted, or nobody came back for too long")
    await expect(note).to_be_in_viewport()
    await page.reload()
    await expect(page.get_by_test_id("start")).to_be_enabled()
    await expect(note).to_be_hidden()


async def test_a_session_that_was_over_is_not_said_to_have_ended_with_the_server(
    page: Page, double: WireDouble
) -> None:
    await enter(page, double)
    await story.completed(double)
    await expect(page.get_by_test_id("summary")).to_be_visible()
    unknown = Refusal(404, "unknown_session", "There is no such session.")
    double.refusals["GET", "/sessions/s1"] = double.refusals["GET", "/brief.json"] = unknown
    await page.get_by_role("link", name="Brief").click()
    await expect(page.get_by_test_id("summary")).to_contain_text("no longer has this session")
    await expect(page.get_by_test_id("summary").locator("a:visible")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_test_id("start-note")).to_contain_text("no longer keeps it")


async def test_a_plain_site_says_why_it_is_one(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    await story.building(double)
    because = "There is no sandbox here, because <b>bubblewrap</b> is not installed."
    pages = [{"title": "Home", "path": "index.html"}, {"title": "Menu", "path": "menu.html"}]
    await double.tell(notices.SiteReady("/preview/demo/", {"pages": pages, "because": because}))
    await expect(page.locator(".site-head .fine")).to_have_text(f"2 pages. A plain version: {because}")


async def test_a_site_that_was_built_again_is_loaded_again(page: Page, double: WireDouble) -> None:
    await enter(page, double)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if "/preview/" in request.url else None)
    site: dict[str, object] = {"status": "built", "pages": [{"title": "Home", "path": "index.html"}]}
    await double.tell(notices.SiteReady("/preview/capability/", site))
    await until(lambda: len(loaded) == 1)
    pages = [{"title": "Home", "path": "index.html"}, {"title": "Menu", "path": "menu.html"}]
    await double.tell(notices.SiteReady("/preview/capability/", {**site, "pages": pages}))
    await until(lambda: len(loaded) == 2)
