"""A session's configuration: what `session.update` may change and what it means."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal

from server.engine.brain_types import ToolSpec
from server.engine.endings import PATIENCE
from server.engine.expecting import Expectation, expectation
from server.engine.protocol_validation import (
    Invalid,
    Json,
    as_object,
    float_in,
    int_in,
    list_in,
    object_in,
    text_in,
)

Modality = Literal["audio", "text"]


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Server-side turn detection. Defaults are the Realtime API's."""

    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    """The silence that ends a turn, while nothing better is known."""
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: int | None = None
    """This long after the last response was played without speech, the human is asked to go on."""
    eagerness: str = ""
    """A key of `endings.PATIENCE` for semantic_vad; empty for server_vad."""


@dataclass(frozen=True, slots=True)
class ResponseSettings:
    """What one response is made with: the session's values, overridden by `response.create`."""

    instructions: str
    tools: tuple[ToolSpec, ...]
    tool_choice: str
    modality: Modality
    voice: str
    speed: float
    max_output_tokens: int | None
    """None is `inf`."""


def default_config(session_id: str, model: str, transcription: bool) -> Json:
    """The session as `session.created` announces it."""
    turn_detection: Json = {
        "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
    }  # fmt: skip
    audio_input: Json = {
        "format": {"type": "audio/pcm", "rate": 24000},
        "noise_reduction": None,
        "transcription": {"model": model} if transcription else None,
        "turn_detection": turn_detection,
    }
    common: Json = {"id": session_id, "include": None}
    if transcription:
        return common | {
            "type": "transcription",
            "object": "realtime.transcription_session",
            "audio": {"input": audio_input},
        }  # fmt: skip
    turn_detection |= {"create_response": True, "interrupt_response": True, "idle_timeout_ms": None}
    output: Json = {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.0}
    return common | {
        "type": "realtime",
        "object": "realtime.session",
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "audio": {"input": audio_input, "output": output},
    }


class SessionConfig:
    """The session object as the wire shows it, with typed views on it."""

    def __init__(self, session_id: str, model: str, *, transcription: bool) -> None:
        self._wire = default_config(session_id, model, transcription)

    def to_wire(self) -> Json:
        return copy.deepcopy(self._wire)

    def update(self, change: Json, *, voice_locked: bool) -> None:
        """Merge a validated `session` object; fields that are absent stay as they are."""
        if change.get("type") != self._wire["type"]:
            message = f"A session of type '{self._wire['type']}' cannot become '{change.get('type')}'."
            raise Invalid(message, "invalid_value", "session.type")
        new_voice = object_in(object_in(change, "audio"), "output").get("voice")
        if voice_locked and new_voice is not None and voice_name(new_voice, "") != self.voice:
            raise voice_is_locked("session.audio.output.voice")
        if "model" in change and change["model"] != self._wire["model"]:
            raise Invalid("The model of a session cannot be changed.", "invalid_value", "session.model")
        audio = change.get("audio")
        self._wire |= {key: value for key, value in change.items() if key != "audio"}
        for direction, fields in (as_object(audio) if audio else {}).items():
            object_in(object_in(self._wire, "audio"), direction).update(as_object(fields))

    @property
    def is_transcription(self) -> bool:
        return self._wire["type"] == "transcription"

    @property
    def instructions(self) -> str:
        return text_in(self._wire, "instructions")

    @property
    def voice(self) -> str:
        return voice_name(self._audio("output").get("voice"), "marin")

    @property
    def transcribes(self) -> bool:
        return self._audio("input").get("transcription") is not None

    @property
    def expected(self) -> Expectation:
        """What `transcription.prompt` and `.keywords` say of the next answer."""
        transcription = object_in(self._audio("input"), "transcription")
        return expectation(text_in(transcription, "prompt"), list_in(transcription, "keywords"))

    @property
    def turns(self) -> TurnSettings | None:
        """None: the client commits the buffer itself."""
        wire = self._audio("input").get("turn_detection")
        if wire is None:
            return None
        fields = as_object(wire)
        silence_ms, eagerness = int_in(fields, "silence_duration_ms", 500), ""
        if fields["type"] == "semantic_vad":
            chosen = text_in(fields, "eagerness", "auto")
            eagerness = "medium" if chosen == "auto" else chosen
            silence_ms = PATIENCE[eagerness].unclear_ms
        return TurnSettings(
            threshold=float_in(fields, "threshold", 0.5),
            prefix_padding_ms=int_in(fields, "prefix_padding_ms", 300),
            silence_duration_ms=silence_ms,
            idle_timeout_ms=int_in(fields, "idle_timeout_ms", 0) or None,
            eagerness=eagerness,
            create_response=fields.get("create_response") is not False and not self.is_transcription,
            interrupt_response=fields.get("interrupt_response") is not False and not self.is_transcription,
        )

    def for_response(self, override: Json, *, voice_locked: bool) -> ResponseSettings:
        """The settings of one response; raises when it asks for another voice after the first audio."""
        output = object_in(object_in(override, "audio"), "output")
        voice = voice_name(output.get("voice"), self.voice)
        if voice_locked and voice != self.voice:
            raise voice_is_locked("response.audio.output.voice")
        merged = self._wire | override
        tokens = merged.get("max_output_tokens")
        return ResponseSettings(
            instructions=text_in(override, "instructions"),
            tools=tuple(_tool(as_object(tool)) for tool in list_in(merged, "tools")),
            tool_choice=_tool_choice(merged),
            modality="text" if list_in(merged, "output_modalities") == ["text"] else "audio",
            voice=voice,
            speed=float_in(self._audio("output"), "speed", 1.0),
            max_output_tokens=tokens if isinstance(tokens, int) else None,
        )

    def _audio(self, direction: str) -> Json:
        return object_in(object_in(self._wire, "audio"), direction)


def voice_name(value: object, default: str) -> str:
    """The voice's name from `"marin"` or `{"id": "marin"}`."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else default


def voice_is_locked(param: str) -> Invalid:
    message = "Cannot update a conversation's voice if assistant audio is present."
    return Invalid(message, "cannot_update_voice", param)


def _tool(wire: Json) -> ToolSpec:
    return ToolSpec(text_in(wire, "name"), text_in(wire, "description"), object_in(wire, "parameters"))


def _tool_choice(merged: Json) -> str:
    """auto, none, required, or the name of the one function; it must be among the tools."""
    value = merged.get("tool_choice")
    if not isinstance(value, dict):
        return value if isinstance(value, str) else "auto"
    name = text_in(value, "name")
    if name not in [text_in(as_object(tool), "name") for tool in list_in(merged, "tools")]:
        raise Invalid(f"Tool choice '{name}' not found in 'tools'.", "invalid_value", "response.tool_choice")
    return name
