"""The place in the phase table: which step comes next, and who may be chosen for it."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.workflow import Step, Workflow


@dataclass(frozen=True, slots=True)
class Cue:
    """A step, its place in the whole script and the index of its phase."""

    place: int
    phase: int
    step: Step


class Script:
    """A cursor over the steps of a workflow. `skip` names the questions that need not be asked."""

    def __init__(self, workflow: Workflow, skip: frozenset[str] = frozenset()) -> None:
        steps = [(index, step) for index, phase in enumerate(workflow.phases) for step in phase.steps]
        self._cues = [
            Cue(place, phase, step)
            for place, (phase, step) in enumerate(steps)
            if not (step.question and step.question in skip)
        ]
        self._at = 0

    def take(self) -> Cue | None:
        """The next cue, None after the last."""
        if self._at >= len(self._cues):
            return None
        self._at += 1
        return self._cues[self._at - 1]

    def give_back(self, cue: Cue) -> None:
        """Return the cue taken last (it was prepared but never heard, or must be said again)."""
        if self._at and self._cues[self._at - 1] is cue:
            self._at -= 1

    def back_to(self, question: str, phase: int, before: bool = False) -> bool:
        """Go on after the step that asked this question (`before`: with it). False where it was not asked
        in this phase."""
        for at in reversed(range(self._at)):
            cue = self._cues[at]
            if cue.phase == phase and cue.step.question == question:
                self._at = at if before else at + 1
                return True
        return False

    def upcoming(self) -> Cue | None:
        return self._cues[self._at] if self._at < len(self._cues) else None

    def will_report(self, kind: str) -> bool:
        """Whether a step that is still to come reports this kind of work."""
        return any(cue.step.reports == kind for cue in self._cues[self._at :])

    def choose(self, speaker: str) -> None:
        """Let `speaker`'s steps come first among the rest of the upcoming phase."""
        coming = self.upcoming()
        if coming is None:
            return
        end = self._at
        while end < len(self._cues) and self._cues[end].phase == coming.phase:
            end += 1
        rest = self._cues[self._at : end]
        self._cues[self._at : end] = sorted(rest, key=lambda cue: cue.step.speaker != speaker)
