"""The client's side of the OpenAI Realtime protocol (GA), without input or output.

Intentions and received server events go in; client events (`data_to_send`) and outcomes come out. The
one invariant: at most one response is active on a session, told apart by `metadata.turn`; all others
wait here, also for one that somebody else started. The states of a turn are the table in
`realtime_turns`. Nothing here raises because of what a server sent, and nothing reads a clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from orchestration.brief import Expects
from orchestration.ports import LineConfig, ResponseRequest
from orchestration.realtime_hearing import HumanTurns
from orchestration.realtime_outbox import Outbox
from orchestration.realtime_outcomes import (
    AudioReceived,
    Complaint,
    ConfigurationRejected,
    Configured,
    HumanNotUnderstood,
    LineCode,
    LineError,
    Outcome,
    TurnFailed,
    UsageReported,
    WordReceived,
)
from orchestration.realtime_recall import Recall
from orchestration.realtime_strangers import Strangers
from orchestration.realtime_turns import Turn, TurnInput, TurnState
from orchestration.realtime_usage import usage_of
from orchestration.realtime_wire import (
    Hearing,
    JsonObject,
    audio_of,
    count_of,
    expectation_update,
    object_of,
    objects_of,
    patience_update,
    response_cancel,
    response_create,
    session_update,
    text_of,
)

__all__ = ["Hearing", "LineError", "RealtimeClient"]

_TURNS_KEPT = 64
_Handler = Callable[[JsonObject], list[Outcome]]


class RealtimeClient:
    """One Line's protocol state. It outlives its sockets: `connected` and `connection_lost` bound each."""

    def __init__(self, config: LineConfig, hearing: Hearing) -> None:
        self._config = config
        self._hearing = hearing
        self._with_logprobs = self._with_prompts = True
        self._outbox = Outbox()
        self._recall = Recall(self._outbox)
        self._turns: dict[str, Turn] = {}
        self._by_response: dict[str, Turn] = {}
        self._active: Turn | None = None
        self._waiting: deque[Turn] = deque()
        self._strangers = Strangers()
        self._human = HumanTurns()
        self._handlers = self._table()

    # ----------------------------------------------------------------------- the connection

    def connected(self) -> None:
        """A socket is open: configure the session and tell it what the last one knew."""
        self._outbox.connected = True
        self._configure()
        if self._config.expects:
            self._send_expectation()
        self._recall.replay()
        self._send_next()

    def connection_lost(self, give_up: bool = True) -> list[Outcome]:
        """The socket is gone, and with it the server's memory. The turn under way has failed.

        Turns that were not sent yet wait for the next socket; when there will be none soon (`give_up`)
        they have failed too.
        """
        self._outbox.disconnect()
        outcomes = self._human.lost()
        pending = [self._active] if self._active else []
        self._active = None
        self._strangers.lost()
        for turn in self._turns.values():
            for item in turn.items.values():
                item.deleted = True
        if give_up:
            pending += self._waiting
            self._waiting.clear()
        for turn in pending:
            wanted = turn.wanted or turn.state is TurnState.WAITING
            turn.step(TurnInput.LOST)
            self._recall.lost(turn)
            if wanted:
                outcomes.append(TurnFailed(turn.name, LineCode.LOST))
        self._by_response.clear()
        return outcomes

    def data_to_send(self) -> list[JsonObject]:
        """The client events to send now, in order; each is returned once."""
        return self._outbox.take()

    @property
    def idle(self) -> bool:
        """Whether a new session could begin now without anybody noticing."""
        return self._active is None and not self._waiting and self._human.idle

    # ----------------------------------------------------------------------- intentions

    def respond(self, request: ResponseRequest) -> bool:
        """Queue a response; False when the turn is already known (nothing happens)."""
        if request.turn in self._turns:
            return False
        turn = Turn(request)
        self._turns[turn.name] = turn
        self._waiting.append(turn)
        self._drop_old_turns()
        self._send_next()
        return True

    def cancel(self, name: str) -> None:
        turn = self._turns.get(name)
        if turn is None:
            return
        before = turn.state
        turn.step(TurnInput.CANCEL)
        if before is TurnState.WAITING:
            self._waiting.remove(turn)
        elif before is TurnState.RUNNING:
            self._outbox.send("cancel", response_cancel(turn.response), name)

    def truncate(self, name: str, audio_ms: int) -> None:
        """Cut the memory of the turn, now or as soon as its response has ended."""
        turn = self._turns.get(name)
        if turn is None or turn.forgotten:
            return
        if turn.over:
            self._recall.cut(turn, max(0, audio_ms))
        else:
            turn.cut_ms = max(0, audio_ms if turn.cut_ms is None else min(audio_ms, turn.cut_ms))

    def forget(self, name: str) -> None:
        """The turn was never heard: cancel what runs of it, delete what the session holds of it."""
        turn = self._turns.get(name)
        if turn is None:
            return
        turn.forgotten = True
        self.cancel(name)
        if turn.over:
            self._recall.delete(turn)

    def add_context(self, role: str, text: str) -> None:
        self._recall.add_text(role, text)

    def answer_tool(self, call: str, output: JsonObject) -> bool:
        """Answer a call; False when it is unknown, forgotten or was answered already."""
        return self._recall.answer(call, output)

    def commit(self) -> None:
        self._outbox.send("commit", {"type": "input_audio_buffer.commit"})

    def set_patience(self, silence_ms: int) -> None:
        """The human's turns end after so much silence, on this session and on those after it."""
        self._config = replace(self._config, silence_ms=silence_ms)
        self._outbox.send("patience", patience_update(self._hearing, silence_ms))

    def expect(self, what: Expects) -> None:
        """What the human's next words are likely to be, on this session and on those after it."""
        self._config = replace(self._config, expects=what)
        self._send_expectation()

    def _send_expectation(self) -> None:
        if self._with_prompts:
            self._outbox.send("expect", expectation_update(self._hearing, self._config.expects))

    # ----------------------------------------------------------------------- server events

    def receive(self, event: JsonObject) -> list[Outcome]:
        """One server event, parsed. Events of types that say nothing to us return nothing."""
        handler = self._handlers.get(text_of(event, "type"))
        return handler(event) if handler is not None else []

    def _table(self) -> dict[str, _Handler]:
        spoken = "response.output_audio_transcript"
        transcription = "conversation.item.input_audio_transcription"
        return {
            "session.updated": lambda event: [Configured()],
            "error": self._on_error,
            "response.created": self._on_created,
            "response.output_item.added": self._on_item,
            "response.output_item.done": self._on_item,
            "response.output_audio.delta": self._on_audio,
            f"{spoken}.delta": self._on_words,
            f"{spoken}.done": self._on_transcript,
            "response.output_text.delta": self._on_words,
            "response.output_text.done": self._on_transcript,
            "response.done": self._on_done,
            "input_audio_buffer.speech_started": self._human.started,
            "input_audio_buffer.speech_stopped": self._human.stopped,
            "input_audio_buffer.committed": self._human.committed,
            f"{transcription}.delta": self._human.heard_so_far,
            f"{transcription}.completed": self._human.transcribed,
            f"{transcription}.failed": self._human.not_transcribed,
        }

    def _on_created(self, event: JsonObject) -> list[Outcome]:
        response = object_of(event, "response")
        turn = self._active
        name = text_of(object_of(response, "metadata"), "turn")
        response_id = text_of(response, "id")
        if turn is None or turn.response or name != turn.name or not response_id:
            self._strangers.created(response)
            return [Complaint("response.created", "foreign")]
        turn.response = response_id
        self._by_response[turn.response] = turn
        turn.step(TurnInput.CREATED)
        if turn.state is TurnState.CANCELLING:
            self._outbox.send("cancel", response_cancel(turn.response), turn.name)
        return []

    def _on_item(self, event: JsonObject) -> list[Outcome]:
        turn = self._by_response.get(text_of(event, "response_id"))
        if turn is not None:
            turn.take_item(object_of(event, "item"))
        return []

    def _on_audio(self, event: JsonObject) -> list[Outcome]:
        turn = self._by_response.get(text_of(event, "response_id"))
        if turn is None or turn.over:
            return []
        item = turn.item(text_of(event, "item_id"))
        item.content_index = count_of(event, "content_index") or 0
        pcm = item.take_audio(audio_of(event))
        return [AudioReceived(turn.name, pcm)] if pcm and turn.wanted else []

    def _on_words(self, event: JsonObject) -> list[Outcome]:
        turn = self._by_response.get(text_of(event, "response_id"))
        text = text_of(event, "delta")
        if turn is None or turn.over or not text:
            return []
        item = turn.item(text_of(event, "item_id"))
        item.pieces.append(text)
        start = count_of(event, "audio_start_ms")
        audio_ms = None if start is None else turn.offset_ms(item.id) + start
        turn.starts.append((audio_ms, text))
        return [WordReceived(turn.name, text, audio_ms)] if turn.wanted else []

    def _on_transcript(self, event: JsonObject) -> list[Outcome]:
        turn = self._by_response.get(text_of(event, "response_id"))
        if turn is not None and not turn.over:
            item = turn.item(text_of(event, "item_id"))
            item.transcript = text_of(event, "transcript") or text_of(event, "text")
        return []

    def _on_done(self, event: JsonObject) -> list[Outcome]:
        response = object_of(event, "response")
        usage = usage_of(response)
        outcomes: list[Outcome] = [UsageReported(usage)] if usage is not None else []
        turn = self._by_response.pop(text_of(response, "id"), None)
        if turn is None:
            self._strangers.done(text_of(response, "id"))
            self._send_next()
            return [*outcomes, Complaint("response.done", "foreign")]
        for part in objects_of(response, "output"):
            turn.take_item(part)
        wanted, failure = turn.wanted, turn.failure(response)
        turn.step(TurnInput.BROKEN if failure else TurnInput.COMPLETED)
        outcomes += self._recall.conclude(turn, wanted, failure)
        self._release(turn)
        return outcomes

    def _on_error(self, event: JsonObject) -> list[Outcome]:
        error = object_of(event, "error")
        code = LineCode.of(text_of(error, "code"), text_of(error, "type"))
        kind, name = self._outbox.subject_of(text_of(error, "event_id"))
        if kind == "create":
            return self._rejected(self._turns.get(name), code)
        if kind == "configure":
            if self._config.voice is None and self._with_logprobs:
                # Not every transcription model offers log probabilities: do without.
                self._with_logprobs = False
                self._configure()
                return [Complaint("session.update", text_of(error, "code"))]
            return [ConfigurationRejected(code)]
        if kind == "commit":
            return [HumanNotUnderstood("")]
        if kind == "expect":
            self._with_prompts = False  # not every transcription model takes a prompt
        return [Complaint(kind or "error", text_of(error, "code"))]

    def _rejected(self, turn: Turn | None, code: LineCode) -> list[Outcome]:
        if turn is None or turn.over:
            return []
        wanted = turn.wanted
        if wanted and code is LineCode.BUSY and self._strangers.busy:
            # It was asked for before we knew of the stranger: once more, when that has ended.
            turn.step(TurnInput.BUSY)
            self._active = None
            self._waiting.appendleft(turn)
            return []
        turn.step(TurnInput.BROKEN)
        self._release(turn)
        return [TurnFailed(turn.name, code)] if wanted else []

    def _release(self, turn: Turn) -> None:
        if self._active is turn:
            self._active = None
        self._send_next()

    def _configure(self) -> None:
        event = session_update(self._config, self._hearing, self._with_logprobs)
        self._outbox.send("configure", event)

    def _send_next(self) -> None:
        free = self._active is None and not self._strangers.busy
        if self._outbox.connected and free and self._waiting:
            turn = self._active = self._waiting.popleft()
            turn.step(TurnInput.SEND)
            self._outbox.send("create", response_create(turn.request), turn.name)

    def _drop_old_turns(self) -> None:
        over = [name for name, turn in self._turns.items() if turn.over]
        for name in over[: max(0, len(self._turns) - _TURNS_KEPT)]:
            del self._turns[name]
