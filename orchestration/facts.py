"""The facts that a turn may need, by kind: what `Step.context` names and the voices read as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from orchestration import contact as contacts
from orchestration.brief import AnswerStatus, Brief
from orchestration.job import JobState
from orchestration.script import Script
from orchestration.work import Desk
from orchestration.workflow import Step, Workflow


class Known(Protocol):
    """What facts are drawn from: the conversation's state (orchestration.standing)."""

    workflow: Workflow
    team: dict[str, str]
    given: bool
    desk: Desk
    script: Script
    answered: str
    open_question: str
    now: float

    @property
    def brief(self) -> Brief: ...

    def at_ms(self, at: float) -> int: ...


def question(c: Known, step: Step | None) -> dict[str, object]:
    """The question that the step asks, else the open one."""
    answer = c.brief[step.question if step and step.question else c.open_question]
    return {
        "key": answer.key,
        "n": answer.n,
        "of": len(c.brief.answers),
        "title": answer.title,
        "text": answer.question,
    }


def answer(c: Known, step: Step | None) -> dict[str, object]:
    """The answer given last; its text is empty when the question stayed unanswered."""
    if not c.answered:
        return {}
    given = c.brief[c.answered]
    return {"key": given.key, "title": given.title, "text": given.text}


def brief(c: Known, step: Step | None) -> dict[str, object]:
    return {**c.brief.texts(), "given": c.given}


def team(c: Known, step: Step | None) -> dict[str, object]:
    return dict(c.team)


def upcoming(c: Known, step: Step | None) -> dict[str, object]:
    cue = c.script.upcoming()
    if cue is None:
        return {}
    return {"speaker": cue.step.speaker, "phase": c.workflow.phases[cue.phase].name}


def contact(c: Known, step: Step | None) -> dict[str, object]:
    """Whether the human has said nowhere how to reach the business, so that the website cannot either."""
    known = any(answer.text for answer in c.brief.optional) or any(
        contacts.is_known(answer.text) for answer in c.brief.answers
    )
    return {"missing": not known}


def outcome(c: Known, step: Step | None) -> dict[str, object]:
    """What was really done, in figures and yes or no."""
    results = c.desk.results
    pages = results.get("website", {}).get("pages", [])
    return {
        "name": c.brief.answers[0].text,
        "answered": sum(a.status is AnswerStatus.ANSWERED for a in c.brief.answers),
        "pages": len(pages) if isinstance(pages, list) else 0,
        "research": results.get("research", {}).get("status") == "done",
        "site": results.get("website", {}).get("status") == "built",
        "post": str(results.get("publish", {}).get("status", "none")),
    }


FACTS: dict[str, Callable[[Known, Step | None], dict[str, object]]] = {
    "question": question,
    "answer": answer,
    "brief": brief,
    "team": team,
    "next": upcoming,
    "contact": contact,
    "summary": outcome,
}


def reported(c: Known, step: Step) -> dict[str, object]:
    """The result that the step reports, where no function call has brought it to the model as it is now.

    With it comes why it could not be made again, where the step tells that.
    """
    setback = c.desk.setbacks.get(step.reports)
    return {**_result(c, step), **({"rebuild": setback} if setback and step.tells_former else {})}


def _result(c: Known, step: Step) -> dict[str, object]:
    kind = step.reports
    if kind == "publish" and not any(job.kind == kind for job in c.desk.jobs.values()):
        asked = list(c.desk.approvals.values())[-1:]  # decided without a job: rejected, or expired
        return {} if asked and asked[0].call else {kind: c.desk.results[kind]}
    jobs = [job for job in c.desk.jobs.values() if job.kind == kind]
    made = [job for job in jobs if job.state is JobState.DONE] or jobs[:1]
    if not jobs or (made[-1].call and not (kind == "post" and c.desk.kept)):
        return {}
    return {"site" if kind == "website" else kind: c.desk.results[kind]}


def summary(c: Known) -> dict[str, object]:
    """The whole of what was done, for the summary page and the export."""
    results = c.desk.results
    decided = c.desk.decided
    post = decided.payload if decided is not None else results.get("post", {})
    return {
        **outcome(c, None),
        "brief": c.brief.texts(),
        "research": results.get("research", {}),
        "site": results.get("website", {}),
        "post": {**post, "outcome": results.get("publish", {})},
        "duration_ms": c.at_ms(c.now),
    }
