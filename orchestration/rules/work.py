"""Jobs report, and time passes."""

from __future__ import annotations

from collections.abc import Callable

from orchestration import events
from orchestration.conversation import PAUSE_HAND_OVER_MS, Conversation
from orchestration.rules import human
from orchestration.turn import Stage


def job_progressed(c: Conversation, event: events.JobProgressed) -> None:
    c.do(*c.desk.progressed(event))


def job_finished(c: Conversation, event: events.JobFinished) -> None:
    c.do(*c.desk.finished(event, c.now))
    work_came_back(c)


def job_failed(c: Conversation, event: events.JobFailed) -> None:
    c.do(*c.desk.failed(event))
    work_came_back(c)


def work_came_back(c: Conversation) -> None:
    """A result is there: told as soon as the present turn is over, or now when all wait for it."""
    if c.stage in (Stage.WORKING, Stage.APPROVING) and c.came(c.awaited):
        c.timers.clear("still", "remind", "expire")
        c.proceed(PAUSE_HAND_OVER_MS)
    else:
        c.prepare_if_ready()


def time_passed(c: Conversation, event: events.TimePassed) -> None:
    for name in c.timers.pop_due(c.now):
        if c.stage is not Stage.ENDED:
            TIMERS[name](c)


def _duck(c: Conversation) -> None:
    c.do(events.Restore())


def _nudge(c: Conversation) -> None:
    if c.stage is Stage.LISTENING and c.open_question:
        human.ask_again(c, "nudge")


def _unanswered(c: Conversation) -> None:
    if c.stage is Stage.LISTENING and c.open_question:
        human.leave_unanswered(c)


def _transcript(c: Conversation) -> None:
    """Speech was detected but no words came of it."""
    human.human_said(c, events.HumanSaid(""))


def _still(c: Conversation) -> None:
    job = c.desk.running(c.awaited)
    if c.stage in (Stage.WORKING, Stage.APPROVING) and job is not None:
        progress = {"kind": job.kind, "percent": job.percent, "message": job.message}
        c.interject(job.speaker, "still_working", {"progress": progress}, c.stage)


def _remind(c: Conversation) -> None:
    approval = c.desk.open_approval
    if c.stage is Stage.APPROVING and approval is not None:
        c.reminders += 1
        c.interject(approval.speaker, "remind_approval", {}, Stage.APPROVING)


def _expire(c: Conversation) -> None:
    approval = c.desk.open_approval
    if approval is not None:
        c.do(*c.desk.expire(approval))
        work_came_back(c)


TIMERS: dict[str, Callable[[Conversation], None]] = {
    "duck": _duck,
    "nudge": _nudge,
    "unanswered": _unanswered,
    "transcript": _transcript,
    "still": _still,
    "remind": _remind,
    "expire": _expire,
}
