"""A Realtime client and a strict fake session, with the wire between them under the test's control."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from orchestration.ports import LineConfig, ResponseRequest, Tool
from orchestration.realtime import Hearing, RealtimeClient
from orchestration.realtime_outcomes import (
    Outcome,
)
from tests.fakes.openai_service import FakeService, Json, Reply, Speech

PERSONA = LineConfig("marcus", "You are Marcus, the project manager of a studio.", "cedar", 1.1)
LISTENER = LineConfig("listener", "You only listen.", None, silence_ms=700)
CHOOSE = Tool(
    "select_next_speaker",
    "Hand over.",
    {
        "type": "object",
        "properties": {"speaker": {"type": "string", "enum": ["sarah", "maya"]}},
        "required": ["speaker"],
        "additionalProperties": False,
    },
)


def request(turn: str, *tools: Tool) -> ResponseRequest:
    return ResponseRequest(turn, "ask", "Ask the question.", tools)


def scripted(**replies: Reply) -> Callable[[Json], Reply]:
    def script(response: Json) -> Reply:
        turn = str(cast(Json, response["metadata"])["turn"])
        return replies.get(turn, Reply([Speech("one two three")]))

    return script


class Pair:
    """A client and the fake session, with the wire between them under the test's control."""

    def __init__(self, config: LineConfig = PERSONA, **replies: Reply) -> None:
        self.service = FakeService(scripted(**replies))
        self.client = RealtimeClient(config, Hearing("transcriber"))
        self.outcomes: list[Outcome] = []
        self.responses: list[str] = []
        self.client.connected()
        self.sync()

    def sync(self) -> None:
        """Deliver what the client wants to send, and the answers to it."""
        for _ in range(20):
            events = self.client.data_to_send()
            for event in events:
                self.deliver(self.service.receive(event))

    def exchange(self) -> None:
        """The socket is lost, and another session begins."""
        self.outcomes += self.client.connection_lost()
        self.service = FakeService(self.service.script)
        self.client.connected()
        self.sync()

    def history(self) -> list[str]:
        """The session's items in short: texts, calls, and answers."""
        short = {"function_call": "call", "function_call_output": "answer"}
        return [
            f"{short[str(item.body['type'])]} {item.body['call_id']}"
            if item.body["type"] in short
            else str(cast("list[Json]", item.body["content"])[0].get("text"))
            for item in self.service.items.values()
        ]

    def deliver(self, events: list[Json]) -> None:
        for event in events:
            if event.get("type") == "response.created" and isinstance(event.get("response"), dict):
                self.responses.append(str(cast(Json, event["response"]).get("id")))
            self.outcomes += self.client.receive(event)

    def generate(self, steps: int = 1000) -> None:
        for _ in range(steps):
            self.deliver(self.service.step())
            self.sync()
            if not self.service.generating:
                return

    def sent(self, kind: str) -> list[Json]:
        return [event for event in self.service.received if event["type"] == kind]

    def of(self, *kinds: type[Outcome]) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, kinds)]
