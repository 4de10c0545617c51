"""Alex shows what was really built: its pages, its colours, and that it is the plain version where it is."""

from __future__ import annotations

import json

from server.engine.brain import Brain, BrainRequest, Item
from server.engine.brain_templates import SPOKEN_MAX_MS, spoken_ms

INSTRUCTIONS = "You are Alex, the developer of Moentreprise, a team of five."


def shown(**site: object) -> str:
    """What Alex says of this result."""
    items = [
        Item("function_call", name="build_website", call_id="c1", arguments="{}"),
        Item("function_call_output", call_id="c1", output=json.dumps({"status": "built", **site})),
    ]
    return Brain().respond(items, BrainRequest(INSTRUCTIONS, "Do it.", "show_site", (), "auto")).text


def test_alex_shows_the_pages_and_the_palette_of_the_result() -> None:
    text = shown(pages=[{"title": "Home"}, {"title": "Menu"}], palette={"name": "Orange and cream"})
    assert "two pages, Home and Menu, in orange and cream!" in text


def test_alex_says_that_a_site_is_the_plain_version_and_why() -> None:
    because = "There is no sandbox here, because only Linux has what the sandbox is made of."
    text = shown(kind="static", pages=[{"title": "Home"}], because=because)
    assert "plain version" in text
    assert "there is no sandbox here, because only Linux has what the sandbox is made of" in text
    assert spoken_ms(text) < SPOKEN_MAX_MS
