"""The one owner task of a session: an inbox in, commands out.

Events of all kinds land in the inbox and go, one after the other, through the conversation machine;
what it commands is carried out here, on the Floor, the Lines and the jobs. Audio does not pass
through the inbox: a Line's audio goes straight into the turn's Lane.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence

from orchestration import captions, events, notices
from orchestration.acts import instructions
from orchestration.conversation import Conversation
from orchestration.events import Command, Event, ToolCall
from orchestration.personas import Cast, line_config
from orchestration.ports import (
    Floor,
    Jobs,
    Lane,
    Line,
    LineConfig,
    LineFactory,
    Publish,
    ResponseRequest,
)
from orchestration.reach import Reach
from orchestration.tools import offered
from orchestration.transcript import HUMAN
from orchestration.usage import Usage
from orchestration.workflow import Workflow

log = logging.getLogger(__name__)

LISTENER = "listener"
SAMPLES_PER_MS = 24
MAX_TOKENS = 1024
"""Of one turn, where the persona names no limit of its own."""


class SpokenTurn:
    """What the Director holds of one turn: who generates it, its Lane, its words, when it sounded."""

    def __init__(self, turn: str, speaker: str, lane: Lane, requested_at: float) -> None:
        self.turn = turn
        self.speaker = speaker
        self.lane = lane
        self.requested_at = requested_at
        self.first_audio_at: float | None = None
        self.given_at: float | None = None
        self.pause_ms = 0
        self.rtp_timestamp: int | None = None
        self.words = captions.TurnWords()
        self.whole = False

    def captions(self) -> list[notices.Caption]:
        """The sentences that can be told now: none before the turn sounds."""
        if self.rtp_timestamp is None:
            return []
        return [
            captions.caption(self.turn, self.speaker, words, self.lane.trimmed_ms, self.rtp_timestamp)
            for words in self.words.sentences(self.whole)
        ]

    def metrics(self) -> notices.TurnMetrics:
        first = self.first_audio_at
        given = self.given_at
        return notices.TurnMetrics(
            self.turn,
            self.speaker,
            -1 if first is None else round((first - self.requested_at) * 1000),
            -1 if first is None or given is None else max(0, round((given - first) * 1000)),
            self.pause_ms,
        )


class Director:
    """Owns one session's conversation. `run` is its task; everything else may be called on the same loop."""

    def __init__(
        self,
        *,
        floor: Floor,
        open_line: LineFactory,
        jobs: Jobs,
        publish: Publish,
        cast: Cast,
        workflow: Workflow,
        given_answers: Sequence[str] = (),
        clock: Callable[[], float],
    ) -> None:
        self.conversation = Conversation(workflow, cast.titles(), given_answers)
        self._floor = floor
        self._jobs = jobs
        self._publish = publish
        self._clock = clock
        self._inbox: asyncio.Queue[Event] = asyncio.Queue()
        self._reach = Reach()
        self.usage = Usage()
        """What the session's responses used so far, of all Lines."""
        self._confirmed_rtp_timestamp: int | None = None
        """While nobody hears: the last RTP time that the page had played."""
        self._turns: dict[str, SpokenTurn] = {}
        self._max_tokens = {
            p.id: round(p.limits.get("max_response_tokens", MAX_TOKENS)) for p in cast.values()
        }
        speakers = workflow.speakers()
        self._lines: dict[str, Line] = {
            persona.id: open_line(line_config(persona, cast), self)
            for persona in cast.values()
            if persona.id in speakers
        }
        self._listener = open_line(LineConfig(LISTENER, "Transcribe what the human says.", None), self)

    # ------------------------------------------------------------------ the inbox

    def post(self, event: Event) -> None:
        """Let the conversation know what happened. Never blocks."""
        if isinstance(event, events.ListenerLost):
            self._confirmed_rtp_timestamp = event.confirmed_rtp_timestamp
        elif isinstance(event, events.ListenerArrived):
            self._confirmed_rtp_timestamp = None
        self._inbox.put_nowait(event)

    def hear(self, pcm: bytes) -> None:
        """Microphone audio, PCM16 24 kHz mono, for the listening Line alone."""
        self._listener.hear(pcm)

    async def run(self) -> str:
        """Hold the conversation to its end; returns `completed` or `stopped`. Closes all Lines."""
        try:
            await self._open_lines()
            while not self.conversation.end_state:
                event = await self._next_event()
                for command in self.conversation.receive(event, self._clock()):
                    self._carry_out(command)
            return self.conversation.end_state
        finally:
            await asyncio.gather(*(line.close() for line in self._all_lines()), return_exceptions=True)

    def _all_lines(self) -> list[Line]:
        return [*self._lines.values(), self._listener]

    async def _open_lines(self) -> None:
        """Open all Lines in parallel; one that fails is told to the page, it goes on trying by itself."""
        names = [*self._lines, LISTENER]
        outcomes = await asyncio.gather(*(line.open() for line in self._all_lines()), return_exceptions=True)
        for name, outcome in zip(names, outcomes, strict=True):
            if isinstance(outcome, Exception):
                self.line_lost(name, "connect_failed")
            elif isinstance(outcome, BaseException):
                raise outcome

    async def _next_event(self) -> Event:
        deadline = self.conversation.deadline()
        if deadline is None:
            return await self._inbox.get()
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clock())):
                return await self._inbox.get()
        except TimeoutError:
            return events.TimePassed()

    # ------------------------------------------------------------------ commands

    def _carry_out(self, command: Command) -> None:  # noqa: C901 - one arm a command, nothing nested
        """One command, one call; the order of the commands is the order of the calls."""
        match command:
            case events.Speak():
                self._speak(command)
            case events.Give():
                self._give(command)
            case events.Duck():
                self._floor.duck()
            case events.Restore():
                self._floor.restore()
            case events.Cut():
                self._floor.cut()
            case events.Discard():
                self._discard(command)
            case events.Close():
                self._turns[command.turn].lane.finish()
            case events.Truncate():
                self._truncate(command)
            case events.Share():
                self._share(command)
            case events.AnswerTool():
                self._lines[command.speaker].answer_tool(command.call, command.output)
            case events.StartJob():
                self._jobs.start(command.job, command.kind, command.payload)
            case events.CancelJob():
                self._jobs.cancel(command.job)
            case events.Hold():
                self._floor.hold()
            case events.Resume():
                self._floor.resume()
            case events.CommitSpeech():
                self._listener.commit()
            case events.Tell():
                self._tell(command.notice)
            case events.End():
                log.info("conversation ended", extra={"state": command.state})

    def _speak(self, command: events.Speak) -> None:
        line = self._lines[command.speaker]
        lane = self._floor.lane(command.turn)
        self._turns[command.turn] = SpokenTurn(command.turn, command.speaker, lane, self._clock())
        for kind, fact in command.context.items():
            line.add_context("system", f"{kind}: {json.dumps(fact, ensure_ascii=False)}")
        line.respond(
            ResponseRequest(
                turn=command.turn,
                act=command.act,
                instructions=instructions(command.act),
                tools=offered(command.tools, command.speakers),
                max_output_tokens=self._max_tokens[command.speaker],
            )
        )

    def _tell(self, notice: notices.Notice) -> None:
        """A turn's captions follow its start."""
        self._publish(notice)
        if isinstance(notice, notices.TurnStarted):
            spoken = self._turns.get(notice.turn)
            if spoken is not None:
                spoken.rtp_timestamp = notice.rtp_timestamp
                self._tell_captions(spoken)

    def _give(self, command: events.Give) -> None:
        turn = self._turns[command.turn]
        turn.given_at = self._clock()
        turn.pause_ms = command.pause_ms
        self._floor.give(command.turn, command.pause_ms)

    def _discard(self, command: events.Discard) -> None:
        turn = self._turns.pop(command.turn, None)
        if turn is not None:
            self._lines[turn.speaker].cancel(command.turn)
            self._lines[turn.speaker].forget(command.turn)
        self._floor.discard(command.turn)

    def _truncate(self, command: events.Truncate) -> None:
        turn = self._turns.get(command.turn)
        if turn is not None:
            self._lines[turn.speaker].cancel(command.turn)
            self._lines[turn.speaker].truncate(command.turn, command.source_ms)

    def _share(self, command: events.Share) -> None:
        name = "Human" if command.speaker == HUMAN else command.speaker.capitalize()
        for speaker, line in self._lines.items():
            if speaker != command.speaker:
                line.add_context("user", f"[{name}]: {command.text}")

    # ------------------------------------------------------------------ what the Floor reports

    def playout_started(self, turn: str, rtp_timestamp: int) -> None:
        self.post(events.PlayoutStarted(turn, rtp_timestamp))

    def playout_finished(self, turn: str, sent_ms: int) -> None:
        self.post(events.PlayoutFinished(turn, sent_ms))
        self._measure(turn)

    def playout_interrupted(self, turn: str, sent_ms: int, source_ms: int) -> None:
        spoken = self._turns.get(turn)
        if spoken is not None and self._confirmed_rtp_timestamp is not None:
            sent_ms = min(sent_ms, self._confirmed_ms(turn, self._confirmed_rtp_timestamp))
            source_ms = min(source_ms, spoken.lane.trimmed_ms + sent_ms)
        heard = spoken.words.heard(source_ms) if spoken is not None else ""
        self.post(events.PlayoutInterrupted(turn, sent_ms, source_ms, heard))
        self._measure(turn)

    def _confirmed_ms(self, turn: str, rtp_timestamp: int) -> int:
        """How much of the turn surely reached a listener who is gone; 0 when none of it did."""
        sample = self._floor.sent_at(rtp_timestamp)
        return sample.source // SAMPLES_PER_MS if sample is not None and sample.turn == turn else 0

    def _measure(self, turn: str) -> None:
        spoken = self._turns.get(turn)
        if spoken is not None:
            self._publish(spoken.metrics())

    # ------------------------------------------------------------------ what a Line reports (LineListener)

    def audio_received(self, turn: str, pcm: bytes) -> None:
        spoken = self._turns.get(turn)
        if spoken is not None:
            if spoken.first_audio_at is None:
                spoken.first_audio_at = self._clock()
            spoken.lane.put(pcm)

    def word_received(self, turn: str, text: str, audio_ms: int | None) -> None:
        spoken = self._turns.get(turn)
        if spoken is not None:
            spoken.words.add(text, audio_ms)
            self._tell_captions(spoken)

    def _tell_captions(self, spoken: SpokenTurn) -> None:
        for caption in spoken.captions():
            self._publish(caption)

    def response_finished(self, turn: str, text: str, calls: tuple[ToolCall, ...]) -> None:
        spoken = self._turns.get(turn)
        if spoken is None:
            return
        spoken.whole = True
        spoken.lane.finish()
        self._tell_captions(spoken)
        self.post(events.ResponseFinished(turn, text, calls))

    def response_failed(self, turn: str, code: str, retryable: bool) -> None:
        log.warning("response failed", extra={"turn": turn, "code": code})
        self.post(events.ResponseFailed(turn, code, retryable))

    def speech_started(self, item: str) -> None:
        self.post(events.SpeechStarted(item))

    def speech_stopped(self, item: str) -> None:
        self.post(events.SpeechStopped(item))

    def human_said(self, item: str, text: str, confidence: float) -> None:
        self.post(events.HumanSaid(text, item=item, confidence=confidence))

    def transcription_failed(self, item: str) -> None:
        self.post(events.TranscriptionFailed(item))

    def line_lost(self, name: str, code: str) -> None:
        log.warning("line lost", extra={"line": name, "code": code})
        for notice in self._reach.lost(name):
            self._publish(notice)

    def line_restored(self, name: str) -> None:
        log.info("line restored", extra={"line": name})
        for notice in self._reach.restored(name):
            self._publish(notice)

    def usage_reported(self, name: str, usage: Usage) -> None:
        self.usage += usage

    # ------------------------------------------------------------------ what a job reports

    def job_event(self, event: events.JobProgressed | events.JobFinished | events.JobFailed) -> None:
        self.post(event)
