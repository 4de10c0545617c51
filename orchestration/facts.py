"""The facts that a turn may need, by kind: what `Step.context` names and the voices read as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestration.brief import AnswerStatus
from orchestration.workflow import Step

if TYPE_CHECKING:
    from orchestration.conversation import Conversation


def question(c: Conversation, step: Step | None) -> dict[str, object]:
    """The question that the step asks, else the open one."""
    answer = c.brief[step.question if step and step.question else c.open_question]
    return {
        "key": answer.key,
        "n": answer.n,
        "of": len(c.brief.answers),
        "title": answer.title,
        "text": answer.question,
    }


def answer(c: Conversation, step: Step | None) -> dict[str, object]:
    """The answer given last; its text is empty when the question stayed unanswered."""
    if not c.answered:
        return {}
    given = c.brief[c.answered]
    return {"key": given.key, "title": given.title, "text": given.text}


def brief(c: Conversation, step: Step | None) -> dict[str, object]:
    return {**c.brief.texts(), "given": c.given}


def team(c: Conversation, step: Step | None) -> dict[str, object]:
    return dict(c.team)


def upcoming(c: Conversation, step: Step | None) -> dict[str, object]:
    cue = c.script.upcoming()
    if cue is None:
        return {}
    return {"speaker": cue.step.speaker, "phase": c.workflow.phases[cue.phase].name}


def outcome(c: Conversation, step: Step | None) -> dict[str, object]:
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


FACTS: dict[str, Callable[[Conversation, Step | None], dict[str, object]]] = {
    "question": question,
    "answer": answer,
    "brief": brief,
    "team": team,
    "next": upcoming,
    "summary": outcome,
}


def summary(c: Conversation) -> dict[str, object]:
    """The whole of what was done, for the summary page and the export."""
    results = c.desk.results
    return {
        **outcome(c, None),
        "brief": c.brief.texts(),
        "research": results.get("research", {}),
        "site": results.get("website", {}),
        "post": {**results.get("post", {}), "outcome": results.get("publish", {})},
        "duration_ms": c.at_ms(c.now),
    }
