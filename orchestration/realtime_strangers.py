"""Responses that this Line did not ask for: nothing of them is delivered, and ours wait for them.

Ours are told apart by `metadata.turn`. Only one response at a time may write to the session's
conversation; one out of band (`conversation: "none"`, its `conversation_id` is null) runs beside it.
"""

from __future__ import annotations

from orchestration.realtime_wire import JsonObject, text_of


class Strangers:
    def __init__(self) -> None:
        self._in_conversation: set[str] = set()

    def created(self, response: JsonObject) -> None:
        out_of_band = "conversation_id" in response and response["conversation_id"] is None
        if text_of(response, "id") and not out_of_band:
            self._in_conversation.add(text_of(response, "id"))

    def done(self, response_id: str) -> None:
        self._in_conversation.discard(response_id)

    @property
    def busy(self) -> bool:
        """Whether one of them writes to the conversation now."""
        return bool(self._in_conversation)

    def lost(self) -> None:
        self._in_conversation.clear()
