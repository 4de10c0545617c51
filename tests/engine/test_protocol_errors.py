"""What the protocol refuses, and how it says so."""

from __future__ import annotations

import json

import pytest

from tests.fakes.protocol_session import USER, Json, Session, audio_in, audio_out, error_of, update


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.mark.parametrize(
    ("event_type", "fields", "code", "param"),
    [
        ("session.update", {}, "missing_required_parameter", "session"),
        ("session.update", {"session": {}}, "missing_required_parameter", "session.type"),
        ("session.update", {"session": {"type": "translation"}}, "invalid_value", "session.type"),
        ("session.update", {"session": {"type": "transcription"}}, "invalid_value", "session.type"),
        ("session.update", {"session": []}, "invalid_type", "session"),
        ("session.update", update(temperature=0.8), "unknown_parameter", "session.temperature"),
        ("session.update", update(model="another"), "invalid_value", "session.model"),
        ("session.update", update(instructions=7), "invalid_type", "session.instructions"),
        (
            "session.update",
            update(output_modalities=["text", "audio"]),
            "invalid_array_length",
            "session.output_modalities",
        ),
        (
            "session.update",
            update(max_output_tokens=0),
            "integer_below_min_value",
            "session.max_output_tokens",
        ),
        ("session.update", update(tool_choice="maybe"), "invalid_value", "session.tool_choice"),
        ("session.update", update(tools=[{"type": "mcp"}]), "invalid_value", "session.tools[0].type"),
        ("session.update", audio_out(voice="nobody"), "invalid_value", "session.audio.output.voice"),
        ("session.update", audio_out(speed=9), "decimal_above_max_value", "session.audio.output.speed"),
        (
            "session.update",
            audio_out(format={"type": "audio/pcmu"}),
            "invalid_value",
            "session.audio.output.format.type",
        ),
        (
            "session.update",
            audio_in(turn_detection={"type": "server_vad", "threshold": True}),
            "invalid_type",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            "session.update",
            audio_in(turn_detection={"type": "guess"}),
            "invalid_value",
            "session.audio.input.turn_detection.type",
        ),
        ("input_audio_buffer.append", {}, "missing_required_parameter", "audio"),
        ("input_audio_buffer.append", {"audio": "%%%"}, "invalid_value", "audio"),
        ("input_audio_buffer.append", {"audio": "AAA"}, "invalid_value", "audio"),
        ("input_audio_buffer.append", {"audio": "AA=="}, "invalid_value", "audio"),
        ("input_audio_buffer.append", {"audio": "A" * (1 << 20) * 21}, "audio_too_large", "audio"),
        ("output_audio_buffer.clear", {}, "unsupported_event", "type"),
        ("conversation.item.create", {}, "missing_required_parameter", "item"),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "robot"}},
            "invalid_value",
            "item.role",
        ),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "assistant", "content": [{"type": "output_audio"}]}},
            "invalid_value",
            "item.content[0]",
        ),
        (
            "conversation.item.create",
            {"item": USER, "previous_item_id": "ghost"},
            "item_create_invalid_previous_item_id",
            "previous_item_id",
        ),
        (
            "conversation.item.create",
            {"item": {"type": "function_call_output", "output": "{}"}},
            "missing_required_parameter",
            "item.call_id",
        ),
        ("conversation.item.retrieve", {"item_id": "ghost"}, "item_retrieve_invalid_item_id", "item_id"),
        ("conversation.item.delete", {"item_id": "ghost"}, "item_delete_invalid_item_id", "item_id"),
        (
            "conversation.item.truncate",
            {"item_id": "ghost", "content_index": 0, "audio_end_ms": 0},
            "item_truncate_invalid_item_id",
            "item_id",
        ),
        (
            "conversation.item.truncate",
            {"item_id": "ghost", "content_index": 0, "audio_end_ms": 1.5},
            "invalid_type",
            "audio_end_ms",
        ),
        ("response.cancel", {}, "response_cancel_not_active", None),
        (
            "response.create",
            {"response": {"conversation": "other"}},
            "invalid_value",
            "response.conversation",
        ),
        (
            "response.create",
            {"response": {"metadata": {"k": "v" * 513}}},
            "string_above_max_length",
            "response.metadata.k",
        ),
        (
            "response.create",
            {"response": {"metadata": {str(n): "" for n in range(17)}}},
            "object_above_max_properties",
            "response.metadata",
        ),
        (
            "response.create",
            {"response": {"tool_choice": {"type": "function", "name": "ghost"}}},
            "invalid_value",
            "response.tool_choice",
        ),
        (
            "response.create",
            {"response": {"input": [{"type": "item_reference", "id": "ghost"}]}},
            "item_reference_invalid_item_id",
            "response.input[0].id",
        ),
        ("session.update", update(prompt={"id": "pmpt_1"}), "invalid_value", "session.prompt"),
        ("session.update", update(truncation=5), "invalid_value", "session.truncation"),
        (
            "session.update",
            audio_in(transcription={"keywords": "bread"}),
            "invalid_type",
            "session.audio.input.transcription.keywords",
        ),
        (
            "conversation.item.create",
            {
                "item": {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA"}],
                }
            },
            "invalid_value",
            "item.content[0]",
        ),
        (
            "response.create",
            {
                "response": {
                    "conversation": "none",
                    "input": [
                        {
                            "type": "message",
                            "role": "user",
                            "content": [{"type": "input_audio", "audio": "%%%"}],
                        }
                    ],
                }
            },
            "invalid_value",
            "response.input[0].content",
        ),
        ("magic", {}, "invalid_value", "type"),
    ],
)
def test_a_bad_event_is_refused_with_code_param_and_its_id(
    session: Session, event_type: str, fields: Json, code: str, param: str | None
) -> None:
    error = error_of(session.send(event_type, event_id="e-1", **fields)).error
    assert (error.type, error.code, error.param, error.event_id) == (
        "invalid_request_error",
        code,
        param,
        "e-1",
    )


@pytest.mark.parametrize(
    "message",
    [
        *("", "{", "[]", "null", "7", "[" * 100_000, '{"type": 7}', "{}"),
        '{"type": "session.update", "session": {"type": "realtime", "tracing": NaN}}',
        '{"type": "session.update", "session": {"type": "realtime", "instructions": "half: \\ud83d"}}',
    ],
)
def test_what_is_no_event_is_an_error_and_no_end(session: Session, message: str) -> None:
    session.protocol.receive(message)
    error_of(session.events())
    whole = json.dumps(update(instructions="whole: \U0001f600") | {"type": "session.update"})
    session.protocol.receive(whole)
    assert session.types() == ["session.updated"]
    assert session.send("conversation.item.create", item=USER)[0]["type"] == "conversation.item.added"
