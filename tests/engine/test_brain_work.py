"""What is said of work that is made again: the site, the picture, and a post that is another one now."""

from __future__ import annotations

import pytest
from test_brain_acts import fact, result, turn


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        ({"status": "drawn", "picture_by": "model", "because": ""}, "image model"),
        ({"status": "drawn", "picture_by": "card", "because": ""}, "card"),
        ({"status": "drawn", "picture_by": "card", "because": "The image model was busy."}, "was busy"),
        ({"status": "failed", "reason": "It took too long."}, "it took too long"),
        ({"status": "failed"}, "no new picture"),
        ({"status": "none"}, "without a picture"),
    ],
)
def test_sophie_says_what_came_of_another_picture(picture: dict[str, str], told: str) -> None:
    assert told in turn("new_picture", [fact("picture", picture)]).text


def test_sophie_reads_the_post_as_it_is_now_not_as_it_was_drafted_first() -> None:
    items = [*result("draft_post", {"status": "drafted", "text": "Old words here."})]
    items.append(fact("post", {"status": "drafted", "text": "New words here."}))
    assert "New words here" in turn("present_post", items).text


def test_alex_says_that_he_builds_again_and_then_what_came_of_it() -> None:
    green = fact("answer", {"key": "style", "text": "dark green"})
    assert "dark green" in turn("rebuild", [green]).text.lower()
    site = fact("site", {"status": "built", "palette": {"name": "Green and cream"}})
    assert "in green and cream" in turn("rebuilt", [site]).text
    failure = fact("rebuild", {"status": "failed", "reason": "The disk is full."})
    assert "the disk is full" in turn("rebuild_failed", [failure]).text
    plain = fact("site", {"status": "built", "because": "There is no sandbox on this machine."})
    assert "plain version, as there is no sandbox" in turn("rebuilt_plain", [plain]).text


@pytest.mark.parametrize(
    ("result_of_it", "told"),
    [
        ({"because": "The image model was busy."}, "card"),
        ({"text_because": "The text model was busy."}, "the text model was busy"),
    ],
)
def test_sophie_says_what_no_model_did(result_of_it: dict[str, str], told: str) -> None:
    items = result("draft_post", {"status": "drafted", "text": "Bread.", **result_of_it})
    for act in ("present_plain_post", "present_post"):
        text = turn(act, items).text
        assert told in text
        assert "tap approve" in text


def test_a_publication_after_a_failed_try_is_told_as_what_it_is() -> None:
    items = [*result("publish_post", {"status": "published", "url": "https://x.example"})]
    items.insert(0, fact("publish", {"status": "failed", "code": "rate_limited"}))
    assert "on LinkedIn" in turn("report_published", items).text
    assert "did not go out" not in turn("report_post", items).text
