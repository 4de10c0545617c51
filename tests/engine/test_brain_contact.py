"""What is said of how people reach the business: where it is missing, and when it was told."""

from __future__ import annotations

import pytest
from test_brain_acts import LONG, fact, result, sentence_count, session, turn

from server.engine.brain_templates import SPOKEN_MAX_MS, spoken_ms

PAGES = [{"title": "Home"}, {"title": "Contact"}]
SITE = {"status": "built", "pages": PAGES, "palette": {"name": "warm brown"}}
PLAIN = {**SITE, "because": "Node is not installed here"}


def shown(site: dict[str, object], missing: bool) -> str:
    return turn("show_site", [fact("contact", {"missing": missing}), *result("build_website", site)]).text


@pytest.mark.parametrize(
    ("site", "told"),
    [(SITE, "two pages, in warm brown"), (PLAIN, "Node is not"), ({"status": "built"}, "Here it is")],
)
def test_alex_says_honestly_that_nobody_can_reach_the_business_yet(
    site: dict[str, object], told: str
) -> None:
    said = shown(site, missing=True)
    assert told.lower() in said.lower()
    assert "e-mail or address" in said
    assert said.endswith("?")
    assert spoken_ms(said) <= SPOKEN_MAX_MS
    assert sentence_count(said) <= 2


@pytest.mark.parametrize("site", [SITE, PLAIN, {"status": "built"}])
def test_he_says_nothing_of_it_where_it_is_known_or_the_site_failed(site: dict[str, object]) -> None:
    assert "e-mail" not in shown(site, missing=False)
    failed = {"status": "failed", "reason": "no room"}
    assert "e-mail" not in shown(failed, missing=True)


def test_a_long_palette_leaves_room_for_it() -> None:
    items = [fact("contact", {"missing": True}), *session(LONG)["show_site"]]
    said = turn("show_site", items).text
    assert "e-mail or address" in said
    assert spoken_ms(said) <= SPOKEN_MAX_MS


def test_what_was_told_is_confirmed_with_its_number_digit_by_digit() -> None:
    told = {
        "reached_by": "the phone number 555 1234 and the e-mail address anna@example.com",
        "then": "it will be on your site",
    }
    said = turn("contact_told", [fact("contact_told", told)], speaker="sophie").text
    assert "the phone number 5 5 5 1 2 3 4 and the e-mail address anna@example.com" in said
    assert "it will be on your site" in said
