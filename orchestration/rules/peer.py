"""The listener comes, goes and comes back; somebody ends the session."""

from __future__ import annotations

from orchestration import events, notices
from orchestration.rules import floor, human, overlap
from orchestration.standing import PAUSE_AFTER_HUMAN_MS, Standing
from orchestration.turn import Stage


def listener_arrived(c: Standing, event: events.ListenerArrived) -> None:
    """The first arrival starts the conversation, a later one takes it up where it was."""
    if c.started_at is None:
        c.started_at = c.now
        c.tell(notices.SessionState("live"))
        c.proceed(PAUSE_AFTER_HUMAN_MS)
    elif c.held:
        c.held = False
        c.timers.thaw(c.now)
        c.tell(notices.SessionState("live", "reconnected"))
        c.do(events.Resume())
        _take_up_again(c)


def _take_up_again(c: Standing) -> None:
    """What was not surely heard is said again: the turn that was cut, or the open question."""
    if c.stage is Stage.LISTENING and c.open_question:
        human.ask_again(c, "nudge")
    elif c.stage in (Stage.WORKING, Stage.APPROVING) or c.showing is not None:
        floor.return_to(c, c.stage)
    else:
        c.proceed(PAUSE_AFTER_HUMAN_MS)


def listener_lost(c: Standing, event: events.ListenerLost) -> None:
    """Nobody can hear: the turn under way will be said again, no clock runs, jobs go on."""
    if c.held or c.started_at is None:
        return
    if c.farewell:
        c.complete()
        return
    c.drop_prepared()
    _forget_interruption(c)
    turn, c.current = c.current, None
    if turn is not None:
        c.give_back(turn)
        floor.silence(c, turn)
        if turn.cue is None:
            c.stage = turn.back
    c.held = True
    human.stopped_speaking(c)
    c.timers.freeze(c.now)
    c.tell(notices.SessionState("waiting", "no sign of the page"))
    c.do(events.Hold())


def _forget_interruption(c: Standing) -> None:
    """What the human was saying is lost with the peer; the turn that it cut will be said again."""
    cut, c.cut = c.cut, None
    turn = c.fading or (cut[0] if cut else None)
    if turn is not None:
        c.give_back(turn)
    c.typed_over = None
    c.appending = c.talk_key = c.by_key = c.voice_open = c.transcript_due = False
    c.collected.clear()
    overlap.forget(c)
    c.timers.clear("transcript")


def stop_requested(c: Standing, event: events.StopRequested) -> None:
    """The voice falls silent first, so that what was heard of its sentence is kept."""
    if c.farewell:
        c.complete()
        return
    turn, c.current = c.current, None
    if turn is not None:
        floor.silence(c, turn)
    c.stopping = event.reason
    if c.fading is None:
        c.finish("stopped", event.reason)
