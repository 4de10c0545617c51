"""What a fake response consists of, and the server events that it becomes, step by step."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.openai_contract import Json

BYTES_PER_MS = 48


@dataclass
class Speech:
    """A spoken message: each word takes `word_ms` of audio; with `times`, words carry `audio_start_ms`."""

    words: str
    word_ms: int = 100
    times: bool = True


@dataclass
class Call:
    name: str
    arguments: str = "{}"
    call: str = ""


@dataclass
class Failure:
    code: str = "server_error"


@dataclass
class Reply:
    """What one response consists of. With `status` other than completed it ends that way.

    With `refused` there is no response: the create is answered with an error of that code.
    """

    parts: list[Speech | Call | Failure] = field(default_factory=list)
    status: str = "completed"
    reason: str = ""
    refused: str = ""


@dataclass
class Item:
    """An item of the conversation. `turn` is the metadata of the response that made it."""

    body: Json
    audio_ms: int = 0
    turn: str = ""


Step = Callable[[], list[Json]]


@dataclass
class Response:
    """One response under way: its steps to come and the output so far."""

    id: str
    body: Json
    beside: bool
    """Out of band: its items go into no conversation."""
    steps: deque[Step] = field(default_factory=deque)
    output: list[Item] = field(default_factory=list)
    open: SpokenPart | CallPart | None = None
    words: int = 0
    audio_ms: int = 0

    @property
    def turn(self) -> str:
        metadata = self.body.get("metadata")
        return str(metadata.get("turn", "")) if isinstance(metadata, dict) else ""


class SpokenPart:
    """A message with one content part of audio."""

    def __init__(self, response: Response, item_id: str, speech: Speech) -> None:
        self._response, self._speech = response, speech
        self._said: list[str] = []
        self.item = Item(
            {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []},
            turn=response.turn,
        )
        self._where: Json = {"response_id": response.id, "item_id": item_id, "content_index": 0}

    def begin(self) -> list[Json]:
        self._where["output_index"] = len(self._response.output) - 1
        part = {"type": "audio", "transcript": ""}
        return [{"type": "response.content_part.added", "part": part, **self._where}]

    def word(self, n: int, text: str) -> list[Json]:
        ms = self._speech.word_ms
        start: Json = {"audio_start_ms": n * ms} if self._speech.times else {}
        self._said.append(text)
        self.item.audio_ms += ms
        self._response.words += 1
        self._response.audio_ms += ms
        words = {"type": "response.output_audio_transcript.delta", "delta": text + " ", **start}
        audio = base64.b64encode(bytes(ms * BYTES_PER_MS)).decode()
        return [
            {**words, **self._where},
            {"type": "response.output_audio.delta", "delta": audio, **self._where},
        ]

    def end(self, status: str) -> list[Json]:
        said = " ".join(self._said)
        content = [{"type": "output_audio", "transcript": said}]
        self.item.body = {**self.item.body, "status": status, "content": content}
        return [
            {"type": "response.output_audio.done", **self._where},
            {"type": "response.output_audio_transcript.done", "transcript": said, **self._where},
            {
                "type": "response.content_part.done",
                "part": {"type": "audio", "transcript": said},
                **self._where,
            },
        ]


class CallPart:
    """A function call; its arguments come in one delta."""

    def __init__(self, response: Response, item_id: str, call: Call, call_id: str) -> None:
        self._response, self._call = response, call
        body: Json = {"id": item_id, "type": "function_call", "call_id": call_id, "name": call.name}
        self.item = Item({**body, "arguments": "", "status": "in_progress"}, turn=response.turn)
        self._where: Json = {"response_id": response.id, "item_id": item_id, "call_id": call_id}

    def begin(self) -> list[Json]:
        self._where["output_index"] = len(self._response.output) - 1
        return []

    def end(self, status: str) -> list[Json]:
        if status != "completed":
            self.item.body = {**self.item.body, "status": status}
            return []
        arguments = self._call.arguments
        self.item.body = {**self.item.body, "status": status, "arguments": arguments}
        self._response.words += 1
        kind = "response.function_call_arguments"
        return [
            {"type": f"{kind}.delta", "delta": arguments, **self._where},
            {"type": f"{kind}.done", "arguments": arguments, "name": self._call.name, **self._where},
        ]
