"""Where a turn ends whose voice was lost: with its last whole sentence, or word."""

from __future__ import annotations

import json

import pytest
from test_director import Stand, begun, stand

from orchestration import notices
from orchestration.breakoff import last_whole
from orchestration.captions import TimedWord

MS = 48
TEXT = "Hello all. I am Marcus, the project manager. We go on with everything now"


def words(text: str, each_ms: int = 500) -> list[TimedWord]:
    return [TimedWord(word, n * each_ms, (n + 1) * each_ms) for n, word in enumerate(text.split())]


@pytest.mark.parametrize(
    ("received_ms", "sent_ms", "kept"),
    [
        (5000, 0, (8, 4000)),  # the third sentence is not whole
        (5000, 4500, (10, 5000)),  # but is heard
        (1700, 0, (2, 1000)),
        (1700, 1000, (2, 1000)),  # the pause after it is heard
        (1600, 1200, (3, 1500)),  # the middle of the second sentence is heard
        (900, 0, (2, 900)),  # "all." takes 325 ms
        (700, 0, (1, 500)),
        (200, 100, (0, 100)),  # not a word
        (200, 0, (0, 0)),
    ],
)
def test_what_is_whole_is_heard_to_the_end_of_a_sentence_else_of_a_word(
    received_ms: int, sent_ms: int, kept: tuple[int, int]
) -> None:
    assert last_whole(words(TEXT), received_ms, sent_ms) == kept


async def speak(here: Stand, text: str) -> None:
    """Marcus' first turn: half a second a word, and 250 ms of it were sent."""
    for n, word in enumerate(text.split()):
        here.director.word_received("turn1", f"{word} ", n * 500)
        here.director.audio_received("turn1", bytes(500 * MS))
    here.floor.lanes["turn1"].source_ms = 250
    here.director.playout_started("turn1", 0)
    await here.settle()


async def test_a_turn_that_breaks_off_is_closed_remembered_as_heard_and_asked_for_again() -> None:
    async with stand() as here:
        await begun(here)
        await speak(here, "Hello all. I am")
        here.director.response_failed("turn1", "connection_lost", True)
        await here.settle()
        log = here.lines["marcus"].log
        assert here.floor.lanes["turn1"].broken_ms == 1000
        assert ("truncate", 1000) in log
        assert log[-2] == ("context", f"system said: {json.dumps({'text': 'Hello all.'})}")
        first, rest = here.lines["marcus"].requests()
        assert (rest.act, rest.after, rest.turn) == ("greet", "turn1", "turn2")
        assert rest.instructions.startswith(first.instructions)
        assert "Do not repeat them" in rest.instructions
        captions = [notice.text for notice in here.told if isinstance(notice, notices.Caption)]
        assert captions == ["Hello all."]
        here.director.playout_finished("turn1", 900)
        await here.settle()
        (ended,) = [notice for notice in here.told if isinstance(notice, notices.TurnEnded)]
        assert (ended.text, ended.interrupted) == ("Hello all.", False)
        assert here.floor.log[-1] == ("give", "turn2")


async def test_what_goes_on_and_breaks_off_again_goes_on_after_all_that_was_heard() -> None:
    async with stand() as here:
        await begun(here)
        await speak(here, "Hello all. I am")
        here.director.response_failed("turn1", "connection_lost", True)
        here.director.playout_finished("turn1", 900)
        await here.settle()
        here.director.word_received("turn2", "I ", 0)
        here.director.word_received("turn2", "am ", 500)
        here.director.audio_received("turn2", bytes(800 * MS))
        here.director.playout_started("turn2", 48_000)
        here.director.response_failed("turn2", "connection_lost", True)
        await here.settle()
        said = [value for name, value in here.lines["marcus"].log if str(value).startswith("system said: ")]
        assert said[-1] == f"system said: {json.dumps({'text': 'Hello all. I am'})}"
        assert here.lines["marcus"].requests()[-1].after == "turn2"
        here.director.playout_finished("turn2", 800)
        await here.settle()


async def test_a_turn_of_which_no_word_was_heard_is_asked_for_as_it_was() -> None:
    async with stand() as here:
        await begun(here)
        here.director.audio_received("turn1", bytes(100 * MS))
        here.director.playout_started("turn1", 0)
        here.director.response_failed("turn1", "connection_lost", True)
        await here.settle()
        first, again = here.lines["marcus"].requests()
        assert (again.act, again.after, again.instructions) == (first.act, "", first.instructions)


async def test_words_without_times_break_off_where_the_sound_pauses() -> None:
    """One sentence of 1.2 s, a pause, and the beginning of the next."""
    loud = (8000).to_bytes(2, "little", signed=True) * 24
    async with stand() as here:
        await begun(here)
        for piece in ("Hello", " to", " all", " of", " you.", " I", " am", " Marcus", ", your", " manager"):
            here.director.word_received("turn1", piece, None)
        here.director.audio_received("turn1", loud * 1200 + bytes(400 * MS) + loud * 500)
        here.floor.lanes["turn1"].source_ms = 250
        here.director.playout_started("turn1", 0)
        here.director.response_failed("turn1", "connection_lost", True)
        await here.settle()
        assert here.floor.lanes["turn1"].broken_ms == pytest.approx(1600, abs=50)
        said = [value for name, value in here.lines["marcus"].log if str(value).startswith("system said: ")]
        assert said == [f"system said: {json.dumps({'text': 'Hello to all of you.'})}"]
