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

from orchestration import events, notices
from orchestration.acts import instructions
from orchestration.breakoff import break_off
from orchestration.conversation import Conversation
from orchestration.events import Command, Event, Measured, ToolCall
from orchestration.personas import Cast, line_config
from orchestration.ports import (
    Floor,
    Jobs,
    Line,
    LineConfig,
    LineFactory,
    Publish,
    ResponseRequest,
)
from orchestration.reach import Reach
from orchestration.spoken import SpokenTurn
from orchestration.tools import offered
from orchestration.usage import Usage
from orchestration.waterfall import Ear, Moments, rtp_since
from orchestration.workflow import Workflow

log = logging.getLogger(__name__)

LISTENER = "listener"
SAMPLES_PER_MS = 24
MAX_TOKENS = 1024
"""Of one turn, where the persona names no limit of its own."""


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
        self._sounding: SpokenTurn | None = None
        """The turn that began to sound last, while its waterfall has not been told."""
        self._names = {p.id: p.name for p in cast.values()}
        self._max_tokens = {
            p.id: round(p.limits.get("max_response_tokens", MAX_TOKENS)) for p in cast.values()
        }
        speakers = workflow.speakers()
        self._lines: dict[str, Line] = {
            persona.id: open_line(line_config(persona, cast), self)
            for persona in cast.values()
            if persona.id in speakers
        }
        listening = LineConfig(LISTENER, "Transcribe what the human says.", None)
        self._listener = open_line(listening, self)
        self._moments = Moments(listening.silence_ms / 1000)
        self._ear = Ear()

    # ------------------------------------------------------------------ the inbox

    def post(self, event: Event | Measured) -> None:
        """Let the conversation know what happened; what is only measured stays here. Never blocks."""
        if isinstance(event, events.PlayoutReported):
            self._reported(event)
        else:
            self._note(event)
            self._inbox.put_nowait(event)

    def _note(self, event: Event) -> None:
        """Keep what the figures, and what was heard, need of an event."""
        match event:
            case events.ListenerLost(confirmed_rtp_timestamp):
                self._confirmed_rtp_timestamp = confirmed_rtp_timestamp
                self._ear.forget()
            case events.ListenerArrived():
                self._confirmed_rtp_timestamp = None
                self._moments.arrived(self._clock())
            case events.SoundHeard():
                self._moments.sound_began()
            case events.SoundStopped(at):
                self._moments.sound_ended(at)
            case events.PushToTalk(down=False):
                self._moments.key_released(self._clock())
            case events.HumanSaid(typed=True):
                self._moments.typed(self._clock())
            case _:
                pass

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
                self._close(command)
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
            case events.SetPatience():
                self._moments.patience_s = command.silence_ms / 1000
                self._listener.set_patience(command.silence_ms)
            case events.Expect():
                self._listener.expect(command.what)
            case events.Tell():
                self._tell(command.notice)
            case events.End():
                log.info("conversation ended", extra={"state": command.state})

    def _speak(self, command: events.Speak) -> None:
        line = self._lines[command.speaker]
        lane = self._floor.lane(command.turn)
        spoken = SpokenTurn(command.turn, command.speaker, lane, self._clock())
        broken = self._turns.get(command.after)
        spoken.said_before = broken.said if broken is not None else ""
        self._turns[command.turn] = spoken
        after = command.after if spoken.said_before else ""
        said: dict[str, object] = {"said": {"text": spoken.said_before}} if after else {}
        for kind, fact in {**command.context, **said}.items():
            line.add_context("system", f"{kind}: {json.dumps(fact, ensure_ascii=False)}")
        line.respond(
            ResponseRequest(
                turn=command.turn,
                act=command.act,
                instructions=instructions(command.act, goes_on=bool(after)),
                tools=offered(command.tools, command.speakers),
                max_output_tokens=self._max_tokens[command.speaker],
                after=after,
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
        turn.origin = self._moments.origin(turn.requested_at)
        turn.pause_ms = command.pause_ms
        self._floor.give(command.turn, command.pause_ms)

    def _discard(self, command: events.Discard) -> None:
        turn = self._turns.pop(command.turn, None)
        if turn is not None:
            self._lines[turn.speaker].cancel(command.turn)
            self._lines[turn.speaker].forget(command.turn)
        self._floor.discard(command.turn)

    def _close(self, command: events.Close) -> None:
        """It ends with what was received, and so does the model's memory of it."""
        turn = self._turns[command.turn]
        self._lines[turn.speaker].cancel(command.turn)
        self._lines[turn.speaker].truncate(command.turn, break_off(turn))
        self._tell_captions(turn)

    def _truncate(self, command: events.Truncate) -> None:
        turn = self._turns.get(command.turn)
        if turn is not None:
            self._lines[turn.speaker].cancel(command.turn)
            self._lines[turn.speaker].truncate(command.turn, command.source_ms)

    def _share(self, command: events.Share) -> None:
        name = self._names.get(command.speaker, "Human")
        for speaker, line in self._lines.items():
            if speaker != command.speaker:
                line.add_context("user", f"[{name}]: {command.text}")

    # ------------------------------------------------------------------ what the Floor reports

    def playout_started(self, turn: str, rtp_timestamp: int) -> None:
        self.post(events.PlayoutStarted(turn, rtp_timestamp))
        self._moments.voice_began()
        spoken = self._sounding = self._turns.get(turn)
        if spoken is not None:
            spoken.first_rtp_timestamp = rtp_timestamp
            spoken.sent_at = self._floor.time_of(rtp_timestamp)

    def playout_finished(self, turn: str, sent_ms: int) -> None:
        spoken = self._turns.get(turn)
        words = spoken.timed(sent_ms, cut=False) if spoken is not None else ()
        self.post(events.PlayoutFinished(turn, sent_ms, words))
        self._ended(turn, sent_ms, cut=False)

    def playout_interrupted(self, turn: str, sent_ms: int, source_ms: int) -> None:
        spoken = self._turns.get(turn)
        if spoken is not None and self._confirmed_rtp_timestamp is not None:
            sent_ms = min(sent_ms, self._confirmed_ms(turn, self._confirmed_rtp_timestamp))
            source_ms = min(source_ms, spoken.lane.trimmed_ms + sent_ms)
        words = spoken.timed(sent_ms, cut=True) if spoken is not None else ()
        heard = spoken.words.heard(source_ms) if spoken is not None else ""
        self.post(events.PlayoutInterrupted(turn, sent_ms, source_ms, heard, words))
        self._ended(turn, sent_ms, cut=True)

    def _confirmed_ms(self, turn: str, rtp_timestamp: int) -> int:
        """How much of the turn surely reached a listener who is gone; 0 when none of it did."""
        sample = self._floor.sent_at(rtp_timestamp)
        return sample.source // SAMPLES_PER_MS if sample is not None and sample.turn == turn else 0

    def _ended(self, turn: str, sent_ms: int, cut: bool) -> None:
        spoken = self._turns.get(turn)
        if spoken is None:
            return
        now = self._clock()
        if spoken.sent_at is not None:
            # The last packet left now; its last audible sample may be some ms later.
            self._moments.voice_ended(max(now, spoken.sent_at + sent_ms / 1000), cut)
        if not spoken.measured:
            spoken.heard_after(self._ear.delay(now))
            self._measure(spoken)

    def _reported(self, report: events.PlayoutReported) -> None:
        """The page told what it hears: perhaps the turn whose first sound it was to report."""
        sent_at = self._floor.time_of(report.rtp_timestamp)
        delay_s = self._ear.reported(report, sent_at, self._clock())
        spoken = self._sounding
        if spoken is None or spoken.first_rtp_timestamp is None or delay_s is None:
            return
        if rtp_since(report.rtp_timestamp, spoken.first_rtp_timestamp) >= 0:
            spoken.heard_after(delay_s)
            self._measure(spoken)

    def _measure(self, spoken: SpokenTurn) -> None:
        """Tell the waterfall, once a turn."""
        spoken.measured = True
        if self._sounding is spoken:
            self._sounding = None
        self._publish(spoken.metrics())

    # ------------------------------------------------------------------ what a Line reports (LineListener)

    def audio_received(self, turn: str, pcm: bytes) -> None:
        spoken = self._turns.get(turn)
        if spoken is not None:
            spoken.put(pcm, self._clock())

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
        self._moments.speech_started(self._clock())
        self.post(events.SpeechStarted(item))

    def speech_stopped(self, item: str) -> None:
        self._moments.speech_stopped(item, self._clock())
        self.post(events.SpeechStopped(item))

    def words_heard(self, item: str, text: str) -> None:
        self.post(events.WordsHeard(item, text))

    def human_said(self, item: str, text: str, confidence: float) -> None:
        self._moments.said(item, self._clock())
        self.post(events.HumanSaid(text, item=item, confidence=confidence))

    def transcription_failed(self, item: str) -> None:
        self._moments.said(item, self._clock())
        self.post(events.TranscriptionFailed(item))

    def line_lost(self, name: str, code: str) -> None:
        log.warning("line lost", extra={"line": name, "code": code})
        for notice in self._reach.lost(name):
            self._publish(notice)
        if name != LISTENER:
            self.post(events.VoiceLost(name))

    def line_restored(self, name: str) -> None:
        log.info("line restored", extra={"line": name})
        for notice in self._reach.restored(name):
            self._publish(notice)
        if name != LISTENER:
            self.post(events.VoiceRestored(name))

    def usage_reported(self, name: str, usage: Usage) -> None:
        self.usage += usage

    # ------------------------------------------------------------------ what a job reports

    def job_event(self, event: events.JobProgressed | events.JobFinished | events.JobFailed) -> None:
        self.post(event)
