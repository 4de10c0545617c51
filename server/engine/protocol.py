"""The server's side of the OpenAI Realtime GA protocol, sans-IO.

`receive` takes what the client sent; the driver (session.py) reports what it heard and made by the other
methods; `take` hands back, in order, the events to send and the things to do. No clock, no socket, no audio
is processed here. One instance per connection, used from one thread.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Sequence
from typing import ClassVar

from server.engine.brain_types import BrainRequest, Item
from server.engine.expecting import Expectation
from server.engine.protocol_config import SessionConfig, TurnSettings
from server.engine.protocol_effects import (
    AppendAudio,
    AwaitSpeech,
    ClearAudio,
    CommitAudio,
    ConfigureTurns,
    Generate,
    Output,
    Send,
    StopGenerating,
    TranscribeItem,
)
from server.engine.protocol_items import (
    PCM_BYTES_PER_MS,
    ContentPart,
    Conversation,
    ConversationItem,
    item_from_wire,
)
from server.engine.protocol_responses import Response, Status
from server.engine.protocol_schema import CLIENT_EVENTS, MAX_APPEND_BYTES
from server.engine.protocol_transcripts import Transcripts
from server.engine.protocol_validation import (
    Invalid,
    Json,
    as_object,
    int_in,
    list_in,
    object_in,
    text_in,
    wrong_value,
)

MIN_COMMIT_MS = 100
MAX_RESPONSES = 16
"""In progress at a time in one session: the voices are everybody's."""


def random_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(11)}"


class RealtimeProtocol:
    """One Realtime session."""

    def __init__(
        self, model: str, *, transcription: bool = False, new_id: Callable[[str], str] = random_id
    ) -> None:
        self._new_id = new_id
        self._config = SessionConfig(new_id("sess"), model, transcription=transcription)
        self._conversation = Conversation(new_id("conv"))
        self._responses: dict[str, Response] = {}
        self._outputs: list[Output] = []
        self._voice_locked = False
        self._transcripts = Transcripts(self._emit)
        self._untranscribed: dict[str, ConversationItem] = {}
        """Also those that were deleted since: a response may wait for their words."""
        self._emit("session.created", {"session": self._config.to_wire()})

    # What the client sends

    def receive(self, message: str) -> None:
        """One text frame. Never raises: what is wrong with it becomes an `error` event."""
        event_id = None
        try:
            event = _parse(message)
            event_id = text_in(event, "event_id") or None
            name = event.get("type")
            if name is None:
                raise Invalid("Missing required parameter: 'type'.", "missing_required_parameter", "type")
            if not isinstance(name, str) or name not in self._HANDLERS:
                raise wrong_value("type", name, tuple(self._HANDLERS))
            CLIENT_EVENTS[name](event, "")
            self._HANDLERS[name](self, event)
        except Invalid as error:
            self._emit_error(error, event_id)

    def refuse(self, message: str, code: str) -> None:
        """Answer a frame that is not even text."""
        self._emit_error(Invalid(message, code), None)

    def take(self) -> list[Output]:
        """Everything since the last call, in order."""
        outputs, self._outputs = self._outputs, []
        return outputs

    @property
    def turns(self) -> TurnSettings | None:
        return self._config.turns

    @property
    def expected(self) -> Expectation:
        """What the client expects to hear next."""
        return self._config.expected

    # What the driver heard

    def new_item_id(self) -> str:
        return self._new_id("item")

    def speech_started(self, item_id: str, audio_start_ms: int) -> None:
        self._emit(
            "input_audio_buffer.speech_started", {"item_id": item_id, "audio_start_ms": audio_start_ms}
        )
        turns = self._config.turns
        active = self._active()
        if turns and turns.interrupt_response and active:
            self.finish(active.id, "cancelled", "turn_detected")

    def speech_stopped(self, item_id: str, audio_end_ms: int) -> None:
        self._emit("input_audio_buffer.speech_stopped", {"item_id": item_id, "audio_end_ms": audio_end_ms})

    def audio_committed(self, item_id: str, duration_ms: int) -> None:
        """The buffer became a user item; its transcript follows by `transcribed`."""
        part = ContentPart("input_audio", audio_bytes=duration_ms * PCM_BYTES_PER_MS)
        item = ConversationItem(item_id, "message", role="user", content=[part])
        self._await_transcript(item)
        self._conversation.append(item)
        previous: Json = {"previous_item_id": self._conversation.previous_id(item)}
        self._emit("input_audio_buffer.committed", previous | {"item_id": item_id})
        self._announce(item)

    def turn_ended(self) -> None:
        """Turn detection ended a turn: answer it, if the session says so."""
        turns = self._config.turns
        if turns is None or not turns.create_response:
            return
        try:
            self._respond({})
        except Invalid as error:
            self._emit_error(error, None)

    def idle(self, item_id: str, audio_start_ms: int, audio_end_ms: int) -> None:
        """Nobody spoke for the idle timeout: the silence becomes an empty user item, and is answered."""
        span: Json = {"audio_start_ms": audio_start_ms, "audio_end_ms": audio_end_ms}
        self._emit("input_audio_buffer.timeout_triggered", {"item_id": item_id} | span)
        duration_ms = audio_end_ms - audio_start_ms
        self.audio_committed(item_id, duration_ms)
        self.transcribed(item_id, (), duration_ms / 1000)
        self.turn_ended()

    def commit_refused(self, event_id: str | None, buffered_ms: int) -> None:
        message = (
            "Error committing input audio buffer: buffer too small. "
            f"Expected at least {MIN_COMMIT_MS}ms of audio, but buffer only has {buffered_ms}ms of audio."
        )
        self._emit_error(Invalid(message, "input_audio_buffer_commit_empty"), event_id)

    def transcribing(self, item_id: str, words: Sequence[str]) -> None:
        """The words so far of an item that is still being spoken; earlier ones may still change."""
        if self._config.transcribes:
            self._transcripts.growing(item_id, words)

    def transcribed(self, item_id: str, words: Sequence[tuple[str, float]], seconds: float) -> None:
        """The final transcript: words with their log probabilities."""
        index = self._settle(item_id, " ".join(word for word, _ in words))
        if index is not None and self._config.transcribes:
            self._transcripts.completed(item_id, words, seconds, index)

    def transcription_failed(self, item_id: str, code: str, message: str) -> None:
        index = self._settle(item_id, "")
        if index is not None and self._config.transcribes:
            self._transcripts.failed(item_id, code, message, index)

    def audio_cleared(self, item_id: str) -> None:
        """The item that was being spoken will not come."""
        self._transcripts.forget(item_id)

    def _await_transcript(self, item: ConversationItem) -> None:
        item.awaits_transcript = True
        self._untranscribed[item.id] = item

    def _settle(self, item_id: str, transcript: str) -> int | None:
        """The words are there: the index of the part that they are of, None for nothing that clients know."""
        item = self._untranscribed.pop(item_id, None)
        if item is None:
            return None
        index = next(at for at, part in enumerate(item.content) if part.is_audio)
        item.awaits_transcript = False
        item.content[index].transcript = transcript
        return index if self._conversation.find(item_id) is item else None

    # What the driver makes

    def response(self, response_id: str) -> Response | None:
        """The response while it is in progress; None once it is over."""
        return self._responses.get(response_id)

    def awaits_transcripts(self, response_id: str) -> bool:
        """Whether something in the response's context is still being transcribed."""
        return any(item.awaits_transcript for item in self._responses[response_id].context)

    def context(self, response_id: str) -> tuple[tuple[Item, ...], BrainRequest]:
        """What the brain reads for this response."""
        response = self._responses[response_id]
        settings = response.settings
        request = BrainRequest(
            session_instructions=self._config.instructions,
            instructions=settings.instructions,
            act=text_in(response.metadata or {}, "act"),
            after=text_in(response.metadata or {}, "after"),
            tools=settings.tools,
            tool_choice=settings.tool_choice,
        )
        return tuple(item.for_brain() for item in response.context), request

    def audio_made(self, response_id: str, pcm: bytes) -> None:
        """Audio of the open message; the session's voice is fixed from the first sample on."""
        response = self._responses.get(response_id)
        if response:
            self._voice_locked = True
            response.audio(pcm)

    def finish(
        self, response_id: str, status: Status, reason: str | None = None, error: str | None = None
    ) -> None:
        """End a response; nothing happens if it is over."""
        response = self._responses.pop(response_id, None)
        if response:
            response.finish(status, reason, error)
            if response.is_default:
                self._await_speech(response.audio_bytes // PCM_BYTES_PER_MS)
            self._outputs.append(StopGenerating(response_id))

    # Client events

    def _update_session(self, event: Json) -> None:
        self._config.update(as_object(event["session"]), voice_locked=self._voice_locked)
        self._emit("session.updated", {"session": self._config.to_wire()})
        self._outputs.append(ConfigureTurns())

    def _append_audio(self, event: Json) -> None:
        self._outputs.append(AppendAudio(_pcm(event["audio"], "audio")))

    def _commit_audio(self, event: Json) -> None:
        self._outputs.append(CommitAudio(text_in(event, "event_id") or None))

    def _clear_audio(self, event: Json) -> None:
        self._outputs.append(ClearAudio())
        self._emit("input_audio_buffer.cleared", {})

    def _clear_output_audio(self, event: Json) -> None:
        message = "'output_audio_buffer.clear' is supported over WebRTC and SIP only, not over WebSocket."
        raise Invalid(message, "unsupported_event", "type")

    def _create_item(self, event: Json) -> None:
        wire = as_object(event["item"])
        item, audio = item_from_wire(wire, self._new_id), _input_audio(wire, "item.content")
        previous_item_id = event.get("previous_item_id")
        self._conversation.insert(item, previous_item_id if isinstance(previous_item_id, str) else None)
        self._announce(item)
        self._transcribe(item, audio)

    def _transcribe(self, item: ConversationItem, audio: bytes) -> None:
        """What an item brought as sound, unless it brought its words too."""
        if audio and not any(part.transcript for part in item.content):
            self._await_transcript(item)
            self._outputs.append(TranscribeItem(item.id, audio))

    def _retrieve_item(self, event: Json) -> None:
        item = self._conversation.get(text_in(event, "item_id"), "retrieve")
        self._emit("conversation.item.retrieved", {"item": item.to_wire()})

    def _delete_item(self, event: Json) -> None:
        item_id = text_in(event, "item_id")
        self._conversation.delete(item_id)
        self._emit("conversation.item.deleted", {"item_id": item_id})

    def _truncate_item(self, event: Json) -> None:
        item_id, index, end_ms = (
            text_in(event, "item_id"),
            int_in(event, "content_index", 0),
            event["audio_end_ms"],
        )
        audio_end_ms = int_in({"ms": end_ms}, "ms", 0)
        self._conversation.truncate(item_id, index, audio_end_ms)
        fields: Json = {"item_id": item_id, "content_index": index, "audio_end_ms": audio_end_ms}
        self._emit("conversation.item.truncated", fields)

    def _create_response(self, event: Json) -> None:
        self._respond(object_in(event, "response"))

    def _cancel_response(self, event: Json) -> None:
        response_id = text_in(event, "response_id")
        response = self._responses.get(response_id) if response_id else self._active()
        if response is None:
            raise Invalid("Cancellation failed: no active response found", "response_cancel_not_active")
        self.finish(response.id, "cancelled", "client_cancelled")

    _HANDLERS: ClassVar[dict[str, Callable[[RealtimeProtocol, Json], None]]] = {
        "session.update": _update_session,
        "input_audio_buffer.append": _append_audio,
        "input_audio_buffer.commit": _commit_audio,
        "input_audio_buffer.clear": _clear_audio,
        "output_audio_buffer.clear": _clear_output_audio,
        "conversation.item.create": _create_item,
        "conversation.item.retrieve": _retrieve_item,
        "conversation.item.delete": _delete_item,
        "conversation.item.truncate": _truncate_item,
        "response.create": _create_response,
        "response.cancel": _cancel_response,
    }

    # Helpers

    def _respond(self, override: Json) -> None:
        """Begin a response, in the default conversation or out of band."""
        if self._config.is_transcription:
            raise Invalid("A transcription session makes no responses.", "invalid_session_type", "type")
        in_default = override.get("conversation") != "none"
        active = self._active()
        if in_default and active:
            message = (
                f"Conversation already has an active response in progress: {active.id}. "
                "Wait until the response is finished before creating a new one."
            )
            raise Invalid(message, "conversation_already_has_active_response")
        if len(self._responses) >= MAX_RESPONSES:
            message = f"At most {MAX_RESPONSES} responses can be in progress. Wait until one is finished."
            raise Invalid(message, "too_many_responses")
        settings = self._config.for_response(override, voice_locked=self._voice_locked)
        context = (
            self._input(list_in(override, "input")) if "input" in override else tuple(self._conversation)
        )
        metadata = object_in(override, "metadata") or None
        conversation = self._conversation if in_default else None
        response = Response(settings, metadata, conversation, context, self._emit, self._new_id)
        self._responses[response.id] = response
        if in_default:
            self._await_speech(None)
        self._outputs.append(Generate(response.id, settings))

    def _input(self, wires: list[object]) -> tuple[ConversationItem, ...]:
        items: list[ConversationItem] = []
        heard: list[tuple[ConversationItem, bytes]] = []
        for index, wire in enumerate(map(as_object, wires)):
            if wire["type"] == "item_reference":
                found = self._conversation.find(text_in(wire, "id"))
                if found is None:
                    message = f"Item with id '{text_in(wire, 'id')}' not found."
                    raise Invalid(message, "item_reference_invalid_item_id", f"response.input[{index}].id")
                items.append(found)
                continue
            audio = _input_audio(wire, f"response.input[{index}].content")
            item = item_from_wire({**wire, "id": None}, self._new_id)  # it is none of the conversation's
            items.append(item)
            heard.append((item, audio))
        for item, audio in heard:
            self._transcribe(item, audio)
        return tuple(items)

    def _await_speech(self, playback_ms: int | None) -> None:
        turns = self._config.turns
        if turns and turns.idle_timeout_ms is not None:
            self._outputs.append(AwaitSpeech(playback_ms))

    def _active(self) -> Response | None:
        """The one response that writes to the default conversation."""
        return next((response for response in self._responses.values() if response.is_default), None)

    def _announce(self, item: ConversationItem) -> None:
        fields: Json = {"previous_item_id": self._conversation.previous_id(item), "item": item.to_wire()}
        self._emit("conversation.item.added", fields)
        self._emit("conversation.item.done", fields)

    def _emit(self, event_type: str, fields: Json) -> None:
        event = {"type": event_type, "event_id": self._new_id("event"), **fields}
        self._outputs.append(Send(json.dumps(event, separators=(",", ":"))))

    def _emit_error(self, error: Invalid, event_id: str | None) -> None:
        fields: Json = {
            "type": "invalid_request_error",
            "code": error.code,
            "message": error.message,
            "param": error.param,
            "event_id": event_id,
        }
        self._emit("error", {"error": fields})


def _parse(message: str) -> Json:
    """The event. Raises Invalid for what is no JSON (RFC 8259), also NaN and halves of characters."""
    try:
        event = as_object(json.loads(message, parse_constant=_no_number))
        if "\\ud" in message or "\\uD" in message:
            json.dumps(event, ensure_ascii=False).encode()
        return event
    except (ValueError, RecursionError):
        raise Invalid("The message is not valid JSON.", "invalid_json") from None


def _no_number(name: str) -> None:
    raise ValueError(name)


def _pcm(audio: object, param: str) -> bytes:
    try:
        pcm = base64.b64decode(str(audio), validate=True)
    except (binascii.Error, ValueError):
        message = f"Invalid '{param}'. Expected base64-encoded audio bytes (mono PCM16 at 24kHz)."
        raise Invalid(message, "invalid_value", param) from None
    if len(pcm) > MAX_APPEND_BYTES:
        raise Invalid(f"Invalid '{param}': more than 15 MiB of audio.", "audio_too_large", param)
    if len(pcm) % 2:
        raise Invalid(f"Invalid '{param}': an odd number of bytes is not PCM16.", "invalid_value", param)
    return pcm


def _input_audio(wire: Json, param: str) -> bytes:
    """All sound of an item, of however many parts."""
    parts = [as_object(part) for part in list_in(wire, "content")]
    return b"".join(_pcm(part["audio"], param) for part in parts if part["type"] == "input_audio")
