"""Function calls: which one, and its arguments out of the context, by the function's own JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from server.engine import brain_words as words
from server.engine.brain_context import Context, string
from server.engine.brain_names import name as name_in
from server.engine.brain_types import BrainRequest, Call, ToolSpec

Schema = Mapping[str, object]

_OWN = {
    "greet": "select_next_speaker",
    "hand_over": "select_next_speaker",
    "start_research": "research_market",
    "start_build": "build_website",
    "start_post": "draft_post",
    "present_post": "publish_post",
}
_WORDS = re.compile(r"[a-z0-9']+")


def for_act(act: str, known: bool, context: Context, request: BrainRequest) -> tuple[Call, ...]:
    """The calls of a dialogue act: its own function when it is on offer, and whatever is forced.

    An act that the brain does not know calls the only function that it is offered.
    """
    tools = {tool.name: tool for tool in request.tools}
    if request.tool_choice == "none" or not tools:
        return ()
    own = _OWN.get(act, "")
    if not known and len(tools) == 1:
        own = next(iter(tools))
    if (forced_tool := forced(request)) is not None:
        own = own if request.tool_choice == "required" and own in tools else forced_tool.name
    return (Call(own, arguments(tools[own], context)),) if own in tools else ()


def forced(request: BrainRequest) -> ToolSpec | None:
    """The function that must be called: the named one, or the first under `required`."""
    if request.tool_choice in {"auto", "none", ""} or not request.tools:
        return None
    named = [tool for tool in request.tools if tool.name == request.tool_choice]
    if named or request.tool_choice != "required":
        return named[0] if named else None
    return request.tools[0]


def arguments(tool: ToolSpec, context: Context) -> str:
    """A JSON object with a value for every required property, from the context as far as it goes."""
    needed = required(tool)
    values = {
        name: _from_context(name, schema, context, name in needed)
        for name, schema in properties(tool).items()
    }
    kept = {name: value for name, value in values.items() if name in needed or value not in ("", None)}
    return json.dumps(kept, ensure_ascii=False)


def properties(tool: ToolSpec) -> dict[str, Schema]:
    found = (tool.parameters or {}).get("properties")
    if not isinstance(found, dict):
        return {}
    return {str(name): schema if isinstance(schema, dict) else {} for name, schema in found.items()}


def required(tool: ToolSpec) -> tuple[str, ...]:
    found = (tool.parameters or {}).get("required")
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


def _from_context(name: str, schema: Schema, context: Context, needed: bool) -> object:
    """A value for one property: an allowed one, or what the conversation says, or the type's plain value."""
    brief = context.fact("brief")
    keys = ("name", "offer", "audience", "difference", "pages", "style")
    said = {key: words.clean(string(brief, key)) for key in keys}
    business = name_in(said["name"]) if said["name"] else ""
    known = {
        "speaker": string(context.fact("next"), "speaker").lower(),
        "name": business,
        "focus": words.clip(", for ".join(part for part in (said["offer"], said["audience"]) if part), 24),
        "topic": words.clip(": ".join(part for part in (business, said["offer"]) if part), 24),
        **{key: value for key, value in said.items() if key != "name"},
    }
    text = known.get(name, "")
    allowed = schema.get("enum")
    if isinstance(allowed, list) and allowed:
        return chosen(allowed, f"{text} {context.human}") or (allowed[0] if needed else None)
    if schema.get("type", "string") == "string":
        return text or (business or said["offer"] or words.clip(words.clean(context.human), 24))
    return plain_value(schema)


def chosen(allowed: list[object], text: str) -> object:
    """The first allowed value that the text names, None without one."""
    heard = _WORDS.findall(text.lower())
    spoken = f" {' '.join(heard)} "
    found = [(spoken.find(f" {_spoken(value)} "), value) for value in allowed]
    named = [(at, value) for at, value in found if at >= 0]
    return min(named, key=lambda pair: pair[0])[1] if named else None


def _spoken(value: object) -> str:
    return " ".join(_WORDS.findall(str(value).lower().replace("_", " ")))


def plain_value(schema: Schema) -> object:
    """The least that the type allows."""
    if "default" in schema:
        return schema["default"]
    least = schema.get("minimum", 0)
    plain = {"integer": least, "number": least, "boolean": False, "array": [], "object": {}, "null": None}
    return plain.get(str(schema.get("type", "string")), "")
