"""The Desk alone: nothing is published but what was shown last and approved, whatever the order of things."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration import events, notices
from orchestration.approval import APPROVAL_LIFE_S, ApprovalState, payload_hash
from orchestration.brief import AnswerSource, Brief
from orchestration.events import Command, Decision, Picture
from orchestration.job import JobState
from orchestration.work import Desk
from orchestration.workflow import QUESTIONS

POST: dict[str, object] = {"status": "drafted", "text": "Bread", "image": "a.png", "alt": "A card"}


@dataclass
class Office:
    """A Desk with a post, and what it showed and started."""

    desk: Desk = field(default_factory=lambda: Desk(Brief.of(QUESTIONS)))
    now: float = 100.0
    log: list[Command] = field(default_factory=list)
    serial: int = 0
    approving: str = ""
    """The approval that is being approved right now."""

    def did(self, commands: list[Command]) -> list[Command]:
        for command in commands:
            if isinstance(command, events.StartJob) and command.kind == "publish":
                self.judge(command.payload)
            self.log.append(command)
        return commands

    def judge(self, payload: dict[str, object]) -> None:
        assert self.approving, "nobody approved anything now"
        assert payload["approval"] == self.approving
        request = self.requests[-1]
        assert request.approval == self.approving, "something newer was asked"
        content = {name: payload[name] for name in ("text", "image", "alt")}
        assert content == request.payload
        assert payload["hash"] == request.hash == payload_hash(content)
        shown = [n for n in self.told if isinstance(n, notices.PostDrafted)][-1]
        assert content == {"text": shown.text, "image": shown.image, "alt": shown.alt}
        resolved = [n for n in self.told if isinstance(n, notices.ApprovalResolved)]
        mine = [n.decision for n in resolved if n.approval == self.approving]
        assert mine == ["approve"], "it was not open"

    @property
    def told(self) -> list[notices.Notice]:
        return [command.notice for command in self.log if isinstance(command, events.Tell)]

    @property
    def requests(self) -> list[notices.ApprovalRequested]:
        return [notice for notice in self.told if isinstance(notice, notices.ApprovalRequested)]

    @property
    def publications(self) -> list[dict[str, object]]:
        jobs = [c for c in self.log if isinstance(c, events.StartJob)]
        return [job.payload for job in jobs if job.kind == "publish"]

    # ------------------------------------------------------------------ what may happen

    def drafted(self) -> None:
        self.did(self.desk.call("draft_post", "sophie", events.ToolCall("call1", "draft_post"), self.now))
        self.finish("post")

    def asked(self) -> None:
        self.did(self.desk.ask_approval("sophie", "call2", self.now))

    def finish(self, kind: str, ok: bool = True) -> None:
        job = self.desk.running(kind)
        if job is None:
            return
        self.serial += 1
        if not ok:
            self.did(self.desk.failed(events.JobFailed(job.job, kind, "crashed", "It broke."), self.now))
            return
        made: dict[str, dict[str, object]] = {
            "post": {**POST, "text": f"Bread {self.serial}", "image": f"{self.serial}.png"},
            "picture": {"status": "drawn", "image": f"{self.serial}.png", "alt": f"Picture {self.serial}"},
            "publish": {"status": "failed", "retry": self.serial % 2 == 0, "code": "rate_limited"},
        }
        self.did(self.desk.finished(events.JobFinished(job.job, kind, made.get(kind, {})), self.now))

    def decide(self, approval_id: str, decision: Decision) -> None:
        approval = self.desk.approvals.get(approval_id)
        if approval is None:
            return
        self.approving = approval_id if decision is Decision.APPROVE else ""
        self.did(self.desk.decide(approval, decision))
        self.approving = ""

    def edit(self, **parts: str) -> None:
        self.did(self.desk.edit_post(events.PostEdited(**parts), self.now))

    def picture(self, wish: Picture) -> None:
        self.did(self.desk.change_picture(wish, self.now))

    def correct(self, text: str) -> None:
        changed = self.desk.brief.with_answer("name", text, AnswerSource.CORRECTED)
        self.did(self.desk.brief_changed(changed))

    def expire(self) -> None:
        if (approval := self.desk.open_approval) is not None:
            self.did(self.desk.expire(approval))


def office() -> Office:
    made = Office()
    made.drafted()
    made.asked()
    return made


DEEDS = {
    "approve": lambda o: o.decide(o.requests[-1].approval, Decision.APPROVE),
    "approve the first": lambda o: o.decide(o.requests[0].approval, Decision.APPROVE),
    "approve all": lambda o: [o.decide(r.approval, Decision.APPROVE) for r in list(o.requests)],
    "reject": lambda o: o.decide(o.requests[-1].approval, Decision.REJECT),
    "edit": lambda o: o.edit(text=f"Words {len(o.log)}"),
    "describe": lambda o: o.edit(alt=f"Alt {len(o.log)}"),
    "another": lambda o: o.picture(Picture.ANOTHER),
    "card": lambda o: o.picture(Picture.CARD),
    "none": lambda o: o.picture(Picture.NONE),
    "drawn": lambda o: o.finish("picture"),
    "not drawn": lambda o: o.finish("picture", ok=False),
    "cancelled": lambda o: o.did(o.desk.cancel_all()),
    "name": lambda o: o.correct(f"Name {len(o.log)}"),
    "redrafted": lambda o: o.finish("post"),
    "not redrafted": lambda o: o.finish("post", ok=False),
    "published": lambda o: o.finish("publish"),
    "not published": lambda o: o.finish("publish", ok=False),
    "asked again": lambda o: o.asked(),
    "expired": lambda o: o.expire(),
}


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(sorted(DEEDS)), max_size=14))
def test_a_publication_follows_only_an_approval_of_what_was_shown_last(deeds: list[str]) -> None:
    made = office()
    for deed in deeds:
        made.now += 1.0
        DEEDS[deed](made)
        assert sum(a.state is ApprovalState.OPEN for a in made.desk.approvals.values()) <= 1
        if (approval := made.desk.open_approval) is not None:
            assert approval.payload == made.desk._post()
            assert made.desk.running("picture") is None
    approved = [payload["approval"] for payload in made.publications]
    assert len(approved) == len(set(approved))


@pytest.mark.parametrize("meanwhile", ["", "published", "not published"])
def test_what_was_approved_is_not_asked_for_a_second_time(meanwhile: str) -> None:
    made = office()
    made.decide(made.requests[-1].approval, Decision.APPROVE)
    assert len(made.publications) == 1
    if meanwhile == "published":
        job = made.desk.running("publish")
        assert job is not None
        done = events.JobFinished(job.job, "publish", {"status": "published"})
        made.did(made.desk.finished(done, made.now))
    elif meanwhile:
        made.finish("publish", ok=False)  # it broke off: it may be out
    asked = len(made.requests)
    made.asked()
    assert len(made.requests) == asked
    answer = made.log[-1]
    assert isinstance(answer, events.AnswerTool)
    assert answer.output["status"] == {"": "publishing", "published": "published"}.get(meanwhile, "unknown")


def test_this_property_can_fail() -> None:
    made = office()
    made.approving = ""
    with pytest.raises(AssertionError):
        made.did([events.StartJob("job9", "publish", {**POST, "approval": "approval1", "hash": ""})])


# ---------------------------------------------------------------------- pictures


def shown(made: Office) -> notices.PostDrafted:
    return [n for n in made.told if isinstance(n, notices.PostDrafted)][-1]


def test_another_picture_supersedes_the_request_and_a_new_one_is_asked_for() -> None:
    made = office()
    before = made.requests[-1]
    made.picture(Picture.ANOTHER)
    assert made.desk.approvals[before.approval].state is ApprovalState.SUPERSEDED
    assert made.desk.open_approval is None
    made.decide(before.approval, Decision.APPROVE)
    assert not made.publications
    made.finish("picture")
    assert made.requests[-1].payload["image"] == shown(made).image != before.payload["image"]
    made.decide(made.requests[-1].approval, Decision.APPROVE)
    assert len(made.publications) == 1


def test_a_picture_that_fails_loses_nothing() -> None:
    made = office()
    before = made.requests[-1]
    made.picture(Picture.ANOTHER)
    made.finish("picture", ok=False)
    again = made.requests[-1]
    assert again.approval != before.approval
    assert (again.payload, again.hash) == (before.payload, before.hash)
    assert made.desk.results["post"]["image"] == before.payload["image"]
    assert made.desk.setbacks["picture"]["reason"] == "It broke."


def test_without_a_picture_nothing_is_said_of_one() -> None:
    made = office()
    made.picture(Picture.NONE)
    assert made.requests[-1].payload == {"text": shown(made).text, "image": "", "alt": ""}
    assert made.desk.running("picture") is None


def test_an_edit_while_the_picture_is_made_waits_for_it_and_is_kept() -> None:
    made = office()
    made.picture(Picture.CARD)
    made.edit(text="My words")
    assert made.desk.open_approval is None
    made.finish("picture")
    assert made.requests[-1].payload["text"] == "My words"
    assert made.requests[-1].payload["alt"].startswith("Picture")  # type: ignore[attr-defined]
    assert made.desk.open_approval is not None


def test_another_picture_before_the_one_is_there_takes_its_place() -> None:
    made = office()
    made.picture(Picture.ANOTHER)
    first = made.desk.running("picture")
    assert first is not None
    made.picture(Picture.CARD)
    assert made.desk.jobs[first.job].state is JobState.CANCELLED
    made.did(made.desk.finished(events.JobFinished(first.job, "picture", {"image": "late.png"}), made.now))
    made.finish("picture")
    assert made.requests[-1].payload["image"] != "late.png"
    assert len([r for r in made.requests]) == 2


def test_a_request_that_comes_while_a_picture_is_made_waits_for_it() -> None:
    made = Office()
    made.drafted()
    made.picture(Picture.ANOTHER)
    made.asked()
    assert not made.requests
    made.finish("picture")
    assert len(made.requests) == 1


def test_a_picture_of_the_humans_choice_stays_when_the_post_is_drafted_again() -> None:
    made = office()
    made.picture(Picture.NONE)
    made.correct("Golden Krust")
    made.finish("post")
    post = made.requests[-1].payload
    assert post["image"] == ""
    assert post["text"] == shown(made).text != made.requests[0].payload["text"]


def test_a_description_of_the_humans_own_keeps_its_picture() -> None:
    made = office()
    image = shown(made).image
    made.edit(alt="Two loaves")
    made.correct("Golden Krust")
    made.finish("post")
    assert (shown(made).image, shown(made).alt) == (image, "Two loaves")


def test_a_corrected_answer_makes_the_picture_of_it_again() -> None:
    made = office()
    made.picture(Picture.CARD)
    made.correct("Golden Krust")
    started = [c for c in made.log if isinstance(c, events.StartJob) and c.kind == "picture"]
    assert started[-1].payload["brief"]["name"] == "Golden Krust"  # type: ignore[index]
    assert started[-1].payload["arguments"] == {"picture": "card"}


def test_what_was_decided_on_stays_as_it_was() -> None:
    made = office()
    made.picture(Picture.NONE)
    made.decide(made.requests[-1].approval, Decision.REJECT)
    before = dict(made.desk.results["post"])
    made.picture(Picture.ANOTHER)
    made.edit(text="More", alt="More")
    assert made.desk.results["post"] == before
    assert made.desk.running("picture") is None


# ---------------------------------------------------------------------- what is made again


def test_a_draft_that_fails_the_second_time_leaves_the_first() -> None:
    made = office()
    before = made.requests[-1].payload
    made.correct("Golden Krust")
    made.finish("post", ok=False)
    assert made.desk.open_approval is not None
    assert made.desk.open_approval.payload == before
    assert made.desk.setbacks["post"]["reason"] == "It broke."


def test_the_life_of_a_request_is_counted_from_itself() -> None:
    made = office()
    made.now += APPROVAL_LIFE_S - 10
    made.edit(text="Late words")
    approval = made.desk.open_approval
    assert approval is not None
    assert approval.expires_at == made.now + APPROVAL_LIFE_S


def test_a_draft_made_again_is_told_which_picture_is_still_needed() -> None:
    made = office()
    made.picture(Picture.CARD)
    made.finish("picture")
    chosen = made.requests[-1].payload["image"]
    for number in range(6):
        made.correct(f"Golden Krust {number}")
    drafts = [c for c in made.log if isinstance(c, events.StartJob) and c.kind == "post"]
    assert [draft.payload["keeps"] for draft in drafts] == ["", *[chosen] * 6]
