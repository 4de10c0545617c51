"""One session of OpenAI's Realtime service (GA), strict and without input or output.

The client's mistakes are errors here as they are there. Every event of either side is validated with the
SDK's own types, unknown fields included. Nothing is shared with the embedded engine, so that one
misunderstanding cannot hide in both.
"""

from __future__ import annotations

import base64
import itertools
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import cast

from tests.fakes.openai_contract import Breach, Json, check_client, check_server
from tests.fakes.openai_script import (
    BYTES_PER_MS,
    Call,
    CallPart,
    Failure,
    Item,
    Reply,
    Response,
    Speech,
    SpokenPart,
)

__all__ = ["Call", "Failure", "FakeService", "Json", "Reply", "Speech"]

COMMIT_MS_MIN = 100
_TRANSCRIPTION = "conversation.item.input_audio_transcription"


class FakeService:
    """One session. `receive` takes a client event, `step` generates a little more; both return events.

    The script is asked with the request, and with the conversation so far as its `items`.
    """

    def __init__(self, script: Callable[[Json], Reply]) -> None:
        self.script = script
        self.session: Json = {}
        self.items: dict[str, Item] = {}
        self.received: list[Json] = []
        self.errors: list[Json] = []
        self.outputs: dict[str, int] = {}
        """Function call → how many answers it got."""
        self.billed: list[Json] = []
        """The usage of every response that ended."""
        self.heard_bytes = 0
        self.transcripts: deque[Json] = deque()
        self.untranscribed: list[tuple[str, Json]] = []
        """Items whose transcript is still to come, with what it will say."""
        self.transcribes_at_once = True
        self._numbers = itertools.count(1)
        self._responses: deque[Response] = deque()
        self._spoke = False

    # ------------------------------------------------------------------- client events

    def receive(self, event: Json) -> list[Json]:
        self.received.append(event)
        try:
            check_client(event)
            handler = getattr(self, "_on_" + str(event["type"]).replace(".", "_"))
            return self._stamp(cast("list[Json]", handler(event)))
        except Breach as breach:
            body: Json = {
                "type": "invalid_request_error",
                "code": breach.code,
                "message": str(breach),
                "event_id": event.get("event_id"),
            }
            self.errors.append(body)
            return self._stamp([{"type": "error", "error": body}])

    def greet(self) -> list[Json]:
        detection = {"type": "server_vad", "create_response": True, "interrupt_response": True}
        session: Json = {
            "type": "realtime",
            "output_modalities": ["audio"],
            "audio": {"input": {"turn_detection": detection}, "output": {"voice": "alloy", "speed": 1.0}},
        }
        return self._stamp([{"type": "session.created", "session": session}])

    def expire(self) -> list[Json]:
        """The last words of a session that is 60 minutes old."""
        body: Json = {
            "type": "invalid_request_error",
            "code": "session_expired",
            "message": "Your session hit the maximum duration of 60 minutes.",
        }
        return self._stamp([{"type": "error", "error": body}])

    def _on_session_update(self, event: Json) -> list[Json]:
        update = cast(Json, event["session"])
        before, after = _voice(self.session), _voice(update)
        if self._spoke and after not in (None, before):
            raise Breach("cannot_update_voice", "the voice is locked after the first audio")
        self.session = _merged(self.session, update)
        return [{"type": "session.updated", "session": self.session}]

    def _on_conversation_item_create(self, event: Json) -> list[Json]:
        body = cast(Json, event["item"])
        item_id = str(body.get("id") or self._number("item"))
        if item_id in self.items:
            raise Breach("item_create_invalid_item_id", f"{item_id} exists already")
        if body["type"] == "function_call_output":
            call = str(body["call_id"])
            if not any(item.body.get("call_id") == call for item in self.items.values()):
                raise Breach("invalid_tool_call_id", call)
            self.outputs[call] = self.outputs.get(call, 0) + 1
        item = Item({**body, "id": item_id, "status": "completed"})
        if body["type"] == "message" and any(
            part.get("type") == "output_audio" for part in cast("list[Json]", body["content"])
        ):
            raise Breach("invalid_value", "assistant audio cannot be inserted")
        self._insert(item, event.get("previous_item_id"))
        return self._announce("added", item) + self._announce("done", item)

    def _insert(self, item: Item, previous: object) -> None:
        """After the item `previous`; at the beginning after `root`, else at the end."""
        order = list(self.items)
        if previous is None:
            place = len(order)
        elif previous == "root":
            place = 0
        elif previous in order:
            place = order.index(str(previous)) + 1
        else:
            raise Breach("item_create_invalid_previous_item_id", str(previous))
        after = {item_id: self.items.pop(item_id) for item_id in order[place:]}
        self.items[str(item.body["id"])] = item
        self.items.update(after)

    def _on_conversation_item_delete(self, event: Json) -> list[Json]:
        self._item(event)
        del self.items[str(event["item_id"])]
        return [{"type": "conversation.item.deleted", "item_id": event["item_id"]}]

    def _on_conversation_item_retrieve(self, event: Json) -> list[Json]:
        return [{"type": "conversation.item.retrieved", "item": self._item(event).body}]

    def _on_conversation_item_truncate(self, event: Json) -> list[Json]:
        item = self._item(event)
        end_ms = cast(int, event["audio_end_ms"])
        if item.body.get("role") != "assistant" or not item.audio_ms or event["content_index"] != 0:
            raise Breach("invalid_value", "only assistant audio can be truncated")
        if not 0 <= end_ms <= item.audio_ms:
            raise Breach("invalid_value", f"audio of {item.audio_ms} ms is shorter than {end_ms} ms")
        item.audio_ms = end_ms
        item.body = {**item.body, "content": [{"type": "output_audio"}]}
        where = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
        return [{"type": "conversation.item.truncated", **where}]

    def _item(self, event: Json) -> Item:
        item = self.items.get(str(event["item_id"]))
        if item is None:
            raise Breach("item_not_found", str(event["item_id"]))
        return item

    # ------------------------------------------------------------------- the human

    def _on_input_audio_buffer_append(self, event: Json) -> list[Json]:
        self.heard_bytes += len(base64.b64decode(str(event["audio"]), validate=True))
        return []

    def _on_input_audio_buffer_clear(self, event: Json) -> list[Json]:
        self.heard_bytes = 0
        return [{"type": "input_audio_buffer.cleared"}]

    def _on_input_audio_buffer_commit(self, event: Json) -> list[Json]:
        if self.heard_bytes < COMMIT_MS_MIN * BYTES_PER_MS:
            raise Breach("input_audio_buffer_commit_empty", "less than 100 ms of audio to commit")
        seconds = self.heard_bytes / BYTES_PER_MS / 1000
        self.heard_bytes = 0
        item_id = self._number("item")
        item = Item({"id": item_id, "type": "message", "role": "user", "content": [{"type": "input_audio"}]})
        self.items[item_id] = item
        said = self.transcripts.popleft() if self.transcripts else {"transcript": "hello"}
        self.untranscribed.append((item_id, {**said, "usage": {"type": "duration", "seconds": seconds}}))
        events = [
            {"type": "input_audio_buffer.committed", "item_id": item_id, "previous_item_id": None},
            *self._announce("added", item),
            *self._announce("done", item),
        ]
        return events + (self._transcribed(-1) if self.transcribes_at_once else [])

    def transcribe(self, n: int) -> list[Json]:
        """The transcript of the `n`th item that waits for one: they come in any order."""
        return self._stamp(self._transcribed(n))

    def _transcribed(self, n: int) -> list[Json]:
        item_id, said = self.untranscribed.pop(n)
        where: Json = {"item_id": item_id, "content_index": 0}
        return [
            {"type": f"{_TRANSCRIPTION}.delta", "delta": said["transcript"], **where},
            {"type": f"{_TRANSCRIPTION}.completed", **said, **where},
        ]

    # ------------------------------------------------------------------- responses

    @property
    def generating(self) -> bool:
        return bool(self._responses)

    def _on_response_create(self, event: Json) -> list[Json]:
        request = cast(Json, event.get("response") or {})
        if request.get("conversation") != "none" and any(not r.beside for r in self._responses):
            raise Breach("conversation_already_has_active_response", "one at a time")
        reply = self.script({**request, "items": [item.body for item in self.items.values()]})
        if reply.refused:
            raise Breach(reply.refused, "refused by the script")
        return self._begin(reply, request)

    def intrude(self, reply: Reply, **request: object) -> list[Json]:
        """A response that this client did not ask for."""
        return self._stamp(self._begin(reply, request))

    def _begin(self, reply: Reply, request: Json) -> list[Json]:
        beside = request.get("conversation") == "none"
        body: Json = {
            "id": self._number("resp"),
            "object": "realtime.response",
            "conversation_id": None if beside else "conv_1",
            "status": "in_progress",
            "status_details": None,
            "metadata": request.get("metadata"),
            "output": [],
            "usage": None,
        }
        response = Response(str(body["id"]), body, beside)
        for part in reply.parts:
            self._plan(response, part)
        response.steps.append(partial(self._finish, response, reply.status, reply.reason))
        self._responses.append(response)
        limits = [{"name": "tokens", "limit": 100_000, "remaining": 90_000, "reset_seconds": 1.5}]
        return [
            {"type": "response.created", "response": dict(body)},
            {"type": "rate_limits.updated", "rate_limits": limits},
        ]

    def _on_response_cancel(self, event: Json) -> list[Json]:
        wanted = event.get("response_id")
        for response in self._responses:
            if wanted == response.id or (wanted is None and not response.beside):
                return self._finish(response, "cancelled", "client_cancelled")
        raise Breach("response_cancel_not_active", "no such response")

    def step(self) -> list[Json]:
        """The next events of a response under way; several take turns."""
        if not self._responses:
            return []
        self._responses.rotate(-1)
        return self._stamp(self._responses[-1].steps.popleft()())

    def _plan(self, response: Response, part: Speech | Call | Failure) -> None:
        item_id = self._number("item")
        if isinstance(part, Failure):
            response.steps.append(partial(self._finish, response, "failed", part.code))
        elif isinstance(part, Call):
            call = CallPart(response, item_id, part, part.call or self._number("call"))
            response.steps.append(partial(self._open, response, call))
            response.steps.append(partial(self._close, response, "completed"))
        else:
            spoken = SpokenPart(response, item_id, part)
            response.steps.append(partial(self._open, response, spoken))
            for n, word in enumerate(part.words.split()):
                response.steps.append(partial(self._say, spoken, n, word))
            response.steps.append(partial(self._close, response, "completed"))

    def _say(self, spoken: SpokenPart, n: int, word: str) -> list[Json]:
        self._spoke = True
        return spoken.word(n, word)

    def _open(self, response: Response, part: SpokenPart | CallPart) -> list[Json]:
        item = part.item
        response.open = part
        response.output.append(item)
        events = [self._output_item(response, "added", item)]
        if not response.beside:
            self.items[str(item.body["id"])] = item
            events += self._announce("added", item)
        return [dict(event) for event in events] + part.begin()

    def _close(self, response: Response, status: str) -> list[Json]:
        part, response.open = response.open, None
        if part is None:
            return []
        events = part.end(status)
        events.append(self._output_item(response, "done", part.item))
        return events + ([] if response.beside else self._announce("done", part.item))

    def _output_item(self, response: Response, what: str, item: Item) -> Json:
        index = len(response.output) - 1
        where: Json = {"response_id": response.id, "output_index": index}
        return {"type": f"response.output_item.{what}", "item": item.body, **where}

    def _announce(self, what: str, item: Item) -> list[Json]:
        order = list(self.items)
        place = order.index(str(item.body["id"])) if str(item.body["id"]) in order else 0
        previous = order[place - 1] if place else None
        return [{"type": f"conversation.item.{what}", "item": item.body, "previous_item_id": previous}]

    def _finish(self, response: Response, status: str, reason: str) -> list[Json]:
        events = self._close(response, "incomplete")
        self._responses.remove(response)
        details: Json | None = {"type": status, "reason": reason or None}
        if status == "failed":
            details = {"type": "failed", "error": {"type": "server_error", "code": reason}}
        elif status == "completed":
            details = None
        output = [item.body for item in response.output]
        end: Json = {"status": status, "status_details": details, "output": output}
        end["usage"] = self._bill(response)
        return [*events, {"type": "response.done", "response": {**response.body, **end}}]

    def _bill(self, response: Response) -> Json:
        """Numbers as a tokenizer would give: the whole context is read each time, most of it from a cache."""
        text, audio = 20 + 7 * len(self.items), 3 * len(self.items)
        cached = {"text_tokens": text // 2, "audio_tokens": audio // 3}
        spoken = response.audio_ms // 50
        usage: Json = {
            "input_tokens": text + audio,
            "output_tokens": response.words + spoken,
            "total_tokens": text + audio + response.words + spoken,
            "input_token_details": {
                "text_tokens": text,
                "audio_tokens": audio,
                "cached_tokens": sum(cached.values()),
                "cached_tokens_details": cached,
            },
            "output_token_details": {"text_tokens": response.words, "audio_tokens": spoken},
        }
        self.billed.append(usage)
        return usage

    # ------------------------------------------------------------------- small things

    def _number(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers)}"

    def _stamp(self, events: list[Json]) -> list[Json]:
        return [check_server({"event_id": self._number("srv"), **event}) for event in events]


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
