"""What the client is told of the human's words: deltas while they speak, then the final transcript."""

from __future__ import annotations

from collections.abc import Sequence

from server.engine.protocol_responses import Emit
from server.engine.protocol_validation import Json

_EVENT = "conversation.item.input_audio_transcription"


class Transcripts:
    """All items' transcripts of one session.

    The deltas of an item are words in order; together they are the final transcript, unless the recogniser
    changed its mind about a word that was told already. Then no more deltas come: `completed` is what holds.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._told: dict[str, tuple[str, ...]] = {}

    def growing(self, item_id: str, words: Sequence[str], index: int = 0) -> None:
        """What was understood so far; a delta for what is new."""
        told = self._told.get(item_id, ())
        new = tuple(words[len(told) :])
        if not new or tuple(words[: len(told)]) != told:
            return
        self._told[item_id] = told + new
        delta = " ".join(new)
        fields: Json = {"delta": f" {delta}" if told else delta}
        self._emit(f"{_EVENT}.delta", _at(item_id, index) | fields)

    def completed(
        self, item_id: str, words: Sequence[tuple[str, float]], seconds: float, index: int = 0
    ) -> None:
        """The final transcript of the part `index`: words with their natural-log probabilities."""
        self.growing(item_id, [word for word, _ in words], index)
        self._told.pop(item_id, None)
        fields: Json = {
            "transcript": " ".join(word for word, _ in words),
            "logprobs": [
                {"token": word, "bytes": list(word.encode()), "logprob": round(logprob, 4)}
                for word, logprob in words
            ],
            "usage": {"type": "duration", "seconds": round(seconds, 3)},
        }
        self._emit(f"{_EVENT}.completed", _at(item_id, index) | fields)

    def failed(self, item_id: str, code: str, message: str, index: int = 0) -> None:
        self._told.pop(item_id, None)
        error: Json = {"type": "transcription_error", "code": code, "message": message, "param": None}
        self._emit(f"{_EVENT}.failed", _at(item_id, index) | {"error": error})

    def forget(self, item_id: str) -> None:
        """The audio was thrown away: there will be no transcript."""
        self._told.pop(item_id, None)


def _at(item_id: str, index: int) -> Json:
    return {"item_id": item_id, "content_index": index}
