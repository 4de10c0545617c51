"""What the human will most likely say next: a name, a colour, yes or no."""

from __future__ import annotations

from orchestration import events
from orchestration.brief import Expects
from orchestration.standing import Standing
from orchestration.turn import Stage, Turn


def follow(c: Standing) -> None:
    """Tell the recogniser when something else is expected; not in the middle of what the human says."""
    wanted = now(c)
    if wanted is c.expected or c.human_speaking or c.stage is Stage.ENDED:
        return
    c.expected = wanted
    c.do(events.Expect(wanted))


def now(c: Standing) -> Expects:
    """By the question that is open, or being asked: who answers early has not heard its end."""
    if c.stage is Stage.TALKING and c.current is not None:
        expects = of_turn(c, c.current)
    else:
        expects = _open(c) if c.stage is Stage.LISTENING else Expects.ANYTHING
    decides = expects is Expects.ANYTHING and not c.open_question and c.desk.open_approval is not None
    return Expects.YES_OR_NO if decides else expects


def of_turn(c: Standing, turn: Turn) -> Expects:
    """What the turn asks for; ANYTHING also where it asks for nothing."""
    if turn.step is None:
        return _open(c) if turn.back is Stage.LISTENING else Expects.ANYTHING
    return Expects.YES_OR_NO if turn.asks_opinion else _question(c, turn.step.question)


def _open(c: Standing) -> Expects:
    if not c.open_question and c.showing is not None:
        return Expects.YES_OR_NO
    return _question(c, c.open_question)


def _question(c: Standing, key: str) -> Expects:
    found = (question.expects for question in c.workflow.questions if question.key == key)
    return next(found, Expects.ANYTHING)
