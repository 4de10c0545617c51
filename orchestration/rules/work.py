"""Jobs report, and time passes."""

from __future__ import annotations

from collections.abc import Callable

from orchestration import events
from orchestration.rules import floor, human, late, overlap, remarks, resume, turns
from orchestration.standing import PAUSE_HAND_OVER_MS, SITE, Standing
from orchestration.turn import Stage, Turn
from orchestration.work import PICTURE

STILL_WORKING, REMINDER = "still_working", "remind_approval"


def job_progressed(c: Standing, event: events.JobProgressed) -> None:
    c.do(*c.desk.progressed(event))


def job_finished(c: Standing, event: events.JobFinished) -> None:
    c.do(*c.desk.finished(event, c.now))
    _ended(c, event.kind)


def job_failed(c: Standing, event: events.JobFailed) -> None:
    c.do(*c.desk.failed(event, c.now))
    _ended(c, event.kind)


def _ended(c: Standing, kind: str) -> None:
    floor.outdate(c, "post" if kind == PICTURE else kind)
    asked = c.desk.open_approval
    if kind == PICTURE and c.stage is Stage.APPROVING and asked is not None and not c.human_has_word:
        told = {**c.desk.results["post"], "status": "drawn", **c.desk.setbacks.pop(PICTURE, {})}
        c.interject(asked.speaker, remarks.NEW_PICTURE, {"picture": told}, Stage.APPROVING)
    else:
        work_came_back(c)


def work_came_back(c: Standing) -> None:
    """A result is there: told as soon as the present turn is over, or now when all wait for it.

    While the human speaks nobody begins: what follows their words leads back to it.
    """
    turn = c.current
    if turn is not None and turn.started_at is None and _is_outdated(c, turn):
        c.current = None
        c.do(events.Discard(turn.turn))
        floor.return_to(c, turn.back)
    elif c.stage in (Stage.WORKING, Stage.APPROVING) and (_is_there(c) or c.has_bad_news):
        if c.human_has_word:
            return
        c.timers.clear("still", "remind", "expire")
        floor.return_to(c, c.stage)
    else:
        c.prepare_if_ready()


def _is_outdated(c: Standing, turn: Turn) -> bool:
    """Whether the turn says that all wait, and they do not any more."""
    if turn.act == REMINDER:
        return c.desk.open_approval is None
    return turn.act == STILL_WORKING and (_is_there(c) or bool(c.desk.failed_try))


def _is_there(c: Standing) -> bool:
    """Whether what all wait for has come; a site that is built again is waited for though there is one."""
    return not c.desk.is_coming(SITE) if c.rebuilding else c.came(c.awaited)


def time_passed(c: Standing, event: events.TimePassed) -> None:
    for name in c.timers.pop_due(c.now):
        if c.stage is not Stage.ENDED:
            TIMERS[name](c)


def _voice(c: Standing) -> None:
    """The voice that has the floor is not heard, or never ends."""
    if c.current is not None:
        turns.response_failed(c, events.ResponseFailed(c.current.turn, "timeout"))


def _speaking(c: Standing) -> None:
    """The end of the human's speech was lost."""
    c.do(events.CommitSpeech())
    c.talk_key = False
    human.speech_stopped(c, events.SpeechStopped(""))


def _nudge(c: Standing) -> None:
    if c.stage is Stage.LISTENING and c.open_question:
        human.ask_again(c, "nudge")
    elif c.stage is Stage.LISTENING:
        c.appending = False
        c.proceed(PAUSE_HAND_OVER_MS)


def _unanswered(c: Standing) -> None:
    if c.stage is Stage.LISTENING and c.open_question:
        left = c.open_question
        human.leave_unanswered(c)
        late.left(c, left)


def _farewell(c: Standing) -> None:
    """The human says no goodbye."""
    if c.farewell and not c.human_has_word:
        c.take_leave()


def _transcript(c: Standing) -> None:
    """Speech was detected but no words came of it."""
    human.human_said(c, events.HumanSaid(""))


def _still(c: Standing) -> None:
    job = c.desk.running(c.awaited) or c.desk.running()
    if c.stage in (Stage.WORKING, Stage.APPROVING) and job is not None and not c.human_has_word:
        progress = {"kind": job.kind, "percent": job.percent, "message": job.message}
        c.interject(job.speaker, STILL_WORKING, {"progress": progress}, c.stage)


def _remind(c: Standing) -> None:
    approval = c.desk.open_approval
    if c.stage is Stage.APPROVING and approval is not None and not c.human_has_word:
        c.reminders += 1
        c.interject(approval.speaker, REMINDER, {}, Stage.APPROVING)


def _expire(c: Standing) -> None:
    approval = c.desk.open_approval
    if approval is None:
        return
    if c.now < approval.expires_at:  # it took the place of the one that was to expire now
        c.timers.set("expire", approval.expires_at)
        return
    c.do(*c.desk.expire(approval))
    work_came_back(c)


TIMERS: dict[str, Callable[[Standing], None]] = {
    "voice": _voice,
    "again": resume.time_came,
    "speaking": _speaking,
    "decide": overlap.decide,
    "duck": overlap.back_up,
    "forget": overlap.forget_click,
    "farewell": _farewell,
    "nudge": _nudge,
    "unanswered": _unanswered,
    "transcript": _transcript,
    "still": _still,
    "remind": _remind,
    "expire": _expire,
}
