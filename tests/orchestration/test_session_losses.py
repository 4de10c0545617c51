"""A whole session whose Lines are killed at random moments: it goes on, and is the same conversation."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from studio import WORD_MS, Studio

from orchestration import notices
from orchestration.adapters.openai_line import LineTimes
from tests.fakes import virtual_time

BENIGN = {"response_cancel_not_active"}
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


async def words_undisturbed() -> tuple[list[str], float]:
    studio = Studio()
    assert await studio.run() == "completed"
    said = studio.said()
    assert len(said) == len(set(said))
    return said, studio.clock()


async def killed(seed: int, script: list[str], length_s: float, kills: int, voices_only: bool) -> int:
    """Kill Lines at random moments, every other time one that speaks, where there is one.

    Returns how often a turn that was heard broke off.
    """
    dice = random.Random(seed)
    random.seed(seed)  # the unevenness of the Lines' pauses
    studio = Studio()
    slot_s = length_s / kills
    moments = [(n + dice.random()) * slot_s for n in range(kills)]

    async def killer() -> None:
        for n, at in enumerate(moments):
            await asyncio.sleep(max(0.0, at - studio.clock()))
            sessions = studio.voices() if voices_only else studio.open_sessions()
            speaking = [pair for pair in sessions if pair[0].generating]
            if sessions:
                dice.choice((n % 2 and speaking) or sessions)[1].transport.abort()
            studio.network.reachable = False
            await asyncio.sleep(dice.choice((0.0, 0.5, min(3.0, slot_s / 2))))
            studio.network.reachable = True

    killing = asyncio.create_task(killer())
    assert await studio.run() == "completed"
    await killing
    is_the_same_conversation(studio, script)
    return broken_off(studio)


def is_the_same_conversation(studio: Studio, script: list[str]) -> None:
    assert studio.said(ASIDES) == script, "something was said twice, or not at all"
    for turn in [turn for turn in studio.of(notices.TurnEnded) if not turn.interrupted]:
        assert turn.heard_ms == len(turn.text.split()) * WORD_MS, "more was heard than is remembered, or less"
    answers = Counter(n.question for n in studio.of(notices.HumanHeard))
    assert set(answers.values()) == {1}, "an answer was lost, or taken twice"
    errors = [error["code"] for error in studio.service.errors if error["code"] not in BENIGN]
    assert errors == []
    assert set(studio.codes()) <= {"line_lost", "line_restored"}, "nobody fell silent for good"


def broken_off(studio: Studio) -> int:
    """How many turns were heard up to a word that was not their last one."""
    return sum(not n.text.endswith("ends.") for n in studio.of(notices.TurnEnded))


@pytest.fixture(scope="module")
def words() -> tuple[list[str], float]:
    """What is said in a session that nothing disturbs, and how long that takes, in seconds."""
    return virtual_time.run(words_undisturbed())


@pytest.mark.parametrize("seed", range(5))
def test_sessions_whose_lines_are_killed_seventy_times_are_the_same_word_for_word(
    seed: int, words: tuple[list[str], float]
) -> None:
    broken = virtual_time.run(killed(seed, *words, kills=14, voices_only=False))
    assert broken, "no kill hit a turn that was heard"


@pytest.mark.parametrize("seed", range(3))
def test_a_session_whose_voices_are_killed_fifty_times_is_the_same_word_for_word(
    seed: int, words: tuple[list[str], float]
) -> None:
    broken = virtual_time.run(killed(seed, *words, kills=50, voices_only=True))
    assert broken, "no kill hit a turn that was heard"


async def killed_in(n: int, after_s: float, script: list[str], times: int) -> int:
    """The Line of the `n`th turn dies so long after it began to sound, and so in what goes on with it."""
    studio = Studio()
    studio.service.step_s = 0.85 * WORD_MS / 1000  # little is there before it is heard

    async def killer() -> None:
        for turn in range(n, n + times):
            while len(started := studio.of(notices.TurnStarted)) <= turn:
                await asyncio.sleep(0.05)
            await asyncio.sleep(after_s)
            for session, socket in studio.open_sessions():
                asked = [event for event in session.received if event["type"] == "response.create"]
                if session.generating and f"'{started[turn].turn}'" in str(asked[-1]["response"]):
                    socket.transport.abort()

    killing = asyncio.create_task(killer())
    assert await studio.run() == "completed"
    await killing
    is_the_same_conversation(studio, script)
    return broken_off(studio)


@pytest.mark.parametrize("times", [1, 2])
def test_any_turn_goes_on_after_the_word_at_which_its_line_died(
    times: int, words: tuple[list[str], float]
) -> None:
    script, _ = words
    dice = random.Random(times)
    turns = range(times % 2, len(script), 4)
    broken = [virtual_time.run(killed_in(n, dice.uniform(0.1, 1.6), script, times)) for n in turns]
    assert min(broken) >= times, "a kill hit no turn that was heard"
