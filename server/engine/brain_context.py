"""What the conversation holds, read once: facts, what was heard, what came of function calls."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.engine.brain_types import Item

Facts = Mapping[str, object]

_FACT = re.compile(r"^\s*([a-z_]{2,20}):\s*(\{.*)$", re.DOTALL)
_HEARD = re.compile(r"^\s*\[([^\]]{1,40})\]:\s*(.*)$", re.DOTALL)
_SELF = re.compile(
    r"\b[Yy]ou are (?:called |named )?([A-Z][\w'-]{1,20})\b(?:,? (?:the |an? )([^.,\n]{2,60}?))?"
    r"(?: of |[.,;!\n]|$)|\b[Yy]our name is ([A-Z][\w'-]{1,20})"
)
_HUMAN = "human"
_NO_FACTS: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody else said. `speaker` is lower case; the human is `human`."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Output:
    """The result of a function call; `result` is empty when it was no JSON object."""

    tool: str
    result: Facts
    text: str


@dataclass(frozen=True, slots=True)
class Context:
    """`me` and `title` come from the session's instructions ("You are Maya, the market researcher of …")."""

    me: str = ""
    title: str = ""
    facts: Mapping[str, Facts] = field(default_factory=dict)
    heard: tuple[Heard, ...] = ()
    said: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()

    def fact(self, kind: str) -> Facts:
        """The latest fact of this kind, empty if there is none."""
        return self.facts.get(kind, _NO_FACTS)

    @property
    def human(self) -> str:
        """The human's last words."""
        return next((heard.text for heard in reversed(self.heard) if heard.speaker == _HUMAN), "")

    def output(self, tool: str) -> Output | None:
        """The last result of `tool`; if none is known by that name, the last of a function that works."""
        by_name = [output for output in self.outputs if output.tool == tool]
        others = [output for output in self.outputs if output.tool != "select_next_speaker"]
        found = by_name or others
        return found[-1] if found else None


def read(items: Sequence[Item], session_instructions: str) -> Context:
    """Never raises: what cannot be read is left out."""
    facts: dict[str, Facts] = {}
    heard: list[Heard] = []
    said: list[str] = []
    outputs: list[Output] = []
    tools = {item.call_id: item.name for item in items if item.kind == "function_call"}
    for item in items:
        if item.kind == "function_call_output":
            outputs.append(Output(tools.get(item.call_id, ""), parsed(item.output), item.output))
        elif item.kind == "message" and item.role == "system" and (match := _FACT.match(item.text)):
            facts[match[1]] = parsed(match[2])
        elif item.kind == "message" and item.role == "user":
            heard.append(_heard(item.text))
        elif item.kind == "message" and item.role == "assistant":
            said.append(item.text)
    match = _SELF.search(session_instructions)
    me, title = (match[1] or match[3], (match[2] or "").strip()) if match else ("", "")
    return Context(me, title, facts, tuple(heard), tuple(said), tuple(outputs))


def parsed(text: str) -> Facts:
    """A JSON object, or nothing."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _NO_FACTS
    return {str(key): part for key, part in value.items()} if isinstance(value, dict) else _NO_FACTS


def string(facts: Facts, key: str) -> str:
    """A text, or a number as text; "" for all else."""
    value = facts.get(key)
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def integer(facts: Facts, key: str) -> int:
    """A count: a number, or how many a list has; 0 for all else."""
    value = facts.get(key)
    if isinstance(value, list):
        return len(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 10**9:
        return 0
    return max(0, int(value))


def truth(facts: Facts, key: str) -> bool:
    """Yes, done: true, or a text or object that is not empty and does not say no."""
    value = facts.get(key)
    if isinstance(value, str):
        return value.strip().lower() not in {"", "no", "none", "false", "failed", "unknown", "cancelled"}
    return bool(value)


def objects(facts: Facts, key: str) -> tuple[Facts, ...]:
    """The objects in a list; texts become `{"title": text}`."""
    value = facts.get(key)
    if not isinstance(value, list):
        return ()
    found: list[Facts] = []
    for part in value:
        if isinstance(part, dict):
            found.append({str(name): inner for name, inner in part.items()})
        elif isinstance(part, str):
            found.append({"title": part})
    return tuple(found)


def nested(facts: Facts, key: str) -> Facts:
    value = facts.get(key)
    return {str(name): part for name, part in value.items()} if isinstance(value, dict) else _NO_FACTS


def _heard(text: str) -> Heard:
    match = _HEARD.match(text)
    return Heard(match[1].strip().lower(), match[2].strip()) if match else Heard(_HUMAN, text.strip())
