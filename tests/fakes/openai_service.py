"""One session of OpenAI's Realtime service (GA), strict and without input or output.

The client's mistakes are errors here as they are there. Client events are validated with the SDK's own
types, unknown fields included. Nothing is shared with the embedded engine, so that one misunderstanding
cannot hide in both.
"""

from __future__ import annotations

import base64
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pydantic
from openai.types import realtime as sdk

Json = dict[str, object]

_CLIENT_EVENTS: dict[str, type[pydantic.BaseModel]] = {
    "session.update": sdk.SessionUpdateEvent,
    "response.create": sdk.ResponseCreateEvent,
    "response.cancel": sdk.ResponseCancelEvent,
    "conversation.item.create": sdk.ConversationItemCreateEvent,
    "conversation.item.delete": sdk.ConversationItemDeleteEvent,
    "conversation.item.truncate": sdk.ConversationItemTruncateEvent,
    "conversation.item.retrieve": sdk.ConversationItemRetrieveEvent,
    "input_audio_buffer.append": sdk.InputAudioBufferAppendEvent,
    "input_audio_buffer.commit": sdk.InputAudioBufferCommitEvent,
    "input_audio_buffer.clear": sdk.InputAudioBufferClearEvent,
}


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
    """What one response consists of. With `status` other than completed it ends that way."""

    parts: list[Speech | Call | Failure] = field(default_factory=list)
    status: str = "completed"
    reason: str = ""


@dataclass
class _Item:
    body: Json
    audio_ms: int = 0


class Rejected(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FakeService:
    """One session. `receive` takes a client event, `step` generates a little more; both return events."""

    def __init__(self, script: Callable[[Json], Reply]) -> None:
        self.script = script
        self.session: Json = {}
        self.items: dict[str, _Item] = {}
        self.received: list[Json] = []
        self.errors: list[Json] = []
        self.outputs: dict[str, int] = {}
        """Function call → how many answers it got."""
        self.heard_bytes = 0
        self.transcripts: deque[Json] = deque()
        self._numbers = itertools.count(1)
        self._generating: deque[list[Json]] = deque()
        self._response: Json | None = None
        self._open_item = ""
        self._spoke = False

    # ------------------------------------------------------------------- client events

    def receive(self, event: Json) -> list[Json]:
        self.received.append(event)
        kind = str(event.get("type"))
        try:
            model = _CLIENT_EVENTS.get(kind)
            if model is None:
                raise Rejected("invalid_value", f"unknown event {kind}")
            _validate(model, event)
            handler = getattr(self, "_on_" + kind.replace(".", "_"))
            return self._stamp(cast("list[Json]", handler(event)))
        except Rejected as error:
            body: Json = {
                "type": "invalid_request_error",
                "code": error.code,
                "message": str(error),
                "event_id": event.get("event_id"),
            }
            self.errors.append(body)
            return self._stamp([{"type": "error", "error": body}])

    def greet(self) -> list[Json]:
        return self._stamp([{"type": "session.created", "session": {"type": "realtime"}}])

    def _on_session_update(self, event: Json) -> list[Json]:
        update = cast(Json, event["session"])
        before, after = _voice(self.session), _voice(update)
        if self._spoke and after not in (None, before):
            raise Rejected("cannot_update_voice", "the voice is locked after the first audio")
        self.session = _merged(self.session, update)
        return [{"type": "session.updated", "session": self.session}]

    def _on_conversation_item_create(self, event: Json) -> list[Json]:
        item = cast(Json, event["item"])
        item_id = str(item.get("id") or f"item_{next(self._numbers)}")
        if item_id in self.items:
            raise Rejected("item_id_taken", item_id)
        if item["type"] == "function_call_output":
            call = str(item["call_id"])
            if not any(other.body.get("call_id") == call for other in self.items.values()):
                raise Rejected("invalid_tool_call_id", call)
            self.outputs[call] = self.outputs.get(call, 0) + 1
        self.items[item_id] = _Item({**item, "id": item_id})
        added = self.items[item_id].body
        return [
            {"type": "conversation.item.added", "item": added},
            {"type": "conversation.item.done", "item": added},
        ]

    def _on_conversation_item_delete(self, event: Json) -> list[Json]:
        item_id = str(event["item_id"])
        if self.items.pop(item_id, None) is None:
            raise Rejected("item_not_found", item_id)
        return [{"type": "conversation.item.deleted", "item_id": item_id}]

    def _on_conversation_item_truncate(self, event: Json) -> list[Json]:
        item = self.items.get(str(event["item_id"]))
        end_ms = cast(int, event["audio_end_ms"])
        if item is None:
            raise Rejected("item_not_found", str(event["item_id"]))
        if item.body.get("role") != "assistant" or not item.audio_ms:
            raise Rejected("item_has_no_audio", "only assistant audio can be truncated")
        if end_ms > item.audio_ms:
            raise Rejected("audio_end_ms_beyond", f"{end_ms} > {item.audio_ms}")
        item.audio_ms = end_ms
        return [{"type": "conversation.item.truncated", **{k: event[k] for k in ("item_id", "audio_end_ms")}}]

    def _on_response_create(self, event: Json) -> list[Json]:
        if self._response is not None:
            raise Rejected("conversation_already_has_active_response", "one at a time")
        request = cast(Json, event.get("response") or {})
        reply = self.script(request)
        self._response = {
            "id": f"resp_{next(self._numbers)}",
            "object": "realtime.response",
            "status": "in_progress",
            "metadata": request.get("metadata"),
            "output": [],
        }
        for part in reply.parts:
            self._plan(part)
        self._generating.append([{"type": "response.done", "status": reply.status, "reason": reply.reason}])
        return [{"type": "response.created", "response": dict(self._response)}]

    def _on_response_cancel(self, event: Json) -> list[Json]:
        wanted = event.get("response_id")
        if self._response is None or wanted not in (None, self._response["id"]):
            raise Rejected("response_cancel_not_active", "no such response")
        return self._finish("cancelled", "client_cancelled")

    def _on_input_audio_buffer_append(self, event: Json) -> list[Json]:
        self.heard_bytes += len(base64.b64decode(str(event["audio"]), validate=True))
        return []

    def _on_input_audio_buffer_commit(self, event: Json) -> list[Json]:
        if not self.heard_bytes:
            raise Rejected("input_audio_buffer_commit_empty", "nothing to commit")
        self.heard_bytes = 0
        item_id = f"item_{next(self._numbers)}"
        body: Json = {"id": item_id, "type": "message", "role": "user", "content": [{"type": "input_audio"}]}
        self.items[item_id] = _Item(body)
        said = self.transcripts.popleft() if self.transcripts else {"transcript": "hello"}
        completed = "conversation.item.input_audio_transcription.completed"
        return [
            {"type": "input_audio_buffer.committed", "item_id": item_id},
            {"type": completed, "item_id": item_id, "content_index": 0, **said},
        ]

    # ------------------------------------------------------------------- generation

    @property
    def generating(self) -> bool:
        return bool(self._generating)

    def step(self) -> list[Json]:
        """The next events of the active response."""
        if not self._generating:
            return []
        events = self._generating.popleft()
        if events[0]["type"] == "response.done":
            return self._finish(str(events[0]["status"]), str(events[0]["reason"]))
        if events[0]["type"] == "fail":
            return self._finish("failed", str(events[0]["code"]))
        return self._stamp([event for planned in events for event in self._emit(planned)])

    def _plan(self, part: Speech | Call | Failure) -> None:
        item_id = f"item_{next(self._numbers)}"
        if isinstance(part, Failure):
            self._generating.append([{"type": "fail", "code": part.code}])
            return
        if isinstance(part, Call):
            call = part.call or f"call_{next(self._numbers)}"
            body: Json = {"id": item_id, "type": "function_call", "call_id": call, "name": part.name}
            self._generating.append([{"type": "add", "item": {**body, "arguments": ""}}])
            done = {**body, "arguments": part.arguments, "status": "completed"}
            self._generating.append([{"type": "close", "item": done}])
            return
        body = {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        self._generating.append([{"type": "add", "item": body}])
        for n, word in enumerate(part.words.split()):
            start = {"audio_start_ms": n * part.word_ms} if part.times else {}
            self._generating.append(
                [
                    {"type": "words", "id": item_id, "delta": word + " ", **start},
                    {"type": "audio", "id": item_id, "ms": part.word_ms},
                ]
            )
        content = [{"type": "output_audio", "transcript": part.words}]
        self._generating.append(
            [{"type": "close", "item": {**body, "status": "completed", "content": content}}]
        )

    def _emit(self, planned: Json) -> list[Json]:
        assert self._response is not None
        where: Json = {"response_id": self._response["id"], "output_index": 0}
        kind = planned["type"]
        if kind in ("words", "audio"):
            where |= {"item_id": planned["id"], "content_index": 0}
        if kind == "words":
            event: Json = {
                "type": "response.output_audio_transcript.delta",
                "delta": planned["delta"],
                **where,
            }
            if "audio_start_ms" in planned:
                event["audio_start_ms"] = planned["audio_start_ms"]
            return [event]
        if kind == "audio":
            ms = cast(int, planned["ms"])
            self._spoke = True
            self.items[str(planned["id"])].audio_ms += ms
            delta = base64.b64encode(bytes(ms * 48)).decode()
            return [{"type": "response.output_audio.delta", "delta": delta, **where}]
        item = cast(Json, planned["item"])
        if kind == "add":
            self.items[str(item["id"])] = _Item(item)
            self._open_item = str(item["id"])
            return [
                {"type": "response.output_item.added", "item": item, **where},
                {"type": "conversation.item.added", "item": item},
            ]
        return self._close(item, where)

    def _close(self, item: Json, where: Json) -> list[Json]:
        assert self._response is not None
        self._open_item = ""
        if str(item["id"]) in self.items:
            self.items[str(item["id"])].body = item
        cast("list[Json]", self._response["output"]).append(item)
        return [
            {"type": "response.output_item.done", "item": item, **where},
            {"type": "conversation.item.done", "item": item},
        ]

    def _finish(self, status: str, reason: str) -> list[Json]:
        assert self._response is not None
        events: list[Json] = []
        if self._open_item in self.items:
            cut = {**self.items[self._open_item].body, "status": "incomplete"}
            events += self._close(cut, {"response_id": self._response["id"], "output_index": 0})
        details: Json = {"type": status, "reason": reason or None}
        if status == "failed":
            details = {"type": "failed", "error": {"type": "server_error", "code": reason}}
        done = {**self._response, "status": status, "status_details": details}
        self._response, self._open_item = None, ""
        self._generating.clear()
        return self._stamp([*events, {"type": "response.done", "response": done}])

    def _stamp(self, events: list[Json]) -> list[Json]:
        return [{"event_id": f"srv_{next(self._numbers)}", **event} for event in events]


def _validate(model: type[pydantic.BaseModel], event: Json) -> None:
    try:
        _refuse_unknown(model.model_validate(event), str(event["type"]))
    except pydantic.ValidationError as error:
        raise Rejected("invalid_type", str(error)) from error


def _refuse_unknown(value: object, where: str) -> None:
    if isinstance(value, pydantic.BaseModel):
        if value.model_extra:
            raise Rejected("unknown_parameter", f"{where}: {sorted(value.model_extra)}")
        for name in value.model_fields_set:
            _refuse_unknown(getattr(value, name), f"{where}.{name}")
    elif isinstance(value, list):
        for part in value:
            _refuse_unknown(part, where)


def _voice(session: Json) -> object:
    audio = cast(Json, session.get("audio") or {})
    return cast(Json, audio.get("output") or {}).get("voice")


def _merged(old: Json, new: Json) -> Json:
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        merged[key] = (
            _merged(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
        )
    return merged
