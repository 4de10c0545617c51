"""A random walk: whatever the owner does and however the wire delays it, the protocol is kept."""

from __future__ import annotations

import random
from collections import deque
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.ports import LineConfig, ResponseRequest, Tool
from orchestration.realtime import Hearing, RealtimeClient
from orchestration.realtime_outcomes import Outcome, TurnFailed, TurnFinished
from tests.fakes.openai_service import Call, FakeService, Json, Reply, Speech

NOTE = Tool("note", "Take a note.", {"type": "object", "properties": {"n": {"type": "integer"}}})
# The one race that the protocol cannot exclude: the response ended while our cancel was under way.
BENIGN = {"response_cancel_not_active"}
REPLIES = (
    Reply([Speech("one two three", 40)]),
    Reply([Speech("one two", 40), Call("note", '{"n": 1}')]),
    Reply([Call("note", '{"n": "bad"}'), Speech("one", 40)]),
    Reply([Speech("one two", 40), Speech("three four", 40)]),
    Reply([Speech("one", 40)], "incomplete", "max_output_tokens"),
)


class Walk:
    """A client, a strict session, and a wire that delivers only when told to."""

    def __init__(self) -> None:
        self.services: list[FakeService] = []
        self.client = RealtimeClient(
            LineConfig("alex", "You are Alex, the developer.", "ash"), Hearing("asr")
        )
        self.up: deque[Json] = deque()
        self.down: deque[Json] = deque()
        self.asked = 0
        self.ended: dict[str, int] = {}
        self.stopped: set[str] = set()
        self.calls: list[str] = []
        self.connect()

    def connect(self) -> None:
        self.services.append(FakeService(lambda request: REPLIES[self.asked % len(REPLIES)]))
        self.up.clear()
        self.down.clear()
        self.client.connected()

    def take(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, TurnFinished | TurnFailed):
                assert outcome.turn not in self.stopped, "a cancelled turn was delivered"
                self.ended[outcome.turn] = self.ended.get(outcome.turn, 0) + 1
            if isinstance(outcome, TurnFinished):
                self.calls += [call.call for call in outcome.calls]

    def act(self, kind: int, which: int, amount: int) -> None:
        turn = f"t{1 + which % max(1, self.asked)}"
        self.up.extend(self.client.data_to_send())
        match kind:
            case 0 | 1:
                self.asked += 1
                self.client.respond(ResponseRequest(f"t{self.asked}", "ask", "Ask.", (NOTE,)))
            case 2:
                self.stop(turn)
                self.client.cancel(turn)
            case 3:
                self.stop(turn)
                self.client.cancel(turn)
                self.client.truncate(turn, amount)
            case 4:
                self.client.truncate(turn, amount * 10)
            case 5:
                self.stop(turn)
                self.client.forget(turn)
            case 6 if self.calls:
                self.client.answer_tool(self.calls[which % len(self.calls)], {"ok": True})
            case 7:
                self.client.add_context("user", "[Human]: hello")
            case 8 if amount > 95:
                self.take(self.client.connection_lost())
                self.connect()
            case _:
                self.wire(kind, amount)
        self.up.extend(self.client.data_to_send())

    def stop(self, turn: str) -> None:
        if self.asked and not self.ended.get(turn):
            self.stopped.add(turn)

    def wire(self, kind: int, amount: int) -> None:
        if kind % 3 == 0:
            for _ in range(min(1 + amount % 4, len(self.up))):
                self.down.extend(self.services[-1].receive(self.up.popleft()))
        elif kind % 3 == 1:
            self.down.extend(self.services[-1].step())
        for _ in range(min(amount % 6, len(self.down))):
            self.take(self.client.receive(self.down.popleft()))

    def settle(self) -> None:
        for _ in range(5000):
            self.up.extend(self.client.data_to_send())
            if not (self.up or self.down or self.services[-1].generating):
                return
            while self.up:
                self.down.extend(self.services[-1].receive(self.up.popleft()))
            self.down.extend(self.services[-1].step())
            while self.down:
                self.take(self.client.receive(self.down.popleft()))
        raise AssertionError("it never settles")

    def check(self) -> None:
        for service in self.services:
            errors = [error for error in service.errors if error["code"] not in BENIGN]
            assert errors == []
            assert all(count == 1 for count in service.outputs.values()), "a call was answered twice"
        assert self.client.idle
        for n in range(1, self.asked + 1):
            ends = self.ended.get(f"t{n}", 0)
            assert ends <= 1, "a turn ended twice"
            assert ends == 1 or f"t{n}" in self.stopped, "a turn was lost"
        self.check_open_calls()

    def check_open_calls(self) -> None:
        """What the session still waits for is only what was delivered and not yet answered."""
        service = self.services[-1]
        asked = {
            str(item.body["call_id"])
            for item in service.items.values()
            if item.body["type"] == "function_call"
        }
        assert asked - set(service.outputs) <= set(self.calls)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_random_walk_keeps_the_protocol(seed: int) -> None:
    dice = random.Random(seed)
    walk = Walk()
    for _ in range(300):
        walk.act(dice.randrange(21), dice.randrange(31), dice.randrange(101))
    walk.settle()
    walk.check()
    creates = [event for event in walk.services[-1].received if event["type"] == "response.create"]
    assert len({cast(Json, cast(Json, c["response"])["metadata"])["turn"] for c in creates}) == len(creates)
