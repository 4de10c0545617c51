"""Sophie says what became of a post: each outcome in its own words, none that claims more."""

from __future__ import annotations

import json

import pytest
from test_brain_acts import result, turn

from orchestration.adapters.linkedin.outcomes import AGAIN, UNSURE, Code, outcome
from server.engine.brain import Brain, BrainRequest, Item
from server.engine.brain_templates import SPOKEN_MAX_MS, spoken_ms

INSTRUCTIONS = "You are Sophie, the marketing specialist of Moentreprise, a team of five."


def said(code: Code) -> str:
    """What Sophie says of this outcome: at the end, or when the human may try again."""
    result = outcome(code).as_json()
    act = "publish_again" if code in AGAIN else "report_post"
    items = [Item("message", "system", f"publish: {json.dumps(result)}")]
    return Brain().respond(items, BrainRequest(INSTRUCTIONS, "Do it.", act, (), "auto")).text


@pytest.mark.parametrize("code", list(Code))
def test_every_outcome_is_said_for_what_it_is(code: Code) -> None:
    text = said(code)
    assert spoken_ms(text) < SPOKEN_MAX_MS
    if code in AGAIN:
        assert "did not go out" in text
        assert "approve once more" in text
    elif code in UNSURE:
        assert "I do not know whether it is out" in text
        assert "look at your LinkedIn page" in text
    elif code is Code.NO_ACCOUNT:
        assert "draft" in text
    else:
        assert "did not" in text


def test_no_two_outcomes_sound_alike() -> None:
    assert len({said(code) for code in Code}) == len(Code)


@pytest.mark.parametrize(
    ("content", "told", "never"),
    [
        (
            {"status": "draft", "reason": "no account is connected"},
            "draft because no account is connected",
            "is published",
        ),
        ({"status": "published", "url": "https://example.org"}, "published on LinkedIn", "draft"),
        ({"status": "unknown", "reason": "It did not answer"}, "look at your LinkedIn page", "is published"),
        ({"status": "rejected", "reason": ""}, "not published", "draft because"),
        ({"status": "expired", "reason": "nobody approved it in time"}, "nothing was published", "draft"),
        ({"status": "failed", "reason": "LinkedIn refused it."}, "LinkedIn refused it", "is published"),
        ({}, "did not tell me", "is published"),
    ],
)
def test_the_post_is_reported_as_it_is(content: dict[str, str], told: str, never: str) -> None:
    text = turn("report_post", result("publish_post", content)).text
    assert told in text
    assert never not in text
