"""What a Line would have to tell a new session so that the model remembers: text items and calls, in order.

A reconnected socket is a new session (FACTS: nothing carries over, spoken items cannot be inserted), so
a persona's own turns are remembered as text, cut to what was heard. Items that we made ourselves carry ids
of ours: a turn that a session knows from its predecessor can still be cut or forgotten there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from orchestration.events import ToolCall
from orchestration.realtime_wire import (
    JsonObject,
    call_item,
    call_output_item,
    item_create,
    item_delete,
    text_item,
)


@dataclass(slots=True)
class Said:
    role: str
    text: str
    turn: str = ""
    item: str = ""
    """The item that we made for it in the present session; empty for what the session itself said."""


@dataclass(slots=True)
class Called:
    """A function call and, once it is known, its one answer."""

    turn: str
    call: ToolCall
    output: JsonObject | None = None
    output_item: str = ""
    item: str = ""


class Memory:
    """A bounded history; the oldest entries go first, but no call that still waits for its answer."""

    def __init__(self, number: Callable[[], int], limit: int = 200) -> None:
        self._number = number
        self._limit = limit
        self._entries: list[Said | Called] = []

    def say(self, role: str, text: str) -> JsonObject:
        """Remember a text; returns the client event that tells the present session."""
        said = Said(role, text, item=self._id("said"))
        self.add(said)
        return item_create(text_item(role, text, said.item))

    def add(self, entry: Said | Called) -> None:
        self._entries.append(entry)
        if len(self._entries) > self._limit:
            oldest = next((n for n, old in enumerate(self._entries) if not _is_open(old)), 0)
            del self._entries[oldest]

    def open_call(self, call: str) -> Called | None:
        """The call, if it is known and has no answer yet."""
        for entry in self._entries:
            if isinstance(entry, Called) and entry.call.call == call and entry.output is None:
                return entry
        return None

    def answer(self, called: Called, output: JsonObject) -> JsonObject:
        """Remember the answer; returns the client event that tells the present session."""
        called.output, called.output_item = output, self._id("output")
        return item_create(call_output_item(called.output_item, called.call.call, output))

    def knows_call(self, call: str) -> bool:
        return any(isinstance(entry, Called) and entry.call.call == call for entry in self._entries)

    def cut(self, turn: str, heard: str) -> list[JsonObject]:
        """What was said in the turn is now `heard`; returns what tells a session that knows it as text."""
        events: list[JsonObject] = []
        previous = "root"
        for entry in self._entries:
            if isinstance(entry, Said) and entry.turn == turn and entry.text != heard:
                entry.text = heard
                if entry.item:
                    events.append(item_delete(entry.item))
                    entry.item = self._id("said")
                    if heard:
                        events.append(item_create(text_item(entry.role, heard, entry.item), previous))
            # An answer may have come much later than its call: only the call's place is sure.
            previous = entry.item or previous
        self._entries = [entry for entry in self._entries if isinstance(entry, Called) or entry.text]
        return events

    def forget(self, turn: str) -> list[JsonObject]:
        """Drop the turn; returns what deletes the items that we made for it in the present session."""
        gone = [entry for entry in self._entries if entry.turn == turn]
        self._entries = [entry for entry in self._entries if entry.turn != turn]
        return [item_delete(item_id) for entry in gone for item_id in _items(entry)]

    def replay(self) -> list[JsonObject]:
        """The client events that rebuild the history in a fresh session."""
        events: list[JsonObject] = []
        for entry in self._entries:
            if isinstance(entry, Said):
                entry.item = self._id("said")
                events.append(item_create(text_item(entry.role, entry.text, entry.item)))
                continue
            entry.item = self._id("call")
            arguments = json.dumps(entry.call.arguments, ensure_ascii=False)
            events.append(item_create(call_item(entry.item, entry.call.call, entry.call.name, arguments)))
            if entry.output is not None:
                events.append(item_create(call_output_item(entry.output_item, entry.call.call, entry.output)))
        return events

    def _id(self, kind: str) -> str:
        return f"{kind}_{self._number()}"


def _is_open(entry: Said | Called) -> bool:
    return isinstance(entry, Called) and entry.output is None


def _items(entry: Said | Called) -> list[str]:
    """The items that we made for the entry, in order."""
    items = [entry.item, entry.output_item] if isinstance(entry, Called) else [entry.item]
    return [item for item in items if item]

