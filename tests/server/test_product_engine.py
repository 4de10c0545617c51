"""The voice engine dies in the middle of a sentence, and the session goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from processes import alive
from product_guest import Guest, guest
from product_server import Product, product

from server.engine import brain_templates
from server.rehearsal.mouth import prepare

pytestmark = pytest.mark.timeout(150)

ANSWER = "Golden Harvest Bakery"


async def test_a_session_survives_the_death_of_the_engine_and_says_every_word_once(tmp_path: Path) -> None:
    with product(tmp_path) as room:
        spoken = (await prepare({"name": ANSWER}, "echo", tmp_path))["name"]
        async with guest(room.url) as human:
            await human.turn("greet")
            died = await kill_the_engine(room)
            await human.told("error", lambda data: data["code"] == "line_lost")
            question = await human.turn("ask", seconds=40.0)
            assert question.data["speaker"] == "sarah"
            the_greeting_went_on_where_it_broke_off(human)
            await human.told("human.listening", lambda data: data["listening"])
            assert room.engine != died
            await human.say(ANSWER, spoken)
            said = await human.told("human.said", seconds=20.0)
            assert said.data["question"] == "name"
            assert said.data["text"]
            await human.turn("ask", seconds=20.0)
            await every_turn_was_told_to_its_end(human)
            status, body = await human.ask("DELETE")
            assert (status, body["state"]) == (200, "stopped")


async def test_a_session_that_opens_while_the_engine_restarts_begins_when_it_is_back(tmp_path: Path) -> None:
    with product(tmp_path) as room:
        await kill_the_engine(room)
        async with guest(room.url) as human:
            first = await human.turn(seconds=40.0)
            assert first.data["act"] == "greet"
            assert not [event for event in human.of("error") if event.data["code"] == "voice_failed"]


async def kill_the_engine(room: Product) -> int:
    """The engine's whole process group, at once; returns its id."""
    engine = room.engine
    os.killpg(engine, signal.SIGKILL)
    async with asyncio.timeout(10.0):
        while alive(engine):
            await asyncio.sleep(0.01)
    return engine


def the_greeting_went_on_where_it_broke_off(human: Guest) -> None:
    acts = {event.data["turn"]: event.data["act"] for event in human.of("turn.started")}
    parts = [event.data["text"] for event in human.of("turn.ended") if acts[event.data["turn"]] == "greet"]
    # The first one is empty where the engine died in the first word.
    assert len(parts) == 2, "the engine had made the whole turn before it died"
    team = "Sarah, Maya, Alex and Sophie"
    whole = [text.format(me="Marcus", team=team) for text in brain_templates.acts()["greet"]["sarah"]]
    assert " ".join(str(part) for part in parts if part) in whole


async def every_turn_was_told_to_its_end(human: Guest) -> None:
    """No turn was given up, and of those that began all but the present one have ended."""
    codes = {event.data["code"] for event in human.of("error")}
    assert codes == {"line_lost", "line_restored"}
    started = [event.data["turn"] for event in human.of("turn.started")]
    ended = {event.data["turn"] for event in human.of("turn.ended")}
    assert set(started[:-1]) <= ended
    acts = [event.data["act"] for event in human.of("turn.started")]
    assert acts.count("ask") == 2
