"""The pieces of a streamed answer, checked: the SDK hands on whatever a server sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk


@dataclass(frozen=True, slots=True)
class CallPiece:
    """More of the name and the arguments of one call."""

    index: int
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Piece:
    """More of the text and of the calls; `over` with the last one."""

    text: str = ""
    calls: tuple[CallPiece, ...] = ()
    over: bool = False

    @property
    def length(self) -> int:
        """In characters."""
        return len(self.text) + sum(len(call.name) + len(call.arguments) for call in self.calls)


def read(chunk: ChatCompletionChunk) -> Iterator[Piece]:
    """The pieces of the first choice. Raises TypeError or AttributeError where they have another shape."""
    for choice in chunk.choices[:1]:
        delta = choice.delta
        calls = tuple(_call(at, piece) for at, piece in enumerate(delta.tool_calls or ()))
        yield Piece(_text(delta.content), calls, bool(choice.finish_reason))


def _call(at: int, piece: object) -> CallPiece:
    """Some servers name no index, and some send the arguments as an object."""
    index, function = getattr(piece, "index", None), getattr(piece, "function", None)
    arguments: object = getattr(function, "arguments", None)
    if isinstance(arguments, dict):
        arguments = json.dumps(arguments)
    return CallPiece(
        index if isinstance(index, int) else at, _text(getattr(function, "name", None)), _text(arguments)
    )


def _text(value: object) -> str:
    """Text without halves of characters, which nobody after this could write down."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("text was expected")
    return value.encode("utf-8", "replace").decode()
