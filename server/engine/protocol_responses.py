"""One response: the resource, and the order in which its events are sent.

created → (output_item.added → item.added → content_part.added → deltas → parts done → item.done →
output_item.done)* → done. A response that ends early closes what is open as `incomplete` first.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Literal, Protocol

from server.engine.protocol_config import ResponseSettings
from server.engine.protocol_items import ContentPart, Conversation, ConversationItem
from server.engine.protocol_validation import Json

Status = Literal["completed", "cancelled", "incomplete", "failed"]
NewId = Callable[[str], str]
INPUT_AUDIO_TOKEN_MS = 100
OUTPUT_AUDIO_TOKEN_MS = 50
TEXT_TOKEN_CHARACTERS = 4


class Emit(Protocol):
    """Send one server event; the event id is added by the protocol."""

    def __call__(self, event_type: str, fields: Json) -> None: ...


class Response:
    """A response in progress. After `finish` every other call is ignored."""

    def __init__(
        self,
        settings: ResponseSettings,
        metadata: Json | None,
        conversation: Conversation | None,
        context: tuple[ConversationItem, ...],
        emit: Emit,
        new_id: NewId,
    ) -> None:
        self.id = new_id("resp")
        self.settings = settings
        self.metadata = metadata
        self.context = context
        self.is_default = conversation is not None
        self.audio_bytes = 0
        self._conversation = conversation
        self._emit = emit
        self._new_id = new_id
        self._output: list[ConversationItem] = []
        self._open: ConversationItem | None = None
        self._text_length = 0
        self._finished = False
        emit("response.created", {"response": self._to_wire("in_progress", None)})

    def start_message(self) -> None:
        """Open an assistant message; a response that says nothing never calls this."""
        if self._finished or self._open:
            return
        kind = "output_audio" if self.settings.modality == "audio" else "output_text"
        item = ConversationItem(self._new_id("item"), "message", "in_progress", "assistant")
        self._add(item)
        part = ContentPart(kind, text="", transcript="")
        item.content.append(part)
        self._open = item
        self._emit(
            "response.content_part.added", self._at(item) | {"content_index": 0, "part": _part_wire(part)}
        )

    def word(self, delta: str, audio_start_ms: int) -> None:
        """A piece of the transcript, before its audio. `audio_start_ms` counts in this item's audio."""
        if self._open and not self._finished:
            part = self._open.content[0]
            part.transcript = (part.transcript or "") + delta
            self._text_length += len(delta)
            fields: Json = {"content_index": 0, "delta": delta, "audio_start_ms": audio_start_ms}
            self._emit("response.output_audio_transcript.delta", self._at(self._open) | fields)

    def audio(self, pcm: bytes) -> None:
        if self._open and not self._finished:
            self._open.content[0].audio_bytes += len(pcm)
            self.audio_bytes += len(pcm)
            delta = base64.b64encode(pcm).decode("ascii")
            self._emit(
                "response.output_audio.delta", self._at(self._open) | {"content_index": 0, "delta": delta}
            )

    def text(self, delta: str) -> None:
        if self._open and not self._finished:
            part = self._open.content[0]
            part.text = (part.text or "") + delta
            self._text_length += len(delta)
            self._emit(
                "response.output_text.delta", self._at(self._open) | {"content_index": 0, "delta": delta}
            )

    def end_message(self, status: str = "completed") -> None:
        item = self._open
        if item is None or self._finished:
            return
        self._open = None
        part = item.content[0]
        at = self._at(item) | {"content_index": 0}
        if part.is_audio:
            self._emit("response.output_audio.done", at)
            self._emit("response.output_audio_transcript.done", at | {"transcript": part.transcript or ""})
        else:
            self._emit("response.output_text.done", at | {"text": part.text or ""})
        self._emit("response.content_part.done", at | {"part": _part_wire(part)})
        self._done(item, status)

    def call(self, name: str, arguments: str) -> None:
        """A whole function call."""
        if self._finished:
            return
        self.end_message()
        item = ConversationItem(self._new_id("item"), "function_call", "in_progress", name=name)
        item.call_id = self._new_id("call")
        self._add(item)
        at = self._at(item) | {"call_id": item.call_id}
        self._emit("response.function_call_arguments.delta", at | {"delta": arguments})
        item.arguments = arguments
        self._text_length += len(arguments)
        self._emit("response.function_call_arguments.done", at | {"name": name, "arguments": arguments})
        self._done(item, "completed")

    def finish(self, status: Status, reason: str | None = None, error: str | None = None) -> None:
        if self._finished:
            return
        self.end_message("completed" if status == "completed" else "incomplete")
        self._finished = True
        details: Json = {"type": status}
        if reason:
            details["reason"] = reason
        if error:
            details["error"] = {"type": "server_error", "code": "server_error", "message": error}
        wire = self._to_wire(status, None if status == "completed" else details)
        self._emit("response.done", {"response": wire | {"usage": self._usage()}})

    @property
    def is_finished(self) -> bool:
        return self._finished

    @property
    def over_budget(self) -> bool:
        limit = self.settings.max_output_tokens
        return limit is not None and self._output_audio_tokens() + self._output_text_tokens() >= limit

    def _add(self, item: ConversationItem) -> None:
        self._output.append(item)
        self._emit("response.output_item.added", self._item_fields(item))
        if self._conversation is not None:
            self._conversation.append(item)
            previous = self._conversation.previous_id(item)
            self._emit("conversation.item.added", {"previous_item_id": previous, "item": item.to_wire()})

    def _done(self, item: ConversationItem, status: str) -> None:
        item.status = status
        if self._conversation is not None and self._conversation.find(item.id) is item:
            previous = self._conversation.previous_id(item)
            self._emit("conversation.item.done", {"previous_item_id": previous, "item": item.to_wire()})
        self._emit("response.output_item.done", self._item_fields(item))

    def _item_fields(self, item: ConversationItem) -> Json:
        return {"response_id": self.id, "output_index": self._output.index(item), "item": item.to_wire()}

    def _at(self, item: ConversationItem) -> Json:
        return {"response_id": self.id, "item_id": item.id, "output_index": self._output.index(item)}

    def _to_wire(self, status: str, details: Json | None) -> Json:
        settings = self.settings
        output: Json = {"format": {"type": "audio/pcm", "rate": 24000}, "voice": settings.voice}
        tokens = settings.max_output_tokens
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [item.to_wire() for item in self._output],
            "conversation_id": self._conversation.id if self._conversation is not None else None,
            "output_modalities": [settings.modality],
            "max_output_tokens": "inf" if tokens is None else tokens,
            "audio": {"output": output},
            "usage": None,
            "metadata": self.metadata,
        }

    def _output_audio_tokens(self) -> int:
        return self.audio_bytes // (48 * OUTPUT_AUDIO_TOKEN_MS)

    def _output_text_tokens(self) -> int:
        return -(-self._text_length // TEXT_TOKEN_CHARACTERS)

    def _usage(self) -> Json:
        """Estimates in the Realtime API's units; the engine costs nothing."""
        parts = [part for item in self.context for part in item.content]
        audio_in = sum(part.audio_ms for part in parts) // INPUT_AUDIO_TOKEN_MS
        characters = len(self.settings.instructions) + sum(len(part.text or "") for part in parts)
        text_in = -(-characters // TEXT_TOKEN_CHARACTERS)
        audio_out, text_out = self._output_audio_tokens(), self._output_text_tokens()
        return {
            "input_tokens": audio_in + text_in,
            "output_tokens": audio_out + text_out,
            "total_tokens": audio_in + text_in + audio_out + text_out,
            "input_token_details": {"text_tokens": text_in, "audio_tokens": audio_in, "cached_tokens": 0},
            "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
        }


def _part_wire(part: ContentPart) -> Json:
    """Content parts of a response are called `audio` and `text`, unlike those of an item."""
    if part.is_audio:
        return {"type": "audio", "transcript": part.transcript or ""}
    return {"type": "text", "text": part.text or ""}
