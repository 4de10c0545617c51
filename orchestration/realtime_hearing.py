"""The human's turns on the listening Line: started, stopped, understood or not, each item once.

Whoever listens is told a whole story for each item, also when the socket is lost in the middle of it.
"""

from __future__ import annotations

from orchestration.realtime_outcomes import (
    HumanHeardSoFar,
    HumanNotUnderstood,
    HumanStarted,
    HumanStopped,
    HumanUnderstood,
    Outcome,
)
from orchestration.realtime_wire import JsonObject, confidence_of, text_of


class HumanTurns:
    """Server events about the input audio buffer in, outcomes out."""

    def __init__(self) -> None:
        self._speaking = ""
        self._so_far = ""
        self._awaiting: list[str] = []
        self._names: dict[str, str] = {}
        """Committed item → the item that speech_started named, where a commit gave it another id."""

    @property
    def idle(self) -> bool:
        """Nobody speaks, and nothing that was said is still to be understood."""
        return not self._speaking and not self._awaiting

    def started(self, event: JsonObject) -> list[Outcome]:
        outcomes = self._stop()
        self._speaking = text_of(event, "item_id")
        self._so_far = ""
        outcomes.append(HumanStarted(self._speaking))
        return outcomes

    def stopped(self, event: JsonObject) -> list[Outcome]:
        del event
        return self._stop()

    def committed(self, event: JsonObject) -> list[Outcome]:
        """A commit ends a turn that the turn detection had not ended (push-to-talk)."""
        item = text_of(event, "item_id")
        if self._speaking:
            if item != self._speaking:
                self._names[item] = self._speaking
            return self._stop()
        if item not in self._awaiting:
            self._awaiting.append(item)
        return []

    def heard_so_far(self, event: JsonObject) -> list[Outcome]:
        """A delta of the transcript. Of a turn that is over, the whole is about to come."""
        item = text_of(event, "item_id")
        if not item or item != self._speaking:
            return []
        self._so_far += text_of(event, "delta")
        return [HumanHeardSoFar(item, self._so_far.strip())]

    def transcribed(self, event: JsonObject) -> list[Outcome]:
        item = self._settle(text_of(event, "item_id"))
        text = text_of(event, "transcript").strip()
        if not text:
            return [HumanNotUnderstood(item)]
        return [HumanUnderstood(item, text, confidence_of(event))]

    def not_transcribed(self, event: JsonObject) -> list[Outcome]:
        return [HumanNotUnderstood(self._settle(text_of(event, "item_id")))]

    def lost(self) -> list[Outcome]:
        """The socket is gone: what was under way will never be understood."""
        outcomes = self._stop()
        outcomes += [HumanNotUnderstood(item) for item in self._awaiting]
        self._awaiting.clear()
        self._names.clear()
        return outcomes

    def _stop(self) -> list[Outcome]:
        if not self._speaking:
            return []
        item, self._speaking = self._speaking, ""
        self._awaiting.append(item)
        return [HumanStopped(item)]

    def _settle(self, item: str) -> str:
        item = self._names.pop(item, item)
        if item in self._awaiting:
            self._awaiting.remove(item)
        return item
