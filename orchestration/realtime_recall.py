"""Keeping the model's memory true to what was heard: truncations, deletions, and one answer per call."""

from __future__ import annotations

from orchestration.events import ToolCall
from orchestration.realtime_memory import Called, Memory, Said
from orchestration.realtime_outbox import Outbox
from orchestration.realtime_outcomes import LineCode, Outcome, TurnFailed, TurnFinished
from orchestration.realtime_tools import InvalidArguments, parse_arguments
from orchestration.realtime_turns import Item, Turn
from orchestration.realtime_wire import JsonObject, item_delete, item_truncate


class Recall:
    """What the session remembers, on the server and here for the next socket."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._memory = Memory(outbox.number)

    def replay(self) -> None:
        """Tell a fresh session what the last one knew."""
        for event in self._memory.replay():
            self._outbox.send("item", event)

    def add_text(self, role: str, text: str) -> None:
        self._outbox.send("item", self._memory.say(role, text))

    def remember(self, turn: Turn) -> None:
        """Keep what the turn said so far, as text."""
        if turn.text and not turn.forgotten:
            self._memory.add(Said("assistant", turn.text, turn.name))

    def lost(self, turn: Turn) -> None:
        """The response went with its socket: what it said so far is remembered, as far as it was heard."""
        self.remember(turn)
        if turn.cut_ms is not None:
            self.cut(turn, turn.cut_ms)

    def conclude(self, turn: Turn, wanted: bool, failure: LineCode | None) -> list[Outcome]:
        """What the end of the response means: a delivered turn, a failure, or a memory to tidy up."""
        if turn.forgotten:
            self.delete(turn)
            return []
        self.remember(turn)
        outcomes: list[Outcome] = []
        if not wanted or failure is not None:
            # Calls of a turn that was not delivered are never answered: the model must not wait for them.
            self._delete_items([item for item in turn.items.values() if item.kind == "function_call"])
            if wanted and failure is not None:
                outcomes.append(TurnFailed(turn.name, failure))
        else:
            outcomes.append(self._deliver(turn))
        if turn.cut_ms is not None:
            self.cut(turn, turn.cut_ms)
        return outcomes

    def cut(self, turn: Turn, audio_ms: int) -> None:
        """Truncate the item that holds `audio_ms` of the turn's audio and delete the ones after it."""
        if turn.delivered and audio_ms >= turn.audio_ms:
            return
        audio_ms = min(audio_ms, turn.audio_ms)
        for event in self._memory.cut(turn.name, turn.heard_text(audio_ms)):
            self._outbox.send("cut", event, turn.name)
        for item in [item for item in turn.items.values() if item.samples]:
            keep_ms = audio_ms - turn.offset_ms(item.id)
            if keep_ms <= 0:
                self._delete_items([item])
            elif keep_ms < item.audio_ms and not item.deleted:
                event = item_truncate(item.id, item.content_index, keep_ms)
                self._outbox.send("truncate", event, turn.name)
        turn.shorten(audio_ms)

    def delete(self, turn: Turn) -> None:
        """Drop all that the session holds of the turn, its calls and their answers included."""
        self._delete_items(list(turn.items.values()))
        for event in self._memory.forget(turn.name):
            self._outbox.send("delete", event, turn.name)

    def answer(self, call: str, output: JsonObject) -> bool:
        """Answer an open call; False when it is unknown, forgotten or was answered already."""
        called = self._memory.open_call(call)
        if called is None:
            return False
        self._outbox.send("item", self._memory.answer(called, output))
        return True

    def _deliver(self, turn: Turn) -> Outcome:
        calls = self._calls(turn)
        if not (turn.text or turn.audio_ms or calls or turn.request.after):
            return TurnFailed(turn.name, LineCode.SERVER)
        return TurnFinished(turn.name, turn.text, calls)

    def _calls(self, turn: Turn) -> tuple[ToolCall, ...]:
        """The turn's valid calls, each once; the model is told about the others."""
        tools = {tool.name: tool for tool in turn.request.tools}
        calls = []
        for item in turn.items.values():
            if not (item.kind == "function_call" and item.complete) or self._memory.knows_call(item.call):
                continue
            try:
                arguments = parse_arguments(tools.get(item.name), item.arguments)
            except InvalidArguments as error:
                self._memory.add(Called(turn.name, ToolCall(item.call, item.name)))
                self.answer(item.call, {"status": "failed", "reason": str(error)})
                continue
            call = ToolCall(item.call, item.name, arguments)
            self._memory.add(Called(turn.name, call))
            calls.append(call)
        return tuple(calls)

    def _delete_items(self, items: list[Item]) -> None:
        for item in items:
            if not item.deleted:
                item.deleted = True
                self._outbox.send("delete", item_delete(item.id))
