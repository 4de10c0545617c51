"""How the simulated human behaves, against a visit that plays the server's events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import cast

import pytest

from server.rehearsal import human as behaviour
from server.rehearsal.answers import KEYS, Answers
from server.rehearsal.client import Event, RehearsalError, Visit
from server.rehearsal.human import Human
from server.rehearsal.part import Part

SAID = {key: f"the answer about {key}" for key in KEYS}


class FakeVisit:
    """Plays events; what the human does may bring more of them."""

    def __init__(self) -> None:
        self.done: list[tuple[str, ...]] = []
        self.on_done: Callable[[tuple[str, ...]], None] = lambda done: None
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._seq = 0

    def play(self, type: str, **data: object) -> None:
        self._seq += 1
        self._events.put_nowait(Event(self._seq, type, 0, data, 0.0, ""))

    def end(self) -> None:
        self._events.put_nowait(None)

    async def next_event(self) -> Event | None:
        return await self._events.get()

    async def say(self, text: str, pcm: bytes) -> None:
        self._do("say", text)

    async def type(self, text: str) -> None:
        self._do("type", text)

    async def correct(self, key: str, text: str) -> None:
        self._do("correct", key, text)

    async def approve(self, approval: str) -> None:
        self._do("approve", approval)

    def _do(self, *what: str) -> None:
        self.done.append(what)
        self.on_done(what)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REACTION_S", "READING_S", "LOOK_S"):
        monkeypatch.setattr(behaviour, name, 0.001)
    monkeypatch.setattr(behaviour, "INTERRUPT_AFTER_S", (0.001,))


def made(visit: FakeVisit, interruptions: int = 0, given: bool = False, **corrections: str) -> Human:
    return taking_part(visit, Part(interruptions=interruptions, given=given), **corrections)


def taking_part(visit: FakeVisit, part: Part, **corrections: str) -> Human:
    spoken = {key: b"" for key in (*KEYS, *behaviour.INTERRUPTIONS, *behaviour.DECISIONS, *behaviour.OPINION)}
    return Human(cast(Visit, visit), Answers(SAID, corrections), spoken, lambda line: None, part)


def understood(visit: FakeVisit, key: str, text: str, status: str = "answered") -> None:
    answers = [{"key": key, "text": text, "status": status}]
    visit.play("brief.updated", brief={"answers": answers}, changed=key)


async def test_it_speaks_when_it_is_listened_to_and_ends_with_the_session() -> None:
    visit = FakeVisit()
    human = made(visit)

    def next_step(done: tuple[str, ...]) -> None:
        understood(visit, "offer", SAID["offer"])
        visit.play("session.completed")

    visit.on_done = next_step
    visit.play("question.asked", question="offer")
    visit.play("human.listening", listening=True)
    await human.hold()
    assert visit.done == [("say", SAID["offer"])]
    assert "offer" not in human.missed


async def test_it_says_nothing_before_it_is_listened_to() -> None:
    visit = FakeVisit()
    visit.play("question.asked", question="offer")
    visit.play("session.completed")
    await made(visit).hold()
    assert visit.done == []


async def test_it_says_it_again_and_at_last_types_it() -> None:
    visit = FakeVisit()

    def next_step(done: tuple[str, ...]) -> None:
        if done[0] == "type":
            visit.play("session.completed")
        else:
            asyncio.get_running_loop().call_later(0.01, lambda: visit.play("human.listening", listening=True))

    visit.on_done = next_step
    visit.play("question.asked", question="name")
    visit.play("human.listening", listening=True)
    await made(visit).hold()
    assert [done[0] for done in visit.done] == ["say", "say", "say", "type"]


async def test_it_corrects_what_was_misunderstood_once() -> None:
    visit = FakeVisit()
    visit.on_done = lambda done: visit.play("session.completed")
    understood(visit, "name", "blue fen")
    understood(visit, "name", "blue fen")
    await made(visit, name="Blue Fern").hold()
    assert visit.done == [("correct", "name", "Blue Fern")]


async def test_it_likes_the_website_aloud_and_types_that_when_it_is_asked_again() -> None:
    visit = FakeVisit()

    def next_step(done: tuple[str, ...]) -> None:
        if done[0] == "type":
            visit.play("session.completed")
        else:
            asyncio.get_running_loop().call_later(0.01, lambda: visit.play("human.listening", listening=True))

    visit.on_done = next_step
    visit.play("phase.entered", phase="showcase")
    visit.play("human.listening", listening=True)
    await made(visit).hold()
    assert visit.done == [("say", "I like it."), ("type", "I like it.")]


async def test_an_unanswered_question_is_not_corrected() -> None:
    visit = FakeVisit()
    human = made(visit, name="Blue Fern")
    understood(visit, "name", "", "unanswered")
    visit.play("session.completed")
    await human.hold()
    assert visit.done == []
    assert "name" in human.missed


async def test_it_approves_what_it_is_asked_to_approve() -> None:
    visit = FakeVisit()
    visit.on_done = lambda done: visit.play("session.completed")
    visit.play("approval.requested", approval="a7")
    await made(visit).hold()
    assert visit.done == [("approve", "a7")]


async def talked_over(interruptions: int, *acts: str) -> tuple[FakeVisit, Human]:
    """A session of these turns, each long enough to be talked over."""
    visit = FakeVisit()
    return visit, await played(visit, Part(interruptions), *acts)


async def played(visit: FakeVisit, part: Part, *acts: str) -> Human:
    loop = asyncio.get_running_loop()
    for n, act in enumerate(acts):
        loop.call_later(n * 0.1, partial(visit.play, "turn.started", turn=f"t{n}", act=act))
        loop.call_later(n * 0.1 + 0.08, visit.play, "turn.ended")
    loop.call_later(len(acts) * 0.1, visit.play, "session.completed")
    human = taking_part(visit, part)
    await human.hold()
    return human


@pytest.mark.parametrize(("wanted", "turns"), [(0, []), (1, ["t0"]), (2, ["t0", "t1"])])
async def test_it_talks_over_as_many_turns_as_it_was_told_to(wanted: int, turns: list[str]) -> None:
    visit, human = await talked_over(wanted, "report_research", "show_site", "report_post")
    assert human.interrupted == turns
    assert [done[0] for done in visit.done] == ["say"] * wanted


async def test_it_spares_what_it_would_be_answering() -> None:
    _, human = await talked_over(5, "ask", "reply", "show_site", "close")
    assert human.interrupted == ["t2"]


async def test_a_turn_that_is_over_too_soon_is_not_talked_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviour, "INTERRUPT_AFTER_S", (0.09,))
    visit, human = await talked_over(1, "show_site")
    assert (visit.done, human.interrupted) == ([], [])


async def test_with_given_answers_it_talks_over_replies_too_until_the_script_must_go_on() -> None:
    acts = ("show_site", *["reply"] * 6, "report_post")
    human = await played(FakeVisit(), Part(interruptions=20, given=True), *acts)
    assert human.interrupted == ["t0", "t1", "t2", "t3", "t4", "t6", "t7"]


async def decided(decisions: int, resolved_by: str) -> FakeVisit:
    """Every word has a reply; the last one that is said, or the tap, resolves what is open."""
    visit = FakeVisit()

    def reply(done: tuple[str, ...]) -> None:
        if done[-1] == resolved_by:
            visit.play("approval.resolved", approval="a7")
            visit.play("session.completed")
        else:
            visit.play("turn.started", turn="t", act="reply")
            asyncio.get_running_loop().call_later(0.03, visit.play, "turn.ended")

    visit.on_done = reply
    visit.play("approval.requested", approval="a7")
    await taking_part(visit, Part(decisions=decisions, given=True)).hold()
    return visit


async def test_it_says_yes_and_at_last_no() -> None:
    visit = await decided(3, "No.")
    assert visit.done == [("say", "Yes."), ("say", "Yes, please."), ("say", "No.")]


async def test_a_no_that_is_not_understood_is_said_again_and_at_last_it_taps() -> None:
    visit = await decided(1, "a7")
    assert visit.done == [("say", "No."), ("say", "No."), ("say", "No."), ("approve", "a7")]


async def test_given_answers_need_no_voice() -> None:
    visit = FakeVisit()
    visit.play("question.asked", question="name")
    visit.play("human.listening", listening=True)
    visit.play("session.completed")
    human = made(visit, given=True)
    await human.hold()
    assert (visit.done, human.missed) == ([], [])


async def test_a_session_that_ends_early_is_an_error() -> None:
    visit = FakeVisit()
    visit.play("session.state", state="stopped", reason="internal")
    with pytest.raises(RehearsalError, match="ended early"):
        await made(visit).hold()
    other = FakeVisit()
    other.end()
    with pytest.raises(RehearsalError, match="before the session was completed"):
        await made(other).hold()


async def test_what_fails_on_the_humans_side_ends_the_rehearsal() -> None:
    visit = FakeVisit()

    def fail(done: tuple[str, ...]) -> None:
        visit.play("caption")
        raise RehearsalError("POST approvals was answered 410")

    visit.on_done = fail
    visit.play("approval.requested", approval="a7")
    with pytest.raises(RehearsalError, match="410"):
        await made(visit).hold()
