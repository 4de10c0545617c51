"""A whole session whose Lines are killed at random moments: it goes on, and is the same conversation."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from studio import Studio

from orchestration import notices
from orchestration.adapters.openai_line import LineTimes
from tests.fakes import virtual_time

BENIGN = {"response_cancel_not_active"}
KILLS = 5
APART_S = 4.0
"""The same turn that fails twice is passed over, by the rules: it is not hit twice here."""
ASIDES = {"nudge", "didnt_catch", "back_again"}
"""What is said because somebody waits, or was not heard: more of it is no repetition."""


async def renewed() -> None:
    script, length_s = await undisturbed()
    begun = asyncio.get_running_loop().time()
    studio = Studio(LineTimes(renew_s=10.0))
    assert await studio.run() == "completed"
    assert len(studio.service.sessions) >= 6 * 4
    assert studio.whole() == script
    assert studio.codes() == []
    assert studio.service.errors == []
    assert [turn for turn in studio.of(notices.TurnEnded) if turn.interrupted] == []
    assert studio.clock() - begun < length_s + 0.5, "somebody waited for a renewal"


def test_a_session_whose_lines_are_renewed_all_the_time_is_the_same_conversation_and_no_longer() -> None:
    virtual_time.run(renewed())


async def undisturbed() -> tuple[list[tuple[str, str]], float]:
    studio = Studio()
    assert await studio.run() == "completed"
    assert studio.codes() == []
    return studio.whole(), studio.clock()


async def killed(seed: int, script: list[tuple[str, str]], length_s: float) -> int:
    """Returns how many turns fell silent in the middle."""
    dice = random.Random(seed)
    studio = Studio()
    slot_s = length_s / KILLS
    moments = [n * slot_s + dice.uniform(1.0, slot_s - APART_S) for n in range(KILLS)]

    async def killer() -> None:
        for at in moments:
            await asyncio.sleep(max(0.0, at - studio.clock()))
            sessions = studio.open_sessions()
            speaking = [pair for pair in sessions if pair[0].generating]
            if sessions:
                dice.choice(dice.choice((speaking, sessions)) or sessions)[1].transport.abort()
            studio.network.reachable = False
            await asyncio.sleep(dice.choice((0.0, 0.5, 3.0)))
            studio.network.reachable = True

    killing = asyncio.create_task(killer())
    assert await studio.run() == "completed"
    await killing
    said = [turn for turn in studio.whole() if turn[1] not in ASIDES]
    assert said == script, "something was said twice, or not at all"
    answers = Counter(n.question for n in studio.of(notices.HumanHeard))
    assert set(answers.values()) == {1}, "an answer was lost, or taken twice"
    errors = [error["code"] for error in studio.service.errors if error["code"] not in BENIGN]
    assert errors == []
    assert set(studio.codes()) <= {"line_lost", "line_restored"}, "nobody fell silent for good"
    return sum(n.interrupted for n in studio.of(notices.TurnEnded))


@pytest.mark.parametrize("group", range(2))
def test_a_session_whose_lines_are_killed_fifty_times_is_the_same_conversation(group: int) -> None:
    script, length_s = virtual_time.run(undisturbed())
    broken = [virtual_time.run(killed(seed, script, length_s)) for seed in range(group * 5, group * 5 + 5)]
    assert sum(broken) > 0, "no kill hit a turn that was heard"
