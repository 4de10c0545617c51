"""How long a silence may be before the human's turn is over: an answer is thought about, a "no" is not."""

from __future__ import annotations

from orchestration import events
from orchestration.standing import Standing
from orchestration.turn import Stage

OVER_A_VOICE_MS = 600
"""Whoever speaks while another does is brief, and what it meant should be known soon."""
DECIDING_MS = 450
"""Yes or no; also whether what is shown is liked."""
BESIDE_WORK_MS = 700


def follow(c: Standing) -> None:
    """Tell turn detection when the patience becomes another. It never shrinks while the human speaks."""
    wanted = _patience_ms(c)
    if wanted == c.patience_ms or c.stage is Stage.ENDED or (c.human_speaking and wanted < c.patience_ms):
        return
    c.patience_ms = wanted
    c.do(events.SetPatience(wanted))


def _patience_ms(c: Standing) -> int:
    match c.stage:
        case Stage.LISTENING if c.showing is not None and not c.open_question:
            return DECIDING_MS
        case Stage.LISTENING:
            return next(phase.patience_ms for phase in c.workflow.phases if phase.name == c.phase)
        case Stage.APPROVING:
            return DECIDING_MS
        case Stage.WORKING:
            return BESIDE_WORK_MS
        case _:
            return OVER_A_VOICE_MS
