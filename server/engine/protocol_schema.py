"""The shapes of the eleven client events of the Realtime GA protocol, as one table.

Source: the `realtime_client_event` types of the openai package. What this engine cannot do
(G.711, MCP tools, pictures, stored prompts, assistant audio as input) is refused here, and the message
says so.
"""

from __future__ import annotations

from server.engine.protocol_validation import (
    Check,
    Invalid,
    anything,
    boolean,
    choice,
    either,
    integer,
    listed,
    mapping,
    nullable,
    number,
    shape,
    tagged,
    text,
)

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
LOGPROBS = "item.input_audio_transcription.logprobs"
MAX_APPEND_BYTES = 15 * 1024 * 1024


def _assistant_audio(value: object, param: str) -> None:
    raise Invalid(
        "Assistant audio cannot be inserted into a conversation; use 'output_text'.", "invalid_value", param
    )


def _picture(value: object, param: str) -> None:
    raise Invalid("This engine sees no pictures; say what is on it as 'input_text'.", "invalid_value", param)


def _stored_prompt(value: object, param: str) -> None:
    raise Invalid("This engine has no stored prompts; use 'instructions'.", "invalid_value", param)


_id = text(64, min_length=1)
_format = shape({"type": choice("audio/pcm")}, {"rate": choice(24000)})
_voice = either(dict, shape({"id": choice(*VOICES)}), choice(*VOICES))
_max_output_tokens = either(str, choice("inf"), integer(1, 4096))
_modalities = listed(choice("text", "audio"), max_items=1, min_items=1)
_function_tool = shape(
    {"type": choice("function"), "name": text(64, min_length=1)},
    {"description": text(), "parameters": anything},
)
_tools = listed(tagged("type", {"function": _function_tool}), max_items=128)
_forced_function = shape({"type": choice("function"), "name": text(64, min_length=1)})
_tool_choice = either(dict, _forced_function, choice("none", "auto", "required"))
_metadata = nullable(mapping(text(512), max_items=16, max_key_length=64))

_turn_detection = tagged("type", {
    "server_vad": shape({"type": anything}, {
        "threshold": number(0.0, 1.0),
        "prefix_padding_ms": integer(0, 5_000),
        "silence_duration_ms": integer(0, 30_000),
        "create_response": boolean,
        "interrupt_response": boolean,
        "idle_timeout_ms": nullable(integer(5_000, 30_000)),
    }),
    "semantic_vad": shape({"type": anything}, {
        "eagerness": choice("low", "medium", "high", "auto"),
        "create_response": boolean,
        "interrupt_response": boolean,
    }),
})  # fmt: skip

_words = nullable(listed(text(512), max_items=1024))
_transcription = shape({}, {
    "model": text(128), "language": nullable(text(16)), "languages": _words, "prompt": nullable(text()),
    "keywords": _words, "delay": anything,
})  # fmt: skip

_audio_input = shape({}, {
    "format": _format,
    "noise_reduction": nullable(shape({}, {"type": choice("near_field", "far_field"), "strength": anything})),
    "transcription": nullable(_transcription),
    "turn_detection": nullable(_turn_detection),
})  # fmt: skip

_audio_output = shape({}, {"format": _format, "voice": _voice, "speed": number(0.25, 1.5)})
_include = nullable(listed(choice(LOGPROBS), max_items=8))

_session = tagged("type", {
    "realtime": shape({"type": anything}, {
        "audio": shape({}, {"input": _audio_input, "output": _audio_output}),
        "include": _include,
        "instructions": text(),
        "max_output_tokens": _max_output_tokens,
        "model": text(128),
        "output_modalities": _modalities,
        "tools": _tools,
        "tool_choice": _tool_choice,
        "parallel_tool_calls": anything,
        "prompt": nullable(_stored_prompt),
        "reasoning": anything,
        "tracing": anything,
        "truncation": either(dict, anything, choice("auto", "disabled")),
    }),
    "transcription": shape({"type": anything}, {
        "audio": shape({}, {"input": _audio_input}),
        "include": _include,
    }),
})  # fmt: skip

_envelope: dict[str, Check] = {
    "id": _id,
    "object": choice("realtime.item"),
    "status": anything,
    "type": anything,
}
_input_text = shape({"type": anything, "text": text()})
_user_parts = tagged("type", {
    "input_text": _input_text,
    "input_audio": shape({"type": anything, "audio": text(4 * MAX_APPEND_BYTES // 3 + 4)},
                         {"transcript": nullable(text())}),
    "input_image": _picture,
})  # fmt: skip
_assistant_parts = tagged("type", {
    "output_text": shape({"type": anything, "text": text()}),
    "output_audio": _assistant_audio,
})  # fmt: skip


def _message(parts: Check) -> Check:
    return shape({"role": anything, "content": listed(parts, max_items=64)}, _envelope)


_item_shapes: dict[str, Check] = {
    "message": tagged("role", {
        "system": _message(tagged("type", {"input_text": _input_text})),
        "user": _message(_user_parts),
        "assistant": _message(_assistant_parts),
    }),
    "function_call": shape({"name": text(64, 1), "arguments": text()}, {**_envelope, "call_id": _id}),
    "function_call_output": shape({"call_id": _id, "output": text()}, _envelope),
}  # fmt: skip
_item = tagged("type", _item_shapes)
_input_item = tagged("type", {**_item_shapes, "item_reference": shape({"type": anything, "id": _id})})

_response = shape({}, {
    "audio": shape({}, {"output": shape({}, {"format": _format, "voice": _voice})}),
    "conversation": choice("auto", "none"),
    "input": listed(_input_item, max_items=1024),
    "instructions": text(),
    "max_output_tokens": _max_output_tokens,
    "metadata": _metadata,
    "output_modalities": _modalities,
    "parallel_tool_calls": anything,
    "prompt": nullable(_stored_prompt),
    "reasoning": anything,
    "tool_choice": _tool_choice,
    "tools": _tools,
})  # fmt: skip


def _event(required: dict[str, Check] | None = None, optional: dict[str, Check] | None = None) -> Check:
    fields = {"type": anything, **(required or {})}
    return shape(fields, {"event_id": nullable(text(512)), **(optional or {})})


CLIENT_EVENTS: dict[str, Check] = {
    "session.update": _event({"session": _session}),
    "input_audio_buffer.append": _event({"audio": text(1 << 30)}),
    "input_audio_buffer.commit": _event(),
    "input_audio_buffer.clear": _event(),
    "output_audio_buffer.clear": _event(),
    "conversation.item.create": _event({"item": _item}, {"previous_item_id": nullable(_id)}),
    "conversation.item.retrieve": _event({"item_id": _id}),
    "conversation.item.delete": _event({"item_id": _id}),
    "conversation.item.truncate": _event(
        {"item_id": _id, "content_index": integer(0, 1024), "audio_end_ms": integer(0, 86_400_000)}
    ),
    "response.create": _event({}, {"response": nullable(_response)}),
    "response.cancel": _event({}, {"response_id": nullable(_id)}),
}
