"""Voices are lost and come back: whoever was left waiting is told so, in one sentence, once an outage."""

from __future__ import annotations

from orchestration import events
from orchestration.rules import resume
from orchestration.standing import PAUSE_AFTER_HUMAN_MS, Standing
from orchestration.turn import Turn

EXPLANATION = "back_again"
NOTICED_S = 3.0
"""A turn that comes so much later than it was due is noticed; so is the rest of one that broke off."""


def voice_lost(c: Standing, event: events.VoiceLost) -> None:
    if not c.lost_voices:
        c.outage_explained = False
    c.lost_voices.add(event.speaker)


def voice_restored(c: Standing, event: events.VoiceRestored) -> None:
    c.lost_voices.discard(event.speaker)
    turn = c.current
    if turn is not None and turn.speaker == event.speaker and _was_noticed(c, turn):
        _explain(c, turn)


def _was_noticed(c: Standing, turn: Turn) -> bool:
    """Whether somebody who had heard the team before waits for this turn, and has wondered why."""
    if c.outage_explained or not c.transcript or turn.started_at is not None or turn.given_at is None:
        return False
    return c.now - turn.given_at > NOTICED_S


def _explain(c: Standing, turn: Turn) -> None:
    """The explanation goes first; what it went before is asked for again, to be heard after it."""
    c.outage_explained = True
    if turn.act == EXPLANATION:
        return  # that of the last outage broke off, and is about to be said again
    c.drop_prepared()
    c.do(events.Discard(turn.turn))
    c.give(c.speak(turn.speaker, EXPLANATION, {}, None, turn.back), PAUSE_AFTER_HUMAN_MS)
    c.prepared = resume.once_more(c, turn)
    c.prepared.failing_since = None  # who was told why waits anew
