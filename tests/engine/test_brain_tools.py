"""Which function the brain calls, when, and with what."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.engine.brain import Brain, BrainRequest, Item, Reply, ToolSpec

BRAIN = Brain()
BRIEF = Item(
    "message",
    "system",
    'brief: {"name": "it is called Moon River Bakery", "offer": "We sell bread.", "audience": "families"}',
)
NEXT = Item("message", "system", 'next: {"speaker": "maya", "phase": "ideation_prep"}')


def tool(name: str, parameter: str = "", **schema: object) -> ToolSpec:
    properties = {parameter: {"type": "string", **schema}} if parameter else {}
    return ToolSpec(name, "", {"type": "object", "properties": properties, "required": list(properties)})


SELECT = tool("select_next_speaker", "speaker", enum=["sarah", "maya"])
RESEARCH = tool("research_market", "focus")
BUILD = tool("build_website", "name")
DRAFT = tool("draft_post", "topic")
PUBLISH = tool("publish_post")


def turn(act: str, items: list[Item], *tools: ToolSpec, choice: str = "auto") -> Reply:
    return BRAIN.respond(items, BrainRequest("You are Marcus, the manager.", "", act, tools, choice))


@pytest.mark.parametrize(
    ("act", "offered", "arguments"),
    [
        ("greet", SELECT, {"speaker": "maya"}),
        ("hand_over", SELECT, {"speaker": "maya"}),
        ("start_research", RESEARCH, {"focus": "We sell bread, for families"}),
        ("start_build", BUILD, {"name": "Moon River Bakery"}),
        ("start_post", DRAFT, {"topic": "Moon River Bakery: We sell bread"}),
        ("present_post", PUBLISH, {}),
    ],
)
def test_an_act_calls_its_own_function_once_beside_its_words(
    act: str, offered: ToolSpec, arguments: dict[str, str]
) -> None:
    reply = turn(act, [BRIEF, NEXT], offered)
    assert reply.text
    assert [call.name for call in reply.calls] == [offered.name]
    assert json.loads(reply.calls[0].arguments) == arguments
    assert turn(act, [BRIEF, NEXT]).calls == ()
    assert turn(act, [BRIEF, NEXT], offered, choice="none").calls == ()


@pytest.mark.parametrize(
    "act", ["report_research", "show_site", "report_post", "ask", "reply", "still_working", "close"]
)
def test_a_report_never_calls_again(act: str) -> None:
    answered = [
        BRIEF,
        Item("function_call", name="research_market", call_id="c", arguments="{}"),
        Item("function_call_output", call_id="c", output='{"status": "done", "headline": "Bread sells"}'),
    ]
    assert turn(act, answered, RESEARCH, BUILD, PUBLISH).calls == ()


@given(
    st.text(max_size=20),
    st.lists(st.sampled_from(["sarah", "maya", "alex", "sophie"]), min_size=1, unique=True),
)
def test_only_allowed_speakers_are_chosen(wish: str, allowed: list[str]) -> None:
    following = Item("message", "system", f"next: {json.dumps({'speaker': wish})}")
    reply = turn("hand_over", [following], tool("select_next_speaker", "speaker", enum=allowed))
    assert json.loads(reply.calls[0].arguments)["speaker"] in allowed


def test_the_next_fact_decides_among_the_allowed_speakers() -> None:
    both = tool("select_next_speaker", "speaker", enum=["alex", "maya"])
    assert json.loads(turn("hand_over", [NEXT], both).calls[0].arguments) == {"speaker": "maya"}
    only = tool("select_next_speaker", "speaker", enum=["alex"])
    assert json.loads(turn("hand_over", [NEXT], only).calls[0].arguments) == {"speaker": "alex"}


@pytest.mark.parametrize("act", ["ask", "report_research", "greet", ""])
def test_a_forced_function_is_called(act: str) -> None:
    assert [call.name for call in turn(act, [BRIEF], RESEARCH, BUILD, choice="build_website").calls] == [
        "build_website"
    ]
    assert len(turn(act, [BRIEF], RESEARCH, BUILD, choice="required").calls) == 1


def test_required_prefers_the_function_of_the_act() -> None:
    assert turn("start_build", [BRIEF], RESEARCH, BUILD, choice="required").calls[0].name == "build_website"


def test_arguments_have_the_types_that_the_schema_wants() -> None:
    schema: dict[str, object] = {
        "properties": {
            "count": {"type": "integer", "minimum": 1},
            "urgent": {"type": "boolean"},
            "tags": {"type": "array"},
            "tone": {"enum": ["warm", "cold"]},
            "note": {"type": "string", "default": "-"},
        },
        "required": ["count", "urgent", "tags", "tone"],
    }
    reply = turn("start_build", [], ToolSpec("build_website", "", schema))
    assert json.loads(reply.calls[0].arguments) == {"count": 1, "urgent": False, "tags": [], "tone": "warm"}


@pytest.mark.parametrize(
    "parameters", [None, {}, {"properties": []}, {"properties": {"x": 3}, "required": "x"}]
)
def test_a_schema_without_sense_gives_an_empty_object_or_less(parameters: dict[str, object] | None) -> None:
    reply = turn("start_build", [], ToolSpec("build_website", "", parameters))
    assert isinstance(json.loads(reply.calls[0].arguments), dict)
