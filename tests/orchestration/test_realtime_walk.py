"""Random walks: whatever the owner does and however the wire delays it, the protocol is kept."""

from __future__ import annotations

import random
from collections import Counter, deque
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.ports import LineConfig, ResponseRequest, Tool
from orchestration.realtime import Hearing, RealtimeClient
from orchestration.realtime_outcomes import AudioReceived, Outcome, TurnFailed, TurnFinished, WordReceived
from tests.fakes.openai_script import Item
from tests.fakes.openai_service import Call, FakeService, Json, Reply, Speech

NOTE = Tool("note", "Take a note.", {"type": "object", "properties": {"n": {"type": "integer"}}})
# The one race that the protocol cannot exclude: the response ended while our cancel was under way.
BENIGN = {"response_cancel_not_active"}
STEPS = 10_000


def script(request: Json) -> Reply:
    """One of several kinds of reply; every sentence begins with the name of its turn."""
    turn = str(cast(Json, request["metadata"])["turn"])
    one, two = Speech(f"{turn} one two", 40), Speech(f"{turn} three four", 40)
    good, bad = Call("note", '{"n": 1}'), Call("note", '{"n": "bad"}')
    replies = (
        Reply([one]),
        Reply([one, good]),
        Reply([bad, one]),
        Reply([one, two]),
        Reply([good, one, Call("note", '{"n": 2}')]),
        Reply([one], "incomplete", "max_output_tokens"),
    )
    return replies[int(turn[1:]) % len(replies)]


class Walk:
    """A client, a strict session, and a wire that delivers only when told to."""

    def __init__(self, losses: bool = True) -> None:
        self.losses = losses
        self.services: list[FakeService] = []
        self.client = RealtimeClient(
            LineConfig("alex", "You are Alex, the developer.", "ash"), Hearing("asr")
        )
        self.up: deque[Json] = deque()
        self.down: deque[Json] = deque()
        self.asked = 0
        self.told: list[str] = []
        self.ended: Counter[str] = Counter()
        self.stopped: set[str] = set()
        self.forgotten: set[str] = set()
        self.calls: dict[str, str] = {}
        """Delivered call → its turn."""
        self.answered: Counter[str] = Counter()
        self.connect()

    @property
    def service(self) -> FakeService:
        return self.services[-1]

    def connect(self) -> None:
        self.services.append(FakeService(script))
        # Ids differ from session to session, as they do there.
        self.service._numbers = iter(range(len(self.services) * 1_000_000, 1_000_000_000))
        self.up.clear()
        self.down.clear()
        self.client.connected()

    def take(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, TurnFinished | TurnFailed | AudioReceived | WordReceived):
                assert outcome.turn not in self.stopped, "something of a cancelled turn was delivered"
                assert not self.ended[outcome.turn], "something of a turn came after its end"
            if isinstance(outcome, TurnFinished | TurnFailed):
                self.ended[outcome.turn] += 1
            if isinstance(outcome, TurnFinished):
                self.calls.update({call.call: outcome.turn for call in outcome.calls})

    def act(self, kind: int, which: int, amount: int) -> None:
        turn = f"t{max(1, self.asked - which % 8)}"
        match kind:
            case 0 | 1 if self.asked - len(self.stopped | self.ended.keys()) < 6:
                self.asked += 1
                self.client.respond(ResponseRequest(f"t{self.asked}", "ask", "Ask.", (NOTE,)))
            case 2 if amount < 30:
                self.stop(turn)
                self.client.cancel(turn)
            case 3 if amount < 60:
                self.stop(turn)
                self.client.cancel(turn)
                self.client.truncate(turn, amount)
            case 4:
                self.client.truncate(turn, amount * 3)
            case 5 if self.asked and amount < 40:
                self.stop(turn)
                self.forgotten.add(turn)
                self.client.forget(turn)
            case 6 if self.calls:
                self.answer(list(self.calls)[-1 - which % len(self.calls)])
            case 7:
                self.tell()
            case 8 if amount > 95 and self.losses:
                self.lose(give_up=which % 2 == 0)
            case _:
                self.wire(kind, amount)
        self.no_complaints()

    def lose(self, give_up: bool) -> None:
        """The socket is gone, with what still waits to be sent on it. Turns may wait for the next one."""
        self.tell()
        self.take(self.client.connection_lost(give_up))
        assert self.client.data_to_send() == [], "what was meant for the lost socket is left"
        self.connect()

    def tell(self) -> None:
        self.told.append(f"[Human]: hello {len(self.told)}")
        self.client.add_context("user", self.told[-1])

    def stop(self, turn: str) -> None:
        if self.asked and not self.ended[turn]:
            self.stopped.add(turn)

    def answer(self, call: str) -> None:
        accepted = self.client.answer_tool(call, {"ok": True})
        expected = not self.answered[call] and self.calls[call] not in self.forgotten
        assert accepted == expected, "an answer that is due was refused, or one that is not was taken"
        self.answered[call] += accepted

    def wire(self, kind: int, amount: int) -> None:
        if kind % 3 == 0:
            self.up.extend(self.client.data_to_send())
            for _ in range(min(1 + amount % 4, len(self.up))):
                self.down.extend(self.service.receive(self.up.popleft()))
        elif kind % 3 == 1:
            for _ in range(1 + amount % 4):
                self.down.extend(self.service.step())
        for _ in range(min(amount % 6, len(self.down))):
            self.take(self.client.receive(self.down.popleft()))

    def settle(self) -> None:
        """Everything under way arrives, every call is answered."""
        for _ in range(50_000):
            self.up.extend(self.client.data_to_send())
            if not (self.up or self.down or self.service.generating):
                due = [call for call, turn in self.calls.items() if not self.answered[call]]
                due = [call for call in due if self.calls[call] not in self.forgotten]
                if not due:
                    return
                for call in due:
                    self.answer(call)
            while self.up:
                self.down.extend(self.service.receive(self.up.popleft()))
            self.down.extend(self.service.step())
            while self.down:
                self.take(self.client.receive(self.down.popleft()))
        raise AssertionError("it never settles")

    # ------------------------------------------------------------------- what must hold

    def no_complaints(self) -> None:
        """No create was refused, no second response was asked for while one was active, nothing else."""
        errors = [error for error in self.service.errors if error["code"] not in BENIGN]
        assert errors == []

    def check(self) -> None:
        self.no_complaints()
        assert self.client.idle
        for n in range(1, self.asked + 1):
            ends = self.ended[f"t{n}"]
            assert ends <= 1, "a turn ended twice"
            assert ends == 1 or f"t{n}" in self.stopped, "a turn was lost"
        for service in self.services:
            creates = [event for event in service.received if event["type"] == "response.create"]
            turns = [cast(Json, cast(Json, c["response"])["metadata"])["turn"] for c in creates]
            assert len(set(turns)) == len(turns), "a turn was asked for twice"
        self.no_orphans()
        self.each_call_is_answered_once()

    def no_orphans(self) -> None:
        """Every item of the session belongs to something that is remembered; nothing of it is there twice."""
        told, spoken = [], Counter[str]()
        for item in self.service.items.values():
            if item.body["type"] != "message":
                assert self.turn_of(item) not in self.forgotten, "a call of a forgotten turn is left"
                continue
            if item.body["role"] == "user":
                told.append(text_of(item))
                continue
            turn = self.turn_of(item)
            assert turn not in self.forgotten, "the session remembers a turn that is forgotten"
            if not item.turn:
                said = " ".join(part.words for part in script_of(turn).parts if isinstance(part, Speech))
                assert said.startswith(text_of(item)), "the session remembers what was not said"
                spoken[turn] += 1
        assert max(spoken.values(), default=1) == 1, "a turn was told twice to a new session"
        assert told == sorted(set(told), key=self.told.index), "contexts out of order, or twice"
        assert told[-20:] == self.told[-20:], "a context was lost"

    def turn_of(self, item: Item) -> str:
        if item.body["type"] == "message":
            return item.turn or text_of(item).split()[0]
        return self.calls.get(str(item.body["call_id"]), item.turn)

    def each_call_is_answered_once(self) -> None:
        """Also those that we refuse ourselves, because their arguments are wrong."""
        asked = [i.body["call_id"] for i in self.service.items.values() if i.body["type"] == "function_call"]
        answers = Counter(
            i.body["call_id"]
            for i in self.service.items.values()
            if i.body["type"] == "function_call_output"
        )
        assert len(set(asked)) == len(asked), "a call is there twice"
        assert set(answers) == set(asked), "a call waits for its answer, or an answer has no call"
        for service in self.services:
            assert all(count == 1 for count in service.outputs.values()), "a call was answered twice"


def text_of(item: Item) -> str:
    return str(cast("list[Json]", item.body["content"])[0].get("text", ""))


def script_of(turn: str) -> Reply:
    return script({"metadata": {"turn": turn}})


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_random_walk_keeps_the_protocol(seed: int) -> None:
    walked(random.Random(seed), 300)


@pytest.mark.parametrize(("seed", "losses"), [(1, True), (2, True), (3, False)])
def test_ten_thousand_steps_keep_the_protocol(seed: int, losses: bool) -> None:
    walk = walked(random.Random(seed), STEPS, losses)
    assert walk.asked > 500
    assert sum(walk.answered.values()) > 50
    assert (len(walk.services) > 5) is losses


def walked(dice: random.Random, steps: int, losses: bool = True) -> Walk:
    walk = Walk(losses)
    for _ in range(steps):
        walk.act(dice.randrange(21), dice.randrange(31), dice.randrange(101))
    walk.settle()
    walk.check()
    return walk
