"""What becomes of a publication is told once and truly, and nothing is published that nobody approved."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from theatre import ANSWERS, RESULTS, Theatre, answer_at_once, silent

from orchestration import events, notices
from orchestration.adapters.linkedin.outcomes import Code, outcome
from orchestration.approval import APPROVAL_LIFE_S, ApprovalState, payload_hash
from orchestration.events import Command, Decision, Event

PUBLISHED: dict[str, object] = {"status": "published", "url": "https://www.linkedin.com/feed/update/x/"}
LIMITED = outcome(Code.RATE_LIMITED).as_json()


class Stage(Theatre):
    """A theatre whose publications end as `ends` says, and which remembers what it was told."""

    def __init__(self, *ends: dict[str, object] | str) -> None:
        super().__init__(given=ANSWERS)
        self.ends = deque(ends)
        self.drafts = 0
        self.trace: list[tuple[float, Event | Command]] = []

    def receive(self, event: Event) -> None:
        self.trace.append((self.now, event))
        super().receive(event)

    def _carry_out(self, command: Command) -> None:
        self.trace.append((self.now, command))
        super()._carry_out(command)

    def _work_done(self, command: events.StartJob) -> None:
        if command.kind == "post":
            self.drafts += 1
            post = {
                **RESULTS["post"],
                "text": f"Fresh bread {self.drafts}",
                "image": f"post-{self.drafts}.png",
            }
            self.receive(events.JobFinished(command.job, "post", post))
            return
        if command.kind != "publish" or not self.ends:
            super()._work_done(command)
            return
        end = self.ends.popleft()
        if isinstance(end, str):
            self.receive(events.JobFailed(command.job, "publish", end, "It broke."))
        else:
            self.receive(events.JobFinished(command.job, "publish", end))

    @property
    def publications(self) -> list[events.StartJob]:
        return [
            c
            for c in self.commands(events.StartJob)
            if isinstance(c, events.StartJob) and c.kind == "publish"
        ]

    def outcomes(self) -> list[str]:
        told = self.told(notices.PostPublished)
        return [notice.status for notice in told if isinstance(notice, notices.PostPublished)]

    def thinks_long(self) -> None:
        """From now on the human takes half a minute for a decision."""
        self.human = lambda theatre, command: (
            theatre.later(30.0, events.ApprovalDecided(command.notice.approval, Decision.APPROVE))
            if isinstance(command, events.Tell) and isinstance(command.notice, notices.ApprovalRequested)
            else None
        )

    def marketing(self) -> list[str]:
        acts = self.acts()
        return [act for act in acts[acts.index("sophie present_post") :] if act != "sophie remind_approval"]

    def requests(self) -> list[notices.ApprovalRequested]:
        return [n for n in self.told(notices.ApprovalRequested) if isinstance(n, notices.ApprovalRequested)]


def test_after_a_failure_that_can_be_mended_the_same_post_is_shown_again() -> None:
    stage = Stage(LIMITED, PUBLISHED)
    stage.play()
    assert stage.outcomes() == ["failed", "published"]
    assert stage.marketing() == [
        "sophie present_post",
        "sophie publish_again",
        "sophie report_published",
        "marcus close",
    ]
    first, second = stage.requests()
    assert first.payload == second.payload
    assert first.approval != second.approval
    assert [publication.payload["approval"] for publication in stage.publications] == [
        first.approval,
        second.approval,
    ]
    again = next(speak for speak in stage.spoken.values() if speak.act == "publish_again")
    assert again.context == {"publish": LIMITED}


def test_the_model_that_called_hears_the_outcome_once_at_the_end() -> None:
    stage = Stage(LIMITED, PUBLISHED)
    stage.play()
    answers = [c for c in stage.commands(events.AnswerTool) if isinstance(c, events.AnswerTool)]
    assert [answer.output for answer in answers if answer.call == "call-publish_post"] == [PUBLISHED]


def test_who_rejects_after_a_failure_has_published_nothing() -> None:
    stage = Stage(LIMITED)
    stage.human = lambda theatre, command: (
        theatre.later(3.0, events.ApprovalDecided(command.notice.approval, Decision.REJECT))
        if len(stage.requests()) == 2
        and isinstance(command, events.Tell)
        and isinstance(command.notice, notices.ApprovalRequested)
        else answer_at_once(theatre, command)
    )
    stage.play()
    assert stage.outcomes() == ["failed", "rejected"]
    assert len(stage.publications) == 1


def test_a_failure_that_comes_while_the_human_speaks_is_told_afterwards_once() -> None:
    stage = Stage(LIMITED, PUBLISHED)
    stage.start()
    stage.run(until=lambda: bool(stage.publications))
    stage.thinks_long()
    stage.say("is that it then", delay_s=1.0, length_s=4.0)
    stage.run()
    assert stage.outcomes() == ["failed", "published"]
    assert stage.marketing().count("sophie publish_again") == 1


def test_a_failure_that_nobody_could_hear_is_told_after_the_return() -> None:
    stage = Stage(LIMITED, PUBLISHED)
    stage.start()
    stage.run(until=lambda: bool(stage.publications))
    stage.thinks_long()
    stage.later(0.1, events.ListenerLost())
    stage.later(9.0, events.ListenerArrived())
    stage.run()
    assert stage.outcomes() == ["failed", "published"]
    assert stage.marketing().count("sophie publish_again") == 1


@pytest.mark.parametrize("code", ["crashed", "timed_out", "cancelled"])
def test_a_publication_that_broke_off_is_not_said_to_have_failed(code: str) -> None:
    stage = Stage(code)
    stage.play()
    assert stage.outcomes() == ["unknown"]
    assert stage.marketing() == ["sophie present_post", "sophie report_post", "marcus close"]
    assert len(stage.publications) == 1


@pytest.mark.parametrize("code", ["invalid_payload", "not_approved", "storage_failed"])
def test_a_publication_that_never_began_has_failed(code: str) -> None:
    stage = Stage(code)
    stage.play()
    assert stage.outcomes() == ["failed"]


def test_a_session_that_is_stopped_while_it_publishes_does_not_know() -> None:
    stage = Stage(PUBLISHED)
    stage.start()
    stage.run(until=lambda: bool(stage.publications))
    stage.receive(events.StopRequested())
    stage.run()
    assert stage.outcomes() == ["unknown"]
    post = stage.conversation.summary["post"]
    assert isinstance(post, dict)
    assert post["outcome"]["status"] == "unknown"


# ---------------------------------------------------------------------- whatever the human does

DEED = (
    "approve",
    "reject",
    "twice",
    "opposite",
    "edit",
    "former",
    "late",
    "late while gone",
    "name",
    "name and approve",
    "no",
    "gone",
)
DEEDS = st.lists(st.tuples(st.sampled_from(DEED), st.floats(0.0, 40.0)), max_size=12)
ENDS = st.lists(
    st.sampled_from([LIMITED, outcome(Code.TOKEN_EXPIRED).as_json(), "crashed", PUBLISHED]), max_size=4
)


def do(stage: Stage, deed: str) -> None:
    """One thing that a human does with the post, or beside it."""
    requests = stage.requests()
    newest = requests[-1].approval if requests else "approval0"
    first = requests[0].approval if requests else "approval0"
    deeds: dict[str, list[tuple[float, Event]]] = {
        "approve": [(0.0, events.ApprovalDecided(newest, Decision.APPROVE))],
        "reject": [(0.0, events.ApprovalDecided(newest, Decision.REJECT))],
        "twice": [(at, events.ApprovalDecided(newest, Decision.APPROVE)) for at in (0.0, 0.05, 0.3)],
        "opposite": [
            (0.0, events.ApprovalDecided(newest, Decision.APPROVE)),
            (0.1, events.ApprovalDecided(newest, Decision.REJECT)),
        ],
        "former": [(0.0, events.ApprovalDecided(first, Decision.APPROVE))],
        "late": [(APPROVAL_LIFE_S + 1.0, events.ApprovalDecided(newest, Decision.APPROVE))],
        "edit": [(0.0, events.PostEdited(f"other words {stage.now}"))],
        "name": [(0.0, events.AnswerCorrected("name", f"Name {stage.now}"))],
        "name and approve": [
            (0.0, events.AnswerCorrected("name", f"Name {stage.now}")),
            (0.5, events.ApprovalDecided(newest, Decision.APPROVE)),
        ],
        "no": [(0.0, events.HumanSaid("no", typed=True))],
        "late while gone": [
            (0.0, events.ListenerLost()),
            (APPROVAL_LIFE_S + 1.0, events.ApprovalDecided(newest, Decision.APPROVE)),
            (APPROVAL_LIFE_S + 60.0, events.ListenerArrived()),
        ],
        "gone": [(0.0, events.ListenerLost()), (APPROVAL_LIFE_S + 60.0, events.ListenerArrived())],
    }
    for after_s, event in deeds[deed]:
        stage.later(after_s, event)


@settings(max_examples=150, deadline=None)
@given(deeds=DEEDS, ends=ENDS)
def test_nothing_is_published_without_an_approval_of_that_very_payload(
    deeds: list[tuple[str, float]], ends: list[dict[str, object] | str]
) -> None:
    stage = Stage(*ends)
    stage.human = silent
    stage.start()
    stage.run(until=lambda: bool(stage.requests()))
    at_s = 0.0
    for deed, pause_s in deeds:
        at_s += pause_s
        stage.at(at_s, lambda deed=deed: do(stage, deed))  # type: ignore[misc]
    stage.run(limit_s=3 * 3600)
    judge(stage)


def judge(stage: Stage) -> None:
    """Read the trace: who was shown what, what was tapped, and what was started upon it."""
    shown: dict[str, tuple[float, notices.ApprovalRequested]] = {}
    closed: set[str] = set()
    tapped: tuple[float, str] | None = None
    started: set[str] = set()
    drafted: tuple[object, ...] = ()
    for now, moment in stage.trace:
        match moment:
            case events.ApprovalDecided(approval, Decision.APPROVE):
                tapped = (now, approval)
            case events.StartJob(kind="publish", payload=payload):
                assert tapped is not None
                approval = str(payload["approval"])
                asked_at, request = shown[approval]
                assert tapped == (now, approval)
                assert now <= asked_at + APPROVAL_LIFE_S
                assert approval not in started
                assert list(shown)[-1] == approval, "something newer was shown"
                assert payload == {**request.payload, "approval": approval, "hash": request.hash}
                assert request.hash == payload_hash(request.payload)
                assert approval not in closed
                assert drafted == tuple(request.payload[name] for name in ("text", "image", "alt"))
                started.add(approval)
                closed.add(approval)
            case events.Tell(notices.ApprovalRequested() as request):
                shown[request.approval] = (now, request)
            case events.Tell(notices.PostDrafted(text, image, alt)):
                drafted = (text, image, alt)
            case events.Tell(notices.ApprovalResolved(approval, decision)):
                if decision != ApprovalState.APPROVE:
                    closed.add(approval)
            case _:
                if isinstance(moment, events.ApprovalDecided | events.PostEdited | events.HumanSaid):
                    tapped = None
