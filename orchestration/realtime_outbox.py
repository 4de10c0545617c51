"""Client events on their way out, each with an id by which the server's errors can be told apart."""

from __future__ import annotations

from orchestration.realtime_wire import JsonObject

_REMEMBERED = 256


class Outbox:
    """Nothing is queued while there is no socket: what matters then is replayed from memory."""

    def __init__(self) -> None:
        self.connected = False
        self._events: list[JsonObject] = []
        self._sent: dict[str, tuple[str, str]] = {}
        self._counter = 0

    def send(self, kind: str, event: JsonObject, turn: str = "") -> None:
        """Queue `event`; `kind` and `turn` come back from `subject_of` if the server rejects it."""
        if not self.connected:
            return
        event_id = f"event_{self.number()}"
        self._sent[event_id] = (kind, turn)
        if len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]
        self._events.append({"event_id": event_id, **event})

    def take(self) -> list[JsonObject]:
        """The events to send now, in order; each is returned once."""
        events, self._events = self._events, []
        return events

    def subject_of(self, event_id: str) -> tuple[str, str]:
        """Which kind of event, and of which turn, an error with this `event_id` is about."""
        return self._sent.pop(event_id, ("", ""))

    def disconnect(self) -> None:
        self.connected = False
        self._events.clear()
        self._sent.clear()

    def number(self) -> int:
        """A number that this Line has not used yet."""
        self._counter += 1
        return self._counter
