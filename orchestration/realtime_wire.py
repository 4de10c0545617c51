"""The client events of the OpenAI Realtime protocol (GA), and careful reading of the server's.

The only place of this package where wire objects are built: one function for each client event that
we send (https://developers.openai.com/api/reference/resources/realtime/client-events). Readers return
an empty value of the right type for what is missing or of another type, because the server is not ours.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass

from orchestration.brief import Expects
from orchestration.ports import LineConfig, ResponseRequest

JsonObject = dict[str, object]

RATE_HZ = 24_000
BYTES_PER_SAMPLE = 2
PCM_FORMAT: JsonObject = {"type": "audio/pcm", "rate": RATE_HZ}
PROMPTS = {
    Expects.ANYTHING: "",
    Expects.NAME: "Expect: a name, as of a business.",
    Expects.COLOUR: "Expect: a colour or several, as for a website.",
    Expects.YES_OR_NO: "Expect: yes or no.",
}
"""Plain words for a model; the embedded engine reads `Expect:` and the kind after it."""
LOGPROBS = "item.input_audio_transcription.logprobs"


@dataclass(frozen=True, slots=True)
class Hearing:
    """How the listening session turns sound into turns and text."""

    transcription_model: str
    threshold: float = 0.5
    prefix_padding_ms: int = 300


# --------------------------------------------------------------------------- client events


def session_update(config: LineConfig, hearing: Hearing, with_logprobs: bool = True) -> JsonObject:
    """A persona's session speaks and detects no turns; the listening one detects turns and transcribes."""
    session: JsonObject = {"type": "realtime", "instructions": config.instructions}
    if config.voice is not None:
        output = {"voice": config.voice, "format": PCM_FORMAT, "speed": config.speed}
        session["output_modalities"] = ["audio"]
        session["audio"] = {"input": {"turn_detection": None}, "output": output}
    else:
        session["output_modalities"] = ["text"]
        session["audio"] = {
            "input": {
                "format": PCM_FORMAT,
                "transcription": {"model": hearing.transcription_model},
                "turn_detection": turn_detection(hearing, config.silence_ms),
            }
        }
        if with_logprobs:
            session["include"] = [LOGPROBS]
    return {"type": "session.update", "session": session}


def turn_detection(hearing: Hearing, silence_ms: int) -> JsonObject:
    return {
        "type": "server_vad",
        "threshold": hearing.threshold,
        "prefix_padding_ms": hearing.prefix_padding_ms,
        "silence_duration_ms": silence_ms,
        "create_response": False,
        "interrupt_response": False,
    }


def patience_update(hearing: Hearing, silence_ms: int) -> JsonObject:
    """Only the turn detection of the listening session becomes another."""
    audio = {"input": {"turn_detection": turn_detection(hearing, silence_ms)}}
    return {"type": "session.update", "session": {"type": "realtime", "audio": audio}}


def expectation_update(hearing: Hearing, what: Expects) -> JsonObject:
    """Only the hint to the transcription becomes another; an empty one takes it back."""
    transcription = {"model": hearing.transcription_model, "prompt": PROMPTS[what]}
    audio = {"input": {"transcription": transcription}}
    return {"type": "session.update", "session": {"type": "realtime", "audio": audio}}


def response_create(request: ResponseRequest) -> JsonObject:
    after: JsonObject = {"after": request.after[:512]} if request.after else {}
    response: JsonObject = {
        "instructions": request.instructions,
        "metadata": {"act": request.act[:512], "turn": request.turn[:512], **after},
        "output_modalities": ["audio"],
        "max_output_tokens": request.max_output_tokens,
        "tools": [
            {"type": "function", "name": t.name, "description": t.description, "parameters": t.parameters}
            for t in request.tools
        ],
        "tool_choice": request.tool_choice if request.tools else "none",
    }
    return {"type": "response.create", "response": response}


def response_cancel(response_id: str) -> JsonObject:
    return {"type": "response.cancel", "response_id": response_id}


def item_create(item: JsonObject, previous_item: str = "") -> JsonObject:
    """At the end of the conversation, or after `previous_item` ("root" is its beginning)."""
    where: JsonObject = {"previous_item_id": previous_item} if previous_item else {}
    return {"type": "conversation.item.create", "item": item, **where}


def item_delete(item_id: str) -> JsonObject:
    return {"type": "conversation.item.delete", "item_id": item_id}


def item_truncate(item_id: str, content_index: int, audio_end_ms: int) -> JsonObject:
    return {
        "type": "conversation.item.truncate",
        "item_id": item_id,
        "content_index": content_index,
        "audio_end_ms": audio_end_ms,
    }


def text_item(role: str, text: str, item_id: str) -> JsonObject:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"id": item_id, "type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def call_item(item_id: str, call: str, name: str, arguments: str) -> JsonObject:
    return {"id": item_id, "type": "function_call", "call_id": call, "name": name, "arguments": arguments}


def call_output_item(item_id: str, call: str, output: JsonObject) -> JsonObject:
    text = json.dumps(output, ensure_ascii=False)
    return {"id": item_id, "type": "function_call_output", "call_id": call, "output": text}


def append_message(pcm: bytes) -> str:
    """`input_audio_buffer.append`, written out: base64 needs no escaping, and this runs 50 times a second."""
    audio = base64.b64encode(pcm).decode("ascii")
    return '{"type":"input_audio_buffer.append","audio":"' + audio + '"}'


# --------------------------------------------------------------------------- reading server events


def text_of(value: JsonObject, key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def count_of(value: JsonObject, key: str) -> int | None:
    """A non-negative integer, or None."""
    found = value.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def object_of(value: JsonObject, key: str) -> JsonObject:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def objects_of(value: JsonObject, key: str) -> list[JsonObject]:
    found = value.get(key)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def audio_of(value: JsonObject) -> bytes:
    """The `delta` of `response.output_audio.delta`; empty when it is not base64."""
    try:
        return base64.b64decode(text_of(value, "delta"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def confidence_of(event: JsonObject) -> float:
    """Mean probability of the transcript's tokens, 1.0 where the service sent none."""
    found = [part.get("logprob") for part in objects_of(event, "logprobs")]
    numbers = [float(value) for value in found if isinstance(value, int | float)]
    if not numbers:
        return 1.0
    return sum(math.exp(min(0.0, number)) for number in numbers) / len(numbers)


def parse(data: str | bytes) -> JsonObject:
    """One message of the socket. Raises ValueError when it is not a JSON object."""
    value: object = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
