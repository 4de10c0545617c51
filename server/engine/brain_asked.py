"""A function that the human asks for in a plain conversation: by its words, with arguments out of theirs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from server.engine import brain_words as words
from server.engine.brain_context import Context
from server.engine.brain_tools import Schema, chosen, properties, required
from server.engine.brain_types import Call, ToolSpec

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_QUOTED = re.compile(r"[\"“']([^\"”']{1,80})[\"”']")
_AFTER = re.compile(
    r"\b(?:in|for|to|at|about|called|named)\s+((?:the\s+)?[\w'’.@-]+(?:\s+[\w'’.@-]+){0,5})",
    re.IGNORECASE,
)
_PROPER = re.compile(r"(?<=[\w,] )[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)*")
_COMMON = frozenset(
    "a an and are as at be by can current do find for from get give has have how i in is it look me my now "
    "of on or please run set tell that the this to today tomorrow up use user we what when where which who "
    "will with you your given return returns function tool call".split()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The function that fits; `missing` is the first required parameter that the words do not fill."""

    tool: ToolSpec
    call: Call
    missing: str = ""


def asked(tools: tuple[ToolSpec, ...], context: Context) -> Asked | None:
    """The function that the human's last words ask for, None when they ask for none.

    An answer to "Tell me the city, please." counts as the parameter that was missing.
    """
    for tool in tools:
        for name in required(tool):
            if context.said and context.said[-1].endswith(question(name)):
                return _filled(tool, context.human, {name: context.human})
    scored = [(_score(tool, context.human), tool) for tool in tools]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return _filled(best[1], context.human, {}) if best and best[0] >= 1 else None


def question(parameter: str) -> str:
    return f"Tell me the {spoken_name(parameter)}, please."


def spoken_name(name: str) -> str:
    """`get_weather`, `getWeather` → `get weather`."""
    return " ".join(part.lower() for part in _PARTS.findall(name)) or "function"


def _stems(text: str) -> set[str]:
    found = {part.lower() for part in _PARTS.findall(text)} - _COMMON
    return {re.sub(r"(?:ing|ed|es|s|e)$", "", part) if len(part) > 4 else part for part in found}


def _score(tool: ToolSpec, text: str) -> float:
    """1 and more: all telling words of the name, or several of the description, were said."""
    said, name, described = _stems(text.lower()), _stems(tool.name), _stems(tool.description)
    by_name = len(said & name) / len(name) if name else 0.0
    return by_name + len(said & described) / 3


def _filled(tool: ToolSpec, text: str, given: dict[str, str]) -> Asked:
    values: dict[str, object] = {}
    needed = required(tool)
    for name, schema in properties(tool).items():
        value = _value(schema, given.get(name, ""), text, name in needed)
        if value is not None:
            values[name] = value
    missing = next((name for name in needed if name not in values), "")
    return Asked(tool, Call(tool.name, json.dumps(values, ensure_ascii=False)), missing)


def _value(schema: Schema, given: str, text: str, needed: bool) -> object | None:
    """A value of the schema's type out of the words; None when they hold none."""
    allowed = schema.get("enum")
    if isinstance(allowed, list) and allowed:
        return chosen(allowed, given or text)
    kind = schema.get("type", "string")
    if kind in {"integer", "number"}:
        number = _NUMBER.search(given or text)
        if number is None:
            return None
        return round(float(number[0])) if kind == "integer" else float(number[0])
    if kind == "boolean":
        return (
            not re.search(r"\b(?:no|not|don't|without|off)\b", given or text, re.IGNORECASE)
            if needed
            else None
        )
    if kind != "string":
        return None
    return words.clean(given) or (_named(text) if needed else None)


def _named(text: str) -> str | None:
    """The thing that a sentence is about: quoted, or a proper name, or what follows `in`, `for`, `about`."""
    for pattern in (_QUOTED, _AFTER):
        found = [words.clean(match[1]) for match in pattern.finditer(text)]
        found = [value for value in found if _stems(value)]
        named = [value for value in found if value[:1].isupper()] or found
        if named:
            return re.sub(r"\s+(?:today|tomorrow|now|please|right now)$", "", named[-1], flags=re.IGNORECASE)
    proper = _PROPER.findall(text)
    return words.clean(proper[-1]) if proper else None
