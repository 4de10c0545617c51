"""Where a conversation stands, and the few moves that all its rules are made of. Pure.

One turn is heard at a time (`current`); while it is heard the next one is already being generated
(`prepared`), unheard. A turn that nobody heard counts for nothing and can be discarded; a turn that
was cut counts for what was heard.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from orchestration import events, facts, notices
from orchestration.brief import AnswerSource, AnswerStatus, Brief, Expects
from orchestration.events import Command
from orchestration.script import Cue, Script
from orchestration.timers import Timers
from orchestration.tools import WORK
from orchestration.transcript import Entry
from orchestration.turn import Overlap, Stage, Turn
from orchestration.work import Desk
from orchestration.workflow import Step, Wait, Workflow

PAUSE_SAME_SPEAKER_MS = 250
PAUSE_HAND_OVER_MS = 350
PAUSE_AFTER_HUMAN_MS = 0
VOICE_S = 15.0
"""How long a turn that has the floor may take to its first sound."""
STILL_WORKING_S = 4.5
REMIND_S = (20.0, 60.0)
WAITING_TIMERS = ("nudge", "unanswered", "transcript", "still", "remind")


class Standing:
    """The state of one conversation. The rules change it through these methods and its public fields."""

    def __init__(
        self, workflow: Workflow, team: Mapping[str, str], given_answers: Sequence[str] = ()
    ) -> None:
        """`team` maps speaker ids to titles. `given_answers`, in the questions' order, skip the interview."""
        brief = Brief.of(workflow.questions)
        given = list(zip(workflow.questions, given_answers, strict=False))
        for question, text in given:
            brief = brief.with_answer(question.key, text, AnswerSource.GIVEN)
        self.workflow = workflow
        self.team = dict(team)
        self.given = bool(given)
        self.desk = Desk(brief)
        self.script = Script(workflow, frozenset(question.key for question, _ in given))
        self.timers = Timers()
        self.transcript: list[Entry] = []
        self.stage = Stage.CREATED
        self.phase = workflow.phases[0].name
        self.end_state = ""
        self.now = 0.0
        self.started_at: float | None = None
        self.held = False
        """Nobody can hear: nothing is said, no clock runs."""

        self.current: Turn | None = None
        self.prepared: Turn | None = None
        self.fading: Turn | None = None
        """The turn that was told to fall silent; how much of it was heard is not known yet."""
        self.last: Turn | None = None
        """The turn that was heard last, also when it was cut."""
        self.asking: Turn | None = None
        """The turn that asked a question last."""
        self.put_aside = ("", "")
        """The question and the words that were last taken for a wish, or for beside it."""
        self.stopping: str | None = None
        """Why the session ends as soon as the voice is silent, None while it does not."""
        self.cut: tuple[Turn, str] | None = None
        """The turn that the human interrupted, with what was heard of it."""
        self.called: set[int] = set()
        """The places in the script whose tool was called: a turn said again does not call it again."""
        self.awaited = ""
        """The kind of job that the script waits for."""

        self.phase_told = -1
        """The number of the phase that was entered last."""
        self._serial = 0
        self.out: list[Command] = []
        """What the event at hand commands, in order."""
        self._nothing_said_yet()

    def _nothing_said_yet(self) -> None:
        """The human's side of the conversation."""
        self.open_question = ""
        """The key of the question that the human's next words answer."""
        self.answered = ""
        """The key of the answer given last."""
        self.just_answered = False
        """Nobody has been heard since that answer: more words go on with it."""
        self.appending = False
        self.human_speaking = False
        self.patience_ms = 0
        """The silence that ends the human's turn, as turn detection was told; 0 before it was."""
        self.expected = Expects.ANYTHING
        """What the human's next words are likely to be, as the recogniser was told."""
        self.overlap: Overlap | None = None
        """The sound that the human makes, or made, while a voice was heard; its meaning is not known yet."""
        self.sounding = False
        """The microphone's gate hears a sound now."""
        self.quiet_at = -math.inf
        """When the last sound came that the gate heard to its end."""
        self.voice_open = False
        """Turn detection hears the human speak now."""
        self.talk_key = False
        """The push-to-talk key is down: the human's turn ends with its release, not with a pause."""
        self.transcript_due = False
        self.collected: list[str] = []
        """What was understood of a turn that still goes on."""
        self.human_at: float | None = None
        """When the human began to say what is not remembered yet."""
        self.human_until: float | None = None
        """When the last sound of it came."""
        self.typed_over: events.HumanSaid | None = None
        """Typed words that wait until the voice that they interrupt is silent."""
        self.lost_voices: set[str] = set()
        """Whose Lines cannot be reached now."""
        self.outage_explained = False
        """A persona has said of these losses that they were."""
        self.voiceless: set[str] = set()
        """Whose voices failed for good since the last sound."""
        self.nudged = False
        self.misheard = 0
        self.reminders = 0

    # ------------------------------------------------------------------ the outside

    @property
    def brief(self) -> Brief:
        return self.desk.brief

    @property
    def speaker(self) -> str:
        """Who is heard now, empty for nobody."""
        turn = self.current
        return turn.speaker if turn is not None and turn.started_at is not None else ""

    @property
    def human_has_word(self) -> bool:
        """The human speaks, or what was said is about to be understood."""
        return self.human_speaking or "transcript" in self.timers

    @property
    def ducked(self) -> bool:
        """A sound that the human makes, or has just made, holds the voice down."""
        sounds = self.overlap is not None and self.overlap.sounding
        return "duck" in self.timers or (sounds and "decide" in self.timers)

    @property
    def summary(self) -> dict[str, object]:
        """What was really done so far."""
        return facts.summary(self)

    def deadline(self) -> float | None:
        """When `TimePassed` is to be received, in the clock of `now`; None for no deadline."""
        return self.timers.next()

    # ------------------------------------------------------------------ what the rules do

    def do(self, *commands: Command) -> None:
        self.out.extend(commands)

    def tell(self, notice: notices.Notice) -> None:
        self.out.append(events.Tell(notice))

    def at_ms(self, at: float) -> int:
        """Session time of `at`, in ms."""
        return 0 if self.started_at is None else round((at - self.started_at) * 1000)

    def turn(self, turn: str) -> Turn | None:
        """The turn that is heard or prepared under this id."""
        return next((t for t in (self.current, self.prepared) if t is not None and t.turn == turn), None)

    def speak(
        self,
        speaker: str,
        act: str,
        context: Mapping[str, object],
        cue: Cue | None,
        back: Stage = Stage.TALKING,
        after: str = "",
    ) -> Turn:
        """Let a turn be generated, unheard; `after` is the turn that broke off and that it goes on with."""
        self._serial += 1
        step = cue.step if cue else None
        asked = cue is not None and cue.place in self.called
        scripted = step is not None and act == step.act and not asked
        command = events.Speak(
            f"turn{self._serial}",
            speaker,
            act,
            dict(context),
            (step.tool,) if step and step.tool and scripted else (),
            step.chooses if step else (),
            after,
        )
        self.do(command)
        return Turn(command, cue, back)

    def prepare(self) -> None:
        """Let the next step's turn be generated while the present one is heard."""
        if self.prepared is not None or self.held:
            return
        cue = self._next_cue()
        if cue is None:
            return
        step = cue.step
        failed = self.desk.results.get(step.reports, {}).get("status") == "failed"
        context: dict[str, object] = {kind: facts.FACTS[kind](self, step) for kind in step.context}
        context |= facts.reported(self, step)
        self.prepared = self.speak(step.speaker, "report_failure" if failed else step.act, context, cue)

    def _next_cue(self) -> Cue | None:
        """The next step that has something to say; None also while its result is still to come."""
        cue = self.script.take()
        while cue is not None and not self._has_something_to_say(cue.step):
            if self._is_coming(cue.step.reports):
                self.script.give_back(cue)
                return None
            cue = self.script.take()
        return cue

    def _has_something_to_say(self, step: Step) -> bool:
        if step.question:
            return self.brief[step.question].status is not AnswerStatus.ANSWERED
        return not step.reports or step.reports in self.desk.results

    def _is_coming(self, kind: str) -> bool:
        waits_for_human = kind == "publish" and self.desk.open_approval is not None
        return bool(kind) and (waits_for_human or self.desk.running(kind) is not None)

    def proceed(self, pause_ms: int) -> None:
        """Give the floor to the next turn of the script; after the last one the session is complete."""
        self.stage = Stage.TALKING
        self.appending = False
        if self.held:
            return
        self.prepare()
        turn, self.prepared = self.prepared, None
        coming = self.script.upcoming()
        if turn is not None:
            self.give(turn, pause_ms)
        elif coming is not None:
            self.wait_for(coming.step.reports)
        else:
            self.tell(notices.SessionCompleted(self.summary))
            self.finish("completed")

    def give(self, turn: Turn, pause_ms: int) -> None:
        self.stage = Stage.TALKING
        self.current = turn
        turn.given_at = self.now if turn.given_at is None else turn.given_at
        self.timers.clear(*WAITING_TIMERS)
        self.timers.set("voice", self.now + VOICE_S)
        self.do(events.Give(turn.turn, pause_ms))
        if self.ducked:  # by a sound over the voice before
            self.do(events.Duck())

    def wait_for(self, kind: str) -> None:
        """Nobody has more to say before this work has a result, or the human a decision."""
        self.awaited = kind
        approval = self.desk.open_approval
        if approval is None:
            self.stage = Stage.APPROVING if kind == "publish" else Stage.WORKING
            self.timers.set("still", self.now + STILL_WORKING_S)
            return
        self.stage = Stage.APPROVING
        self.timers.set("expire", approval.expires_at)
        if self.reminders < len(REMIND_S):
            self.timers.set("remind", self.now + REMIND_S[self.reminders])

    def interject(self, speaker: str, act: str, context: Mapping[str, object], back: Stage) -> None:
        """Say what the script does not hold, at once; then return to the stage `back`."""
        self.drop_prepared()
        if not self.held:
            self.give(self.speak(speaker, act, context, None, back), PAUSE_AFTER_HUMAN_MS)

    def drop_prepared(self) -> None:
        turn, self.prepared = self.prepared, None
        if turn is not None:
            self.do(events.Discard(turn.turn))
            if self.current is None or turn.command.after != self.current.turn:
                self.give_back(turn)  # else its step stands and falls with the turn that it goes on with

    def give_back(self, turn: Turn) -> None:
        """Its step will be said (again)."""
        if turn.cue is not None:
            self.script.give_back(turn.cue)

    def prepare_if_ready(self) -> None:
        turn = self.current
        if turn is None or not turn.generated or self.stage is not Stage.TALKING:
            return
        if turn.back is Stage.TALKING and self.satisfied(turn):
            self.prepare()

    def satisfied(self, turn: Turn) -> bool:
        """Whether what the turn's step waits for has already happened."""
        step = turn.step
        if step is None or step.wait is Wait.NOTHING or turn.act != step.act:
            return True
        if step.wait is Wait.ANSWER:
            return self.brief[step.question].status is not AnswerStatus.PENDING
        return self.came(WORK[step.tool].job)

    def came(self, kind: str) -> bool:
        """Whether this kind of work has a result."""
        return kind in self.desk.results

    def enter_phase(self, cue: Cue | None) -> None:
        if cue is not None and cue.phase != self.phase_told:
            self.phase_told = cue.phase
            self.phase = self.workflow.phases[cue.phase].name
            self.tell(notices.PhaseEntered(self.phase, cue.phase + 1, len(self.workflow.phases)))

    def record(self, turn: Turn, text: str, sent_ms: int, interrupted: bool) -> None:
        """What was heard becomes memory: the transcript, the page, the other voices."""
        if turn.started_at is None:
            return
        self.last = turn
        if turn.step is not None and turn.step.question:
            self.asking = turn
        at_ms = self.at_ms(turn.started_at)
        heard = Entry(turn.speaker, text, at_ms, at_ms + sent_ms, self.phase, interrupted, turn.words)
        if text or not turn.broken:
            self.transcript.append(heard)
        self.tell(notices.TurnEnded(turn.turn, turn.speaker, text, sent_ms, interrupted))
        if text:
            self.do(events.Share(turn.speaker, text))

    def pause_after(self, turn: Turn) -> int:
        coming = self.prepared.cue if self.prepared else self.script.upcoming()
        same = coming is not None and coming.step.speaker == turn.speaker
        return PAUSE_SAME_SPEAKER_MS if same else PAUSE_HAND_OVER_MS

    def asker(self, key: str) -> Step:
        """The step that asks this question; raises StopIteration for a question that nobody asks."""
        steps = (step for phase in self.workflow.phases for step in phase.steps)
        return next(step for step in steps if step.question == key)

    def finish(self, state: str, reason: str = "") -> None:
        """The session ends as `completed` or `stopped`."""
        self.stage = Stage.ENDED
        self.end_state = state
        self.timers.clear_all()
        self.do(*self.desk.cancel_all())
        self.tell(notices.SessionState(state, reason))
        self.do(events.End(state))
