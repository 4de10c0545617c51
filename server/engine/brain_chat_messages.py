"""The conversation as a chat endpoint reads it: Realtime items and a response's request become messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from server.engine.brain_types import BrainRequest, Item, ToolSpec

if TYPE_CHECKING:  # the import takes 1.4 s, and most engines have no model
    from openai.types.chat import (
        ChatCompletionFunctionToolParam,
        ChatCompletionMessageParam,
        ChatCompletionToolChoiceOptionParam,
    )

_SILENCE = "(The human says nothing that could be understood.)"
_BEGIN = "Begin."


def messages(items: Sequence[Item], request: BrainRequest) -> list[ChatCompletionMessageParam]:
    """The session's instructions, the items in order, and last what this response is to do."""
    found: list[ChatCompletionMessageParam] = []
    if request.session_instructions:
        found.append({"role": "system", "content": request.session_instructions})
    calls = {item.call_id: item for item in items if item.kind == "function_call"}
    for item in items:
        if item.kind == "function_call_output":
            found += _result(item, calls.get(item.call_id))
        elif item.kind == "message":
            found += _said(item)
    task = request.instructions or (f"Your next dialogue act: {request.act}." if request.act else "")
    if task:
        found.append({"role": "system", "content": task})
    if not any(message["role"] == "user" for message in found):
        found.append({"role": "user", "content": _BEGIN})  # many servers want one
    return found


def _said(item: Item) -> list[ChatCompletionMessageParam]:
    if item.role == "system":
        return [{"role": "system", "content": item.text}]
    if item.role == "user":
        return [{"role": "user", "content": item.text or _SILENCE}]
    return [{"role": "assistant", "content": item.text}] if item.text else []


def _result(item: Item, call: Item | None) -> list[ChatCompletionMessageParam]:
    """A call and its result stand together: servers refuse one without the other."""
    if call is None:
        return [{"role": "system", "content": f"result: {item.output}"}]
    return [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": call.call_id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments or "{}"},
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.call_id, "content": item.output},
    ]


def tools(specs: Sequence[ToolSpec]) -> list[ChatCompletionFunctionToolParam]:
    return [
        {
            "type": "function",
            "function": {
                "name": spec.name,
                "description": spec.description,
                "parameters": dict(spec.parameters or {"type": "object", "properties": {}}),
            },
        }
        for spec in specs
    ]


def tool_choice(request: BrainRequest) -> ChatCompletionToolChoiceOptionParam:
    if request.tool_choice in {spec.name for spec in request.tools}:
        return {"type": "function", "function": {"name": request.tool_choice}}
    if request.tool_choice == "none":
        return "none"
    return "required" if request.tool_choice == "required" else "auto"
