"""The few moves that all rules of a conversation are made of. Pure.

One turn is heard at a time (`current`); while it is heard the next one is already being generated
(`prepared`), unheard. A turn that nobody heard counts for nothing and can be discarded; a turn that
was cut counts for what was heard.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration import events, facts, notices
from orchestration.brief import AnswerStatus
from orchestration.events import Command
from orchestration.script import Cue
from orchestration.state import State
from orchestration.transcript import Entry
from orchestration.turn import Stage, Turn
from orchestration.workflow import Step

PAUSE_SAME_SPEAKER_MS = 250
PAUSE_HAND_OVER_MS = 350
PAUSE_AFTER_HUMAN_MS = 0
VOICE_S = 15.0
"""How long a turn that has the floor may take to its first sound."""
STILL_WORKING_S = 4.5
REMIND_S = (20.0, 60.0)
PUBLISH_AGAIN, SITE_STAYS = "publish_again", "site_stays"
SITE = "website"
"""The kind of work that is shown and may be built again."""
FAREWELL_S = 3.0
"""After the last voice: the human's own goodbye may begin."""
WAITING_TIMERS = ("nudge", "unanswered", "transcript", "still", "remind")


class Standing(State):
    """The moves: each changes the state and commands what follows from it."""

    @property
    def summary(self) -> dict[str, object]:
        """What was really done so far."""
        return facts.summary(self)

    def do(self, *commands: Command) -> None:
        self.out.extend(commands)

    def tell(self, notice: notices.Notice) -> None:
        self.out.append(events.Tell(notice))

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
        scripted = step is not None and step.shows(act) and not asked
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
        if step.question:
            self.desk.brief = self.brief.reopened(step.question)  # asked for the second time
        context: dict[str, object] = {kind: facts.FACTS[kind](self, step) for kind in step.context}
        context |= facts.reported(self, step)
        former = step.reports in self.desk.setbacks
        act = step.act_for(self.desk.results.get(step.reports, {}), former)
        self.prepared = self.speak(step.speaker, act, context, cue)

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
        return not step.reports or self.came(step.reports)

    def _is_coming(self, kind: str) -> bool:
        asked = self.desk.open_approval is not None or self.desk.asks_later is not None
        return bool(kind) and ((kind == "publish" and asked) or self.desk.is_coming(kind))

    def proceed(self, pause_ms: int) -> None:
        """Give the floor to the next turn of the script; after the last one the session is complete."""
        self.stage = Stage.TALKING
        self.appending = False
        if self.showing is not None:
            self.showing, self.rebuilding = None, False
            self.tell(notices.HumanListening(False))
        if self.held:
            return
        self.prepare()
        turn, self.prepared = self.prepared, None
        coming = self.script.upcoming()
        if turn is not None:
            self.give(turn, pause_ms)
        elif coming is not None:
            self.wait_for(coming.step.reports)
        elif self.desk.is_coming(SITE):
            self.wait_for(SITE)  # built with what the human has just told: the end would cancel it
        else:
            self.farewell = True
            self.stage = Stage.LISTENING
            self.timers.set("farewell", self.now + FAREWELL_S)

    def take_leave(self) -> None:
        """The human's goodbye was heard, or there was none. The end would cancel what is being built."""
        if self.desk.is_coming(SITE):
            self.farewell = False
            self.wait_for(SITE)
        else:
            self.complete()

    def complete(self) -> None:
        """All was said, and the human's goodbye was heard, or there was none."""
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
        asked = approval is not None or kind == "publish"
        self.stage = Stage.APPROVING if asked else Stage.WORKING
        if approval is not None:
            self.timers.set("expire", approval.expires_at)
        if self.has_bad_news and not self.held:
            self._tell_bad_news()
        elif approval is None:
            self.timers.set("still", self.now + STILL_WORKING_S)
        elif self.reminders < len(REMIND_S):
            self.timers.set("remind", self.now + REMIND_S[self.reminders])

    @property
    def has_bad_news(self) -> bool:
        """Something failed that no step of the script tells."""
        return self._site_stays or (bool(self.desk.failed_try) and self.desk.open_approval is not None)

    @property
    def _site_stays(self) -> bool:
        """The site was shown, and could not be built with a later change."""
        shown = self.showing is None and not self.script.will_report(SITE)
        return shown and SITE in self.desk.setbacks

    def _tell_bad_news(self) -> None:
        if self._site_stays:
            speaker = next(job.speaker for job in self.desk.jobs.values() if job.kind == SITE)
            self.interject(speaker, SITE_STAYS, {"rebuild": self.desk.setbacks.pop(SITE)}, self.stage)
        elif approval := self.desk.open_approval:
            failed = {"publish": self.desk.take_failed_try()}
            self.interject(approval.speaker, PUBLISH_AGAIN, failed, self.stage)

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

    def finish(self, state: str, reason: str = "") -> None:
        """The session ends as `completed` or `stopped`."""
        self.stage = Stage.ENDED
        self.end_state = state
        self.timers.clear_all()
        self.do(*self.desk.cancel_all())
        self.tell(notices.SessionState(state, reason))
        self.do(events.End(state))
