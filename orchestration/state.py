"""Where a conversation stands: what its rules know, and what follows from that. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from orchestration import events
from orchestration.brief import AnswerSource, AnswerStatus, Brief, Expects
from orchestration.events import Command
from orchestration.script import Script
from orchestration.timers import Timers
from orchestration.tools import WORK
from orchestration.transcript import Entry
from orchestration.turn import Overlap, Stage, Turn
from orchestration.work import Desk
from orchestration.workflow import Step, Wait, Workflow


class State:
    """The state of one conversation. The rules change it through its public fields and `Standing`'s moves."""

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
        self.showing: Turn | None = None
        """The turn that has shown something, while the human's word on it is waited for."""
        self.rebuilding = False
        """What is shown is built again, with another answer, before the human's word on it is waited for."""
        self.farewell = False
        """All is said; the human's own goodbye may still be heard."""
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
        self.left, self.left_turns = "", 0
        """The question that a silence left unanswered last, and how many turns were heard since."""
        self.righting: tuple[str, Stage] | None = None
        """The answer that is put right after the interview, and where the conversation goes on then."""
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
        self.by_key = False
        """The words were said with the push-to-talk key: nobody hums with it."""
        self.talk_key = False
        """The push-to-talk key is down: the human's turn ends with its release, not with a pause."""
        self.transcript_due = False
        self.collected: list[str] = []
        """What was understood of a turn that still goes on."""
        self.human_at: float | None = None
        """When the human began to say what is not remembered yet."""
        self.human_until: float | None = None
        """When the last sound of it came."""
        self.typing_at: float | None = None
        """When the human was last seen to type, None for never."""
        self.typed_over: events.HumanSaid | None = None
        """Typed words that wait until the voice that they interrupt is silent."""
        self.lost_voices: set[str] = set()
        """Whose Lines cannot be reached now."""
        self.outage_explained = False
        """A persona has said of these losses that they were."""
        self.voiceless: set[str] = set()
        """Whose voices failed for good since the last sound."""
        self.nudged = False
        self.moment = False
        """The human has asked for a moment: the next silence may be longer."""
        self.misheard = 0
        self.reminders = 0

    # ------------------------------------------------------------------ what follows from it

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

    def deadline(self) -> float | None:
        """When `TimePassed` is to be received, in the clock of `now`; None for no deadline."""
        return self.timers.next()

    def at_ms(self, at: float) -> int:
        """Session time of `at`, in ms."""
        return 0 if self.started_at is None else round((at - self.started_at) * 1000)

    def turn(self, turn: str) -> Turn | None:
        """The turn that is heard or prepared under this id."""
        return next((t for t in (self.current, self.prepared) if t is not None and t.turn == turn), None)

    def satisfied(self, turn: Turn) -> bool:
        """Whether what the turn's step waits for has already happened."""
        step = turn.step
        if step is None or step.wait is Wait.NOTHING or not step.shows(turn.act):
            return True
        if step.wait is Wait.ANSWER:
            return self.brief[step.question].status is not AnswerStatus.PENDING
        if step.wait is Wait.OPINION:
            return False  # who has given it goes on from there
        return self.came(WORK[step.tool].job)

    def came(self, kind: str) -> bool:
        """Whether this kind of work has a result, and is not being made again."""
        return kind in self.desk.results and not self.desk.is_coming(kind)

    def asker(self, key: str) -> Step:
        """The step that asks this question; raises StopIteration for a question that nobody asks."""
        steps = (step for phase in self.workflow.phases for step in phase.steps)
        return next(step for step in steps if step.question == key)
