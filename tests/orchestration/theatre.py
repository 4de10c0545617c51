"""A whole session in virtual time: voices, a Floor, jobs and a human that cost no real time.

The theatre carries the conversation's commands out in the simplest way that keeps the contract, on a
heap of things to come. A ten-minute session takes milliseconds.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from orchestration import events, notices
from orchestration.conversation import Conversation
from orchestration.events import Command, Event
from orchestration.personas import Cast, load
from orchestration.turn import Stage
from orchestration.workflow import MOENTREPRISE, Workflow

RESULTS: dict[str, dict[str, object]] = {
    "research": {"status": "done", "provider": "offline catalogue", "headline": "Bakers sell mornings."},
    "website": {"status": "built", "url": "/preview/x/", "pages": [{"title": "Home", "path": "index.html"}]},
    "post": {"status": "drafted", "text": "Fresh bread", "image": "post.png", "alt": "a card"},
    "publish": {"status": "draft", "url": "", "reason": "no LinkedIn account is connected"},
}
ANSWERS = ("Golden Crust", "bread and cakes", "families", "stone oven", "home and menu", "warm brown")
GENERATION_S = 0.1
TURN_S = 5.0
REST_S = 0.5
"""What had been received, but not heard, when a voice was lost."""


@dataclass(slots=True)
class Heard:
    """A turn that is on the Floor."""

    turn: str
    started_at: float


class Theatre:
    """`run` plays until nothing is left to come or `until` holds; `log` keeps what was commanded."""

    def __init__(
        self, workflow: Workflow = MOENTREPRISE, given: tuple[str, ...] = (), cast: Cast | None = None
    ) -> None:
        self.conversation = Conversation(workflow, (cast or load()).titles(), given)
        self.now = 0.0
        self.log: list[tuple[float, Command]] = []
        self.spoken: dict[str, events.Speak] = {}
        self.discarded: set[str] = set()
        self.broken: dict[str, str] = {}
        """What was said of the turns that broke off."""
        self.closed: set[str] = set()
        """Turns whose Lane holds no sound."""
        self.generated: set[str] = set()
        self.waiting: set[str] = set()
        """Turns that have the floor but no sound yet."""
        self.stalled: set[str] = set()
        """The acts whose generation never ends."""
        self.trickling = False
        """Turns are generated while they are heard, and not much sooner."""
        self.endless: set[str] = set()
        """The acts that sound, but whose generation does not end."""
        self.final_failures: set[str] = set()
        """The acts whose generation fails for good."""
        self.heard: Heard | None = None
        self.job_s = 2.0
        self.failing_jobs: set[str] = set()
        self.failing_voices: set[str] = set()
        self.forgetful = False
        """The model calls no tool by itself."""
        self.chooses: dict[str, str] = {}
        self.answers: list[str] = list(ANSWERS)
        self.human: Callable[[Theatre, Command], None] = answer_at_once
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    # ------------------------------------------------------------------ time

    def at(self, delay_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (self.now + delay_s, next(self._order), action))

    def later(self, delay_s: float, event: Event) -> None:
        self.at(delay_s, lambda: self.receive(event))

    def run(self, until: Callable[[], bool] = lambda: False, limit_s: float = 3600.0) -> None:
        while not until() and self.now < limit_s:
            deadline = self.conversation.deadline()
            if self._coming and (deadline is None or self._coming[0][0] <= deadline):
                self.now, _, action = heapq.heappop(self._coming)
                action()
            elif deadline is not None:
                self.now = max(self.now, deadline)
                self.receive(events.TimePassed())
            else:
                return

    def start(self) -> Theatre:
        self.receive(events.ListenerArrived())
        return self

    def play(self) -> Theatre:
        self.start().run()
        return self

    # ------------------------------------------------------------------ the world

    def receive(self, event: Event) -> None:
        for command in self.conversation.receive(event, self.now):
            self.log.append((self.now, command))
            self._carry_out(command)
            self.human(self, command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case events.Speak():
                self.spoken[command.turn] = command
                self.at(GENERATION_S, lambda: self._generated(command))
            case events.Give():
                self.at(GENERATION_S + command.pause_ms / 1000, lambda: self._sound(command.turn))
            case events.Discard():
                self.discarded.add(command.turn)
            case events.Close():
                self._close(command.turn)
            case events.Cut():
                self._cut()
            case events.StartJob():
                self.at(self.job_s, lambda: self._work_done(command))

    def _generated(self, speak: events.Speak) -> None:
        if speak.turn in self.discarded:
            return
        if speak.act in self.stalled:
            return
        if (speak.act in self.endless or self.trickling) and self.text(speak.turn):
            self._begin(speak.turn)
            return
        if speak.act in self.final_failures:
            self.receive(events.ResponseFailed(speak.turn, "content_filter", retryable=False))
            return
        if speak.speaker in self.failing_voices:
            self.receive(events.ResponseFailed(speak.turn, "server_error"))
            return
        self._finish(speak)
        self._begin(speak.turn)

    def _finish(self, speak: events.Speak) -> None:
        calls = self.calls(speak)
        self.receive(events.ResponseFinished(speak.turn, self.text(speak.turn), tuple(calls)))
        self._begin(speak.turn)

    def _trickled(self, turn: str) -> None:
        """The rest of a turn that is heard has come."""
        if self.heard is not None and self.heard.turn == turn and turn not in self.broken:
            self._finish(self.spoken[turn])

    def _begin(self, turn: str) -> None:
        self.generated.add(turn)
        if turn in self.waiting:
            self._sound(turn)

    def calls(self, speak: events.Speak) -> list[events.ToolCall]:
        """What the model calls in this turn."""
        calls = [] if self.forgetful else [events.ToolCall(f"call-{name}", name, {}) for name in speak.tools]
        if speak.speakers:
            chosen = self.chooses.get(speak.act, speak.speakers[0])
            calls.append(events.ToolCall("call-next", "select_next_speaker", {"speaker": chosen}))
        return calls

    def text(self, turn: str) -> str:
        """All that the turn says: of one that goes on with another, what that left unsaid."""
        speak = self.spoken[turn]
        words = f"{speak.speaker} says {speak.act} in ten words or maybe a few more".split()
        return " ".join(words[len(self._said(speak.after)) :])

    def _said(self, turn: str) -> list[str]:
        """The words of a turn that broke off, after those of the turn that it went on with."""
        before = self._said(self.spoken[turn].after) if turn else []
        return [*before, *self.broken.get(turn, "").split()]

    def _close(self, turn: str) -> None:
        """What is there of a turn that is heard goes on for a moment; of any other nothing is there."""
        heard = self.heard
        if heard is None or heard.turn != turn:
            self.closed.add(turn)
            return
        end_s = self.now - heard.started_at + REST_S
        words = self.text(turn).split()
        self.broken[turn] = " ".join(words[: round(len(words) * end_s / TURN_S)])
        self.at(REST_S, lambda: self._ended(turn))

    def _sound(self, turn: str) -> None:
        if turn in self.discarded:
            return
        if turn not in self.generated | self.closed:
            self.waiting.add(turn)
            return
        if turn in self.closed or not self.text(turn):
            self.receive(events.PlayoutFinished(turn, 0))
            return
        self.heard = Heard(turn, self.now)
        self.at(TURN_S, lambda: self._ended(turn))
        if self.trickling and self.spoken[turn].act not in self.endless:
            self.at(TURN_S - REST_S, lambda: self._trickled(turn))
        self.receive(events.PlayoutStarted(turn, round(self.now * 48000)))

    def _ended(self, turn: str) -> None:
        if self.heard is not None and self.heard.turn == turn:
            sent_ms = round((self.now - self.heard.started_at) * 1000)
            self.heard = None
            words = tuple(notices.Word(word, 0, 0) for word in self.broken.get(turn, "").split())
            self.receive(events.PlayoutFinished(turn, sent_ms, words))

    def _cut(self) -> None:
        heard, self.heard = self.heard, None
        if heard is None:
            return
        sent_ms = round((self.now - heard.started_at) * 1000)
        words = self.text(heard.turn).split()
        text = " ".join(words[: round(len(words) * sent_ms / TURN_S / 1000)])
        self.later(0.02, events.PlayoutInterrupted(heard.turn, sent_ms, sent_ms, text))

    def _work_done(self, command: events.StartJob) -> None:
        if command.kind in self.failing_jobs:
            self.receive(events.JobFailed(command.job, command.kind, "crashed", "the worker crashed"))
        else:
            self.receive(events.JobFinished(command.job, command.kind, RESULTS[command.kind]))

    # ------------------------------------------------------------------ the human

    def say(
        self,
        text: str,
        delay_s: float = 0.5,
        length_s: float = 2.0,
        confidence: float = 0.9,
        patience_s: float = 0.0,
    ) -> None:
        """Speak: onset, end, transcript. `patience_s` is how long after the sound the turn ends."""
        item = f"item{next(self._order)}"
        self.later(max(0.0, delay_s - 0.05), events.SoundHeard())
        self.later(delay_s, events.SpeechStarted(item))
        self.later(delay_s + length_s, events.SoundStopped(self.now + delay_s + length_s))
        over_s = delay_s + length_s + patience_s
        self.later(over_s, events.SpeechStopped(item))
        self.later(over_s + 0.1, events.HumanSaid(text, item=item, confidence=confidence))

    # ------------------------------------------------------------------ what came of it

    def commands(self, kind: type[Command]) -> list[Command]:
        return [command for _, command in self.log if isinstance(command, kind)]

    def told(self, kind: type[notices.Notice]) -> list[notices.Notice]:
        told = (command.notice for _, command in self.log if isinstance(command, events.Tell))
        return [notice for notice in told if isinstance(notice, kind)]

    def acts(self) -> list[str]:
        """`speaker act` of every turn that sounded, in order."""
        started = [
            notice for notice in self.told(notices.TurnStarted) if isinstance(notice, notices.TurnStarted)
        ]
        return [f"{notice.speaker} {notice.act}" for notice in started]

    def phases(self) -> list[str]:
        return [
            notice.phase
            for notice in self.told(notices.PhaseEntered)
            if isinstance(notice, notices.PhaseEntered)
        ]


def answer_at_once(theatre: Theatre, command: Command) -> None:
    """A cooperative human: answers each question, approves the post."""
    if not isinstance(command, events.Tell):
        return
    match command.notice:
        case notices.HumanListening(listening=True) if theatre.conversation.showing is not None:
            theatre.say("I like it", length_s=0.8)
        case notices.HumanListening(listening=True) if theatre.answers:
            theatre.say(theatre.answers.pop(0))
        case notices.ApprovalRequested(approval=approval):
            theatre.later(8.0, events.ApprovalDecided(approval, events.Decision.APPROVE))


def approve_only(theatre: Theatre, command: Command) -> None:
    """A human who never speaks, but taps."""
    if isinstance(command, events.Tell) and isinstance(command.notice, notices.ApprovalRequested):
        theatre.later(8.0, events.ApprovalDecided(command.notice.approval, events.Decision.APPROVE))


def silent(theatre: Theatre, command: Command) -> None:
    """A human who does nothing."""


def in_stage(theatre: Theatre, stage: Stage) -> Callable[[], bool]:
    return lambda: theatre.conversation.stage is stage
