"""What the brain reads and what it gives back: the Realtime protocol's items, flattened to text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ItemKind = Literal["message", "function_call", "function_call_output"]


@dataclass(frozen=True, slots=True)
class Item:
    """One conversation item. Fields that its kind does not have are empty.

    `role` is user, assistant or system; `text` is the item's text or transcript; `arguments` and `output`
    are JSON as the protocol carries it.
    """

    kind: ItemKind = "message"
    role: str = ""
    text: str = ""
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function on offer; `parameters` is its JSON Schema (an object), already decoded."""

    name: str
    description: str = ""
    parameters: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class BrainRequest:
    """One response to make.

    `act` is `metadata.act` ("" for any other client). `after` (`metadata.after`) names the turn that broke
    off and that this response goes on with: the fact `said` holds its words. `tool_choice` is auto, none,
    required, or the name of the function that must be called.
    """

    session_instructions: str = ""
    instructions: str = ""
    act: str = ""
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = "auto"
    after: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A function call to make; `arguments` is a JSON object."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say (may be empty) and which functions to call, in this order."""

    text: str = ""
    calls: tuple[Call, ...] = ()


Part = str | Call
"""What a streamed reply consists of: text of a sentence or more, and function calls."""
