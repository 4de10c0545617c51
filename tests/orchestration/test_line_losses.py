"""A Line over hours and losses, in virtual time: nothing is said twice, nothing is lost, nobody waits."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import cast

import pytest
from test_openai_line import Ear

from orchestration.adapters.openai_line import LineTimes, OpenAILine
from orchestration.events import ToolCall
from orchestration.ports import LineConfig, ResponseRequest, Tool
from orchestration.realtime import Hearing
from tests.fakes import virtual_time
from tests.fakes.memory_sockets import MemoryNetwork
from tests.fakes.openai_realtime import FakeRealtimeServer
from tests.fakes.openai_service import Call, Json, Reply, Speech

PERSONA = LineConfig("marcus", "You are Marcus, the project manager.", "cedar")
LISTENER = LineConfig("listener", "You only listen.", None)
NOTE = Tool("note", "Take a note.", {"type": "object", "properties": {}})
WORD_MS = 200
WORDS = 8
BENIGN = {"response_cancel_not_active"}
# Each way once, the SDK's reading and writing, and the service's own pace.
PROMPT_S = 0.2
RENEWED_BY_S = 50 * 60.0


def sentence(turn: str) -> str:
    return " ".join([turn, *(f"word{n}" for n in range(1, WORDS))])


def script(request: Json) -> Reply:
    turn = str(cast(Json, request["metadata"])["turn"])
    return Reply([Speech(sentence(turn), WORD_MS), Call("note")])


class Owner(Ear):
    """A Line's owner as the rules are: what fails is forgotten and asked for again."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = asyncio.get_running_loop().time
        self.line: OpenAILine | None = None
        self.audio: Counter[str] = Counter()
        self.first_audio_at: dict[str, float] = {}
        self.at: list[tuple[float, str]] = []
        self.answers: Counter[str] = Counter()

    def _tell(self, *what: str) -> None:
        super()._tell(*what)
        self.at.append((self.clock(), what[0]))

    def audio_received(self, turn: str, pcm: bytes) -> None:
        self.audio[turn] += len(pcm)
        self.first_audio_at.setdefault(turn, self.clock())

    def response_finished(self, turn: str, text: str, calls: tuple[ToolCall, ...]) -> None:
        assert self.line is not None
        for call in calls:
            self.answers[call.call] += 1
            self.line.answer_tool(call.call, {"ok": True})
        super().response_finished(turn, text, calls)

    async def spoken(self, name: str) -> str:
        """Have it said, once more each time that it fails; returns the turn that was delivered whole."""
        assert self.line is not None
        for attempt in range(9):
            turn = f"{name}.{attempt}"
            self.line.respond(ResponseRequest(turn, "ask", "Ask.", (NOTE,)))
            while not (ends := [t for t in self.told if t[0] in ("finished", "failed") and t[1] == turn]):
                self._changed.clear()
                await self._changed.wait()
            if ends[0][0] == "finished":
                return turn
            assert ends[0][3] == "True", "what a loss cost can be asked for again"
            self.line.forget(turn)
        raise AssertionError("it fails for ever")


@asynccontextmanager
async def opened(
    config: LineConfig = PERSONA, times: LineTimes | None = None
) -> AsyncIterator[tuple[OpenAILine, Owner, MemoryNetwork]]:
    service = FakeRealtimeServer(script)
    network, owner = MemoryNetwork(service), Owner()
    line = owner.line = OpenAILine(network.dial, Hearing("asr"), config, owner, times)
    await line.open()
    try:
        yield line, owner, network
    finally:
        await line.close()
        await network.close()
    assert [error for error in service.errors if error["code"] not in BENIGN] == []


def texts(network: MemoryNetwork) -> list[str]:
    """What the newest session holds, in order; a call and its answer by their types."""
    found = []
    for item in network.service.sessions[-1].items.values():
        content = cast("list[Json]", item.body.get("content") or [{}])[0]
        found.append(str(content.get("text") or content.get("transcript") or item.body["type"]))
    return found


async def conversation(owner: Owner, network: MemoryNetwork) -> None:
    """Ten turns with something told between them; then everything must be there once."""
    assert owner.line is not None
    expected = []
    for n in range(10):
        owner.line.add_context("user", f"[Human]: {n}")
        turn = await owner.spoken(f"turn{n}")
        expected += [f"[Human]: {n}", sentence(turn), "function_call", "function_call_output"]
        await asyncio.sleep(WORD_MS * WORDS / 1000)
    await owner.spoken("last")
    whole = {told[1] for told in owner.told if told[0] == "finished"}
    assert [owner.audio[turn] for turn in whole] == [WORDS * WORD_MS * 48] * len(whole)
    assert len(whole) == 11
    ends = Counter(told[1] for told in owner.told if told[0] in ("finished", "failed"))
    assert set(ends.values()) == {1}, "a turn ended twice"
    assert set(owner.answers.values()) == {1}
    assert texts(network)[: len(expected)] == expected


async def undisturbed() -> tuple[float, int]:
    """How long the conversation takes, and how many events the service sends in it."""
    async with opened() as (_, owner, network):
        network.service.breaks_after = 1_000_000
        await conversation(owner, network)
        return owner.clock(), 1_000_000 - network.service.breaks_after


LENGTH_S, EVENTS = virtual_time.run(undisturbed())


async def broken_at(event: int, outage_s: float) -> None:
    """The socket breaks in the midst of what the service sends, and stays away for a while."""
    async with opened() as (_, owner, network):
        network.service.breaks_after = event

        async def outage() -> None:
            await network.service.broken.wait()
            network.reachable = False
            await asyncio.sleep(outage_s)
            network.reachable = True

        away = asyncio.create_task(outage())
        await conversation(owner, network)
        await away
        assert len(network.service.sessions) == 2
        kinds = [kind for _, kind in owner.at if kind in ("lost", "restored")]
        if outage_s != 1.0:  # at the limit either is right
            assert kinds == (["lost", "restored"] if outage_s > 1.0 else [])


@pytest.mark.parametrize("group", range(5))
def test_a_line_killed_at_any_event_says_everything_once(group: int) -> None:
    dice = random.Random(group)
    for _ in range(10):
        event = dice.randrange(5, EVENTS)
        virtual_time.run(broken_at(event, dice.choice((0.0, 0.1, 1.0, 5.0))))


async def killed_often(seed: int) -> None:
    dice = random.Random(seed)
    async with opened() as (_, owner, network):
        kills = sorted(dice.uniform(1.0, LENGTH_S) for _ in range(8))

        async def killer() -> None:
            for at in kills:
                await asyncio.sleep(max(0.0, at - owner.clock()))
                network.service.sockets[-1].transport.abort()

        killing = asyncio.create_task(killer())
        await conversation(owner, network)
        killing.cancel()
        assert len(network.service.sessions) > 4


@pytest.mark.parametrize("seed", range(3))
def test_a_line_killed_again_and_again_in_one_session_says_everything_once(seed: int) -> None:
    virtual_time.run(killed_often(seed))


async def two_hours() -> None:
    async with opened() as (line, owner, network):
        asked_at, said = {}, []
        while owner.clock() < 7200.0:
            turn = f"turn{len(said)}"
            asked_at[turn] = owner.clock()
            line.respond(ResponseRequest(turn, "ask", "Ask."))
            await owner.until("finished", turn)
            said.append(sentence(turn))
            await asyncio.sleep(23.3)
        waits = {turn: owner.first_audio_at[turn] - at for turn, at in asked_at.items()}
        assert max(waits.values()) < PROMPT_S, "a turn waited for the renewal"
        assert len(network.service.sessions) == 3
        assert network.service.ended_by_age == 0
        ages = [after - before for before, after in pairwise(network.dialled)]
        assert max(ages) < RENEWED_BY_S, "a session was renewed too late"
        assert [told[0] for told in owner.told if told[0] in ("lost", "restored", "failed")] == []
        # A Line tells a new session its last 200 entries; all that the newest one generated follows.
        known = [text for text in texts(network) if text.startswith("turn")]
        assert known == said[-len(known) :]
        assert len(known) > 100


def test_two_hours_pass_without_a_gap_over_sessions_of_less_than_fifty_minutes() -> None:
    virtual_time.run(two_hours())


def test_a_turn_asked_for_in_the_moment_of_renewal_is_generated_by_one_of_the_two() -> None:
    """Whenever it is asked for, to the millisecond, around the change."""

    async def story(offset_s: float) -> None:
        async with opened(times=LineTimes(renew_s=100.0)) as (line, owner, network):
            line.add_context("user", "[Human]: before")
            await asyncio.sleep(100.0 + offset_s)
            await owner.spoken("t")
            await asyncio.sleep(3.0)
            await owner.spoken("after")
            assert texts(network)[:2] == ["[Human]: before", sentence("t.0")]
            assert len(network.service.sessions) == 2
            assert not any(told[0] == "failed" for told in owner.told)

    for n in range(60):
        virtual_time.run(story(n * 0.005 - 0.05))


async def asked_while_sessions_change(hops: int) -> None:
    """A turn is asked for so many rounds of the loop after the next session's socket is open."""
    async with opened(times=LineTimes(renew_s=100.0)) as (line, owner, network):
        request = ResponseRequest("now", "ask", "Ask.")

        def hop(left: int) -> None:
            if left:
                asyncio.get_running_loop().call_soon(hop, left - 1)
            else:
                line.respond(request)

        network.on_dialled = lambda: hop(hops)
        await asyncio.sleep(101.0)
        await owner.until("finished", "now")
        assert not any(told[0] == "failed" for told in owner.told)
        assert owner.first_audio_at["now"] < 100.0 + 1.0
        await owner.spoken("after")


def test_a_turn_asked_for_in_the_very_round_of_the_change_is_not_dropped() -> None:
    for hops in range(20):
        virtual_time.run(asked_while_sessions_change(hops))


async def microphone_over_a_renewal() -> None:
    async with opened(LISTENER) as (line, owner, network):
        await asyncio.sleep(LineTimes().renew_s - 10.0)
        frames = [n.to_bytes(2, "little") * 480 for n in range(1000)]
        for frame in frames:
            line.hear(frame)
            await asyncio.sleep(0.02)
        await asyncio.sleep(1.0)
        old, new = network.service.sessions
        heard = [event["audio"] for session in (old, new) for event in session.received if "audio" in event]
        assert len(set(heard)) == len(frames), "a moment of the human was heard by no session"
        assert len(heard) - len(frames) <= 20
        kinds = [event["type"] for event in new.received]
        assert kinds[0] == "session.update"
        assert kinds.count("input_audio_buffer.append") > 300


def test_the_human_is_heard_without_a_gap_when_the_listening_session_is_renewed() -> None:
    virtual_time.run(microphone_over_a_renewal())


async def long_outage() -> None:
    async with opened() as (line, owner, network):
        line.add_context("user", "[Human]: before")
        await owner.spoken("first")
        network.reachable = False
        network.service.sockets[-1].transport.abort()
        lost_at = owner.clock()
        await asyncio.sleep(5.0)
        line.respond(ResponseRequest("waits", "ask", "Ask."))
        await asyncio.sleep(60.0)
        failed = [at - lost_at for at, kind in owner.at if kind == "failed"]
        assert len(failed) == 1
        assert 19.0 < failed[0] < 30.0
        network.reachable = True
        await owner.until("restored")
        await owner.spoken("second")
        assert texts(network)[:2] == ["[Human]: before", sentence("first.0")]
        told = [(round(at - lost_at), kind) for at, kind in owner.at if kind in ("lost", "restored")]
        assert [kind for _, kind in told] == ["lost", "restored"]
        assert told[0][0] == 1
        gaps = [b - a for a, b in pairwise(network.dialled[1:])]
        assert gaps[0] < 0.8
        assert all(after > before for before, after in pairwise(gaps[:4])), "the pauses grow"
        assert max(gaps) < 8.0 + 0.3
        assert len(network.dialled) < 20


def test_a_long_outage_is_told_attempts_grow_apart_and_the_line_comes_back_with_its_history() -> None:
    virtual_time.run(long_outage())


async def falls_over_at_once() -> None:
    async with opened() as (_, owner, network):
        for _ in range(40):
            await asyncio.sleep(1.0)
            while len(network.service.sockets) and not network.service.sockets[-1].closed:  # type: ignore[attr-defined]
                network.service.sockets[-1].transport.abort()
                await asyncio.sleep(0.1)
        assert len(network.service.sessions) < 20


def test_sessions_that_fall_over_at_once_are_not_opened_in_a_hurry() -> None:
    virtual_time.run(falls_over_at_once())
