"""A built site in a real browser: nothing foreign is asked for, nothing is broken, it fits the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser
from site_walk import narrow_and_wide, served, small_targets

from orchestration.adapters import website
from orchestration.adapters.answers import Answers

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ANSWERS = {
    "name": "Chez Zoé & Fils Incorporated Extraordinarilylongname",
    "offer": "we repair bicycles and old motorbikes and sell used parts " * 6,
    "audience": "our customers are commuters students and couriers " + "x" * 300,
    "difference": "because we show you what we fix and you only pay when it works",
    "pages": "home services prices gallery questions booking opening hours blog reviews contact",
    "style": "playful pink and teal",
}


class Silent:
    def log(self, line: str) -> None: ...

    def progress(self, percent: int, message: str) -> None: ...


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a site that was built from awkward answers."""
    folder = tmp_path / "site"
    website.build(Answers.of({"brief": ANSWERS}), None, folder, Silent())
    with served(folder) as site:
        yield site


async def test_a_built_site_is_whole_and_asks_for_nothing_from_elsewhere(
    chromium: Browser, site: str
) -> None:
    seen = await narrow_and_wide(chromium, site, small_targets)
    assert [fault for one in seen for fault in one.faults] == []
    assert all(len(one.pages) >= 8 for one in seen)
