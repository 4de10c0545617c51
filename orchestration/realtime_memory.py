"""What a Line would have to tell a new session so that the model remembers: text items and calls, in order.

A reconnected socket is a new session (FACTS: nothing carries over, spoken items cannot be inserted), so
a persona's own turns are remembered as text, cut to what was heard.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from orchestration.events import ToolCall
from orchestration.realtime_wire import JsonObject, call_item, call_output_item, item_create, text_item


@dataclass(slots=True)
class Said:
    role: str
    text: str
    turn: str = ""


@dataclass(slots=True)
class Called:
    """A function call and, once it is known, its one answer."""

    turn: str
    call: ToolCall
    output: JsonObject | None = None
    output_item: str = ""


class Memory:
    """A bounded history; the oldest entries go first."""

    def __init__(self, limit: int = 200) -> None:
        self._limit = limit
        self._entries: list[Said | Called] = []

    def add(self, entry: Said | Called) -> None:
        self._entries.append(entry)
        if len(self._entries) > self._limit:
            self._entries.pop(0)

    def open_call(self, call: str) -> Called | None:
        """The call, if it is known and has no answer yet."""
        for entry in self._entries:
            if isinstance(entry, Called) and entry.call.call == call and entry.output is None:
                return entry
        return None

    def knows_call(self, call: str) -> bool:
        return any(isinstance(entry, Called) and entry.call.call == call for entry in self._entries)

    def cut(self, turn: str, heard: str) -> None:
        """What was said in the turn is now `heard`."""
        for entry in self._entries:
            if isinstance(entry, Said) and entry.turn == turn:
                entry.text = heard
        self._entries = [entry for entry in self._entries if isinstance(entry, Called) or entry.text]

    def forget(self, turn: str) -> list[str]:
        """Drop the turn; returns the ids of the answers to its calls that the server still holds."""
        gone = [entry for entry in self._entries if entry.turn == turn]
        self._entries = [entry for entry in self._entries if entry.turn != turn]
        return [entry.output_item for entry in gone if isinstance(entry, Called) and entry.output_item]

    def replay(self) -> list[JsonObject]:
        """The client events that rebuild the history in a fresh session."""
        events: list[JsonObject] = []
        for entry in self._entries:
            if isinstance(entry, Said):
                events.append(item_create(text_item(entry.role, entry.text)))
                continue
            arguments = json.dumps(entry.call.arguments, ensure_ascii=False)
            events.append(item_create(call_item(entry.call.call, entry.call.name, arguments)))
            if entry.output is not None:
                events.append(item_create(call_output_item(entry.output_item, entry.call.call, entry.output)))
        return events
