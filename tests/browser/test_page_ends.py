"""How a session ends on the page: by whom, and why; and what a second build shows."""

from __future__ import annotations

import pytest
from page_steps import enter, until
from playwright.async_api import Page, expect
from wire_double import WireDouble

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
