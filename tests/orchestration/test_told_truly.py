"""What is said of the work holds when it is said: no decision is forgotten, nothing old is shown as new."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre, silent

from orchestration import events, notices
from orchestration.events import Command, Decision


def rejects(theatre: Theatre, command: Command) -> None:
    """A human who never speaks, and taps on Reject."""
    if isinstance(command, events.Tell) and isinstance(command.notice, notices.ApprovalRequested):
        theatre.later(8.0, events.ApprovalDecided(command.notice.approval, Decision.REJECT))


@pytest.mark.parametrize(
    ("human", "act", "status"), [(rejects, "report_post", "rejected"), (silent, "report_post", "expired")]
)
@pytest.mark.parametrize("forgetful", [False, True])
def test_what_was_decided_reaches_the_voice_also_where_no_model_called(
    human: object, act: str, status: str, forgetful: bool
) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = human  # type: ignore[assignment]
    theatre.forgetful = forgetful
    theatre.play()
    assert f"sophie {act}" in theatre.acts()
    report = [one for one in theatre.spoken.values() if one.act == act][-1]
    answers = [one for one in theatre.commands(events.AnswerTool) if isinstance(one, events.AnswerTool)]
    told = [one.output for one in answers if one.call == "call-publish_post"]
    fact = report.context.get("publish")
    assert [one["status"] for one in [*told, *([fact] if isinstance(fact, dict) else [])]] == [status]


def started(theatre: Theatre, kind: str) -> list[events.StartJob]:
    jobs = [one for one in theatre.commands(events.StartJob) if isinstance(one, events.StartJob)]
    return [one for one in jobs if one.kind == kind]


@pytest.mark.parametrize(
    ("kind", "act", "says"),
    [
        ("research", "report_research", "maya"),
        ("website", "show_site", "alex"),
        ("post", "present_post", "sophie"),
    ],
)
def test_what_is_made_again_is_not_told_as_it_was_before(kind: str, act: str, says: str) -> None:
    """The correction comes when the first result is there, and the turn that tells it is ready."""
    theatre = Theatre(given=ANSWERS)
    theatre.start().run(until=lambda: act in {one.act for one in theatre.spoken.values()})
    assert f"{says} {act}" not in theatre.acts()
    theatre.job_s = 20.0
    theatre.receive(events.AnswerCorrected("offer", "green tea"))
    theatre.run(until=lambda: f"{says} {act}" in theatre.acts())
    assert len(started(theatre, kind)) == 2
    done = [n for n in theatre.told(notices.JobDone) if isinstance(n, notices.JobDone) and n.kind == kind]
    assert len(done) == 2
    theatre.run()
    assert theatre.acts().count(f"{says} {act}") == 1
    assert theatre.conversation.end_state == "completed"
