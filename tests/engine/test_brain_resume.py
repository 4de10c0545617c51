"""A turn that broke off goes on with exactly the words that were not heard."""

from __future__ import annotations

import pytest
from test_brain_acts import BAKERY, CYCLES, SPEAKERS, TITLES, fact, said, session, tool

from server.engine.brain import Brain, BrainRequest, Item, Reply
from server.engine.brain_resume import VARIANTS
from server.engine.brain_templates import acts

BRAIN = Brain()
EARLIER = [said("Good morning."), said("A few words of another turn."), said("")]


def respond(act: str, items: list[Item], after: str = "") -> Reply:
    who = SPEAKERS[act]
    instructions = f"You are {who.capitalize()}, the {TITLES[who]} of Moentreprise, a team of five."
    tools = (tool("build_website"),) if act == "start_build" else ()
    return BRAIN.respond(items, BrainRequest(instructions, "Do it.", act, tools, after=after))


def broken(items: list[Item], *parts: str, in_memory: bool = True) -> list[Item]:
    """The conversation after the turn broke off, once for each part; as text, or as sound that was cut."""
    told = [said(part if in_memory else "") for part in parts]
    return [*items, *told, fact("said", {"text": " ".join(parts)})]


@pytest.mark.parametrize("act", sorted(SPEAKERS))
@pytest.mark.parametrize("earlier", range(4))
@pytest.mark.parametrize("in_memory", [True, False])
def test_every_act_goes_on_after_any_of_its_words(act: str, earlier: int, in_memory: bool) -> None:
    items = [*EARLIER[:earlier], *session(BAKERY)[act]]
    whole = respond(act, items).text.split()
    for count in range(1, len(whole) + 1):
        heard = " ".join(whole[:count])
        rest = respond(act, broken(items, heard, in_memory=in_memory), after="turn7").text
        assert [*heard.split(), *rest.split()] == whole


def test_a_turn_that_broke_off_twice_goes_on_after_the_second_part() -> None:
    items = [*EARLIER, *session(CYCLES)["ask"]]
    whole = respond("ask", items).text.split()
    parts = " ".join(whole[:2]), " ".join(whole[2:5])
    assert respond("ask", broken(items, *parts), after="turn8").text.split() == whole[5:]


def test_what_goes_on_calls_what_the_turn_was_to_call_also_when_all_was_said() -> None:
    items = session(BAKERY)["start_build"]
    whole = respond("start_build", items).text
    rest = respond("start_build", broken(items, whole), after="turn7")
    assert rest.text == ""
    assert [call.name for call in rest.calls] == ["build_website"]


def test_words_of_somebody_else_leave_no_sentence_out_and_repeat_none() -> None:
    """A model began the turn and cannot be asked any more: its question still has to be asked."""
    items = session(BAKERY)["ask"]
    whole = respond("ask", items).text
    question = "What do you offer?"
    assert question in whole
    assert question in respond("ask", broken(items, "Bread, how lovely!"), after="turn7").text
    assert question not in respond("ask", broken(items, f"How lovely! {question}"), after="turn7").text


def test_what_was_said_of_one_turn_leaves_the_next_one_whole() -> None:
    items = session(BAKERY)["ask"]
    whole = respond("ask", items).text
    later = [*broken(items, " ".join(whole.split()[:4])), said(" ".join(whole.split()[4:]))]
    assert respond("ask", later).text.endswith("What do you offer?")


def test_no_case_has_more_variants_than_are_tried() -> None:
    assert max(len(variants) for cases in acts().values() for variants in cases.values()) <= VARIANTS
