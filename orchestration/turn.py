"""One persona's turn, and the stages between which a conversation moves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestration.events import Speak, ToolCall
from orchestration.notices import Word
from orchestration.script import Cue
from orchestration.workflow import Step, Wait


class Stage(StrEnum):
    """Where the conversation stands."""

    CREATED = "created"
    """Nobody has heard anything yet."""
    TALKING = "talking"
    """A turn is heard, or about to be."""
    LISTENING = "listening"
    """The human has the floor."""
    WORKING = "working"
    """A job runs and nobody has more to say."""
    APPROVING = "approving"
    """The human decides on what is shown."""
    ENDED = "ended"


@dataclass(slots=True)
class Turn:
    """`cue` is its place in the script, None for what the script does not hold: a nudge, a reply.

    After a turn without a cue the conversation returns to the stage `back`.
    """

    command: Speak
    cue: Cue | None
    back: Stage = Stage.TALKING
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    """The work that the model asked for; it starts when the turn is heard."""
    words: tuple[Word, ...] = ()
    """What was heard of it, word by word; known at its end."""
    generated: bool = False
    given_at: float | None = None
    """Since when the listener waits for it."""
    started_at: float | None = None
    losses: int = 0
    refusals: int = 0
    failing_since: float | None = None
    """When its voice failed first, since something of it was heard last."""
    waiting: bool = False
    """It failed, and is asked for again in a moment."""
    broken: bool = False
    """Its voice failed after the beginning was heard: what was received whole is heard, and no more."""
    failed: bool = False
    """Its voice failed for good after the beginning was heard: it falls silent."""
    heard_before: str = ""
    """The words of the turn that this one goes on with."""

    @property
    def turn(self) -> str:
        return self.command.turn

    @property
    def speaker(self) -> str:
        return self.command.speaker

    @property
    def act(self) -> str:
        return self.command.act

    @property
    def whole(self) -> str:
        """All that is said in it and in the turns that it goes on with; empty while that is not known."""
        return f"{self.heard_before} {self.text}".strip() if self.text else ""

    @property
    def step(self) -> Step | None:
        return self.cue.step if self.cue else None

    @property
    def asks_opinion(self) -> bool:
        """Whether it asks what the human thinks of what it shows. The report of a failure shows nothing."""
        return self.step is not None and self.step.wait is Wait.OPINION and self.step.shows(self.act)


@dataclass(slots=True)
class Overlap:
    """A sound, or several in a row, that the human makes while a voice is heard. Times in seconds."""

    began: float
    sounding: bool = True
    stopped: float = 0.0
    speech: bool = False
    """Turn detection says that it is one."""
    noise: bool = False
    """It went on for too long without being speech: what comes in it is measured by itself."""
    words: str = ""
    """What was understood so far."""
