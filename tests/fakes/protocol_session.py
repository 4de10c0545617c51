"""A Realtime protocol whose ids count, and what tests ask of it."""

from __future__ import annotations

import itertools
import json

from openai.types.realtime import RealtimeErrorEvent

from server.engine.protocol import RealtimeProtocol
from server.engine.protocol_effects import Generate, Output, Send
from tests.fakes.realtime_engine import SHAPES

Json = dict[str, object]
USER: Json = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
TENTH = bytes(4_800)
"""0.1 s of audio."""


class Session:
    """A protocol whose ids count, with what came out of it."""

    def __init__(self, **options: bool) -> None:
        numbers = itertools.count(1)
        self.protocol = RealtimeProtocol("m", new_id=lambda prefix: f"{prefix}_{next(numbers)}", **options)
        self.first = self.outputs()

    def outputs(self) -> list[Output]:
        return self.protocol.take()

    def events(self) -> list[Json]:
        """What was sent since the last look; each must be an event of the SDK."""
        events = [json.loads(output.text) for output in self.outputs() if isinstance(output, Send)]
        for event in events:
            SHAPES[event["type"]].model_validate(event)
        return events

    def send(self, event_type: str, **fields: object) -> list[Json]:
        self.protocol.receive(json.dumps({"type": event_type, **fields}))
        return self.events()

    def types(self) -> list[object]:
        return [event["type"] for event in self.events()]

    def generate(self, **response: object) -> str:
        """Ask for a response; its id."""
        self.protocol.receive(json.dumps({"type": "response.create", "response": response}))
        started = [output for output in self.outputs() if isinstance(output, Generate)]
        assert len(started) == 1
        return started[0].response_id

    def speak(self, response_id: str, words: str = "Good morning.") -> str:
        """Make a spoken message; its item id."""
        response = self.protocol.response(response_id)
        assert response
        response.start_message()
        for index, word in enumerate(words.split()):
            response.word(f"{word} ", index * 100)
            self.protocol.audio_made(response_id, TENTH)
        response.end_message()
        return str(next(e["item"]["id"] for e in self.events() if e["type"] == "response.output_item.done"))


def error_of(events: list[Json]) -> RealtimeErrorEvent:
    assert [event["type"] for event in events] == ["error"]
    return RealtimeErrorEvent.model_validate(events[0])


def update(**fields: object) -> Json:
    return {"session": {"type": "realtime", **fields}}


def audio_out(**fields: object) -> Json:
    return update(audio={"output": fields})


def audio_in(**fields: object) -> Json:
    return update(audio={"input": fields})
