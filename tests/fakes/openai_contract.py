"""The `openai` SDK's own types as the judge of every event, in both directions, unknown fields included."""

from __future__ import annotations

from typing import get_args

import pydantic
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

Json = dict[str, object]
Model = type[pydantic.BaseModel]


class Breach(Exception):
    """The event is not what the contract says; `code` as the service would name it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _by_type(union: object) -> dict[str, Model]:
    """Which class of an (annotated) union each event's `type` names."""
    models: tuple[Model, ...] = get_args(get_args(union)[0])
    return {str(get_args(model.model_fields["type"].annotation)[0]): model for model in models}


CLIENT_EVENTS = _by_type(RealtimeClientEvent)
SERVER_EVENTS = _by_type(RealtimeServerEvent)
_ALSO_SENT = {"response.output_audio_transcript.delta": {"audio_start_ms"}}
"""The embedded engine's one addition: fakes that stand for it may send it."""
_METADATA = (16, 64, 512)
ITEM_ID_LENGTH = 32


def check_client(event: Json) -> None:
    """Raises Breach unless a client may send this."""
    model = CLIENT_EVENTS.get(str(event.get("type")))
    if model is None or str(event["type"]).startswith("output_audio_buffer."):  # WebRTC and SIP only
        raise Breach("invalid_value", f"unknown event {event.get('type')}")
    _check(model, event)
    _check_limits(event)


def check_server(event: Json) -> Json:
    """The event itself; raises Breach when OpenAI could not have sent it."""
    kind = str(event.get("type"))
    if kind not in SERVER_EVENTS:
        raise Breach("invalid_value", f"unknown event {kind}")
    also = _ALSO_SENT.get(kind, set())
    _check(SERVER_EVENTS[kind], {k: v for k, v in event.items() if k not in also})
    return event


def _check(model: Model, event: Json) -> None:
    try:
        _refuse_unknown(model.model_validate(event), str(event["type"]))
    except pydantic.ValidationError as error:
        raise Breach("invalid_type", str(error)) from error


def _refuse_unknown(value: object, where: str) -> None:
    if isinstance(value, pydantic.BaseModel):
        if value.model_extra:
            raise Breach("unknown_parameter", f"{where}: {sorted(value.model_extra)}")
        for name in value.model_fields_set:
            _refuse_unknown(getattr(value, name), f"{where}.{name}")
    elif isinstance(value, list):
        for part in value:
            _refuse_unknown(part, where)


def _check_limits(event: Json) -> None:
    """What the service refuses beyond the types: documented numbers."""
    response, item = event.get("response"), event.get("item")
    if isinstance(response, dict):
        metadata = response.get("metadata") or {}
        pairs, key_length, value_length = _METADATA
        too_long = any(len(k) > key_length or len(v) > value_length for k, v in metadata.items())
        if len(metadata) > pairs or too_long:
            raise Breach("invalid_value", "metadata: 16 pairs of 64 and 512 characters")
        most = response.get("max_output_tokens", "inf")
        if most != "inf" and not 1 <= most <= 4096:
            raise Breach("invalid_value", f"max_output_tokens: {most}")
    if isinstance(item, dict) and len(str(item.get("id") or "")) > ITEM_ID_LENGTH:
        raise Breach("string_above_max_length", f"item.id: {item['id']}")
