"""What the human will most likely say next: a name, a colour, yes or no."""

from __future__ import annotations

from orchestration import events
from orchestration.brief import Expects
from orchestration.standing import Standing
from orchestration.turn import Stage


def follow(c: Standing) -> None:
    """Tell the recogniser when something else is expected; not in the middle of what the human says."""
    wanted = _expected(c)
    if wanted is c.expected or c.human_speaking or c.stage is Stage.ENDED:
        return
    c.expected = wanted
    c.do(events.Expect(wanted))


def _expected(c: Standing) -> Expects:
    """By the question that is open, or being asked: who answers early has not heard its end."""
    key = _question(c)
    if key:
        return next(question.expects for question in c.workflow.questions if question.key == key)
    return Expects.YES_OR_NO if c.desk.open_approval is not None else Expects.ANYTHING


def _question(c: Standing) -> str:
    turn = c.current
    if c.stage is Stage.TALKING and turn is not None:
        return turn.step.question if turn.step else (c.open_question if turn.back is Stage.LISTENING else "")
    return c.open_question if c.stage is Stage.LISTENING else ""
