"""The work that goes on beside the conversation: jobs, their results, and what a human approved. Pure.

A tool call becomes a job; its result goes back to the model that called. `publish_post` becomes an
approval of one exact payload first. A correction of the brief starts the jobs again that used it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, field, replace
from enum import StrEnum

from orchestration import notices
from orchestration.adapters.work import WorkError, WorkErrorCode
from orchestration.brief import Brief
from orchestration.events import (
    AnswerTool,
    CancelJob,
    Command,
    Decision,
    JobFailed,
    JobFinished,
    JobProgressed,
    StartJob,
    Tell,
    ToolCall,
)
from orchestration.shown import shown
from orchestration.tools import WORK, Arguments, Result, Work

log = logging.getLogger(__name__)

APPROVAL_LIFE_S = 15 * 60
NOTHING_SENT = frozenset({"invalid_payload", "not_approved", "unknown_kind", "storage_failed"})
"""Failures of a job that publishes after which it is certain that nothing was published."""


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. `call` is the model's function call that waits for it, empty for none."""

    job: str
    kind: str
    speaker: str
    call: str
    arguments: Arguments = field(default_factory=dict)
    state: JobState = JobState.RUNNING
    percent: int = 0
    message: str = ""


class ApprovalState(StrEnum):
    OPEN = "open"
    APPROVE = "approve"
    REJECT = "reject"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """A human's decision on exactly `payload`; `hash` is the SHA-256 of its canonical JSON."""

    approval: str
    payload: dict[str, object]
    hash: str
    speaker: str
    call: str
    expires_at: float
    state: ApprovalState = ApprovalState.OPEN


def payload_hash(payload: dict[str, object]) -> str:
    """SHA-256 of the payload as JSON with sorted keys and no spaces."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def at_once(work: Work, arguments: Arguments, brief: Brief) -> Result:
    """The result of a tool that is answered at once; a failed one when there is none."""
    assert work.answer is not None
    try:
        if work.needs_arguments and not arguments:
            raise WorkError(WorkErrorCode.INVALID_PAYLOAD, "what it needs to know was not said")
        return work.answer(arguments, brief)
    except WorkError as error:
        return {"status": "failed", "code": error.code.value, "reason": error.reason}
    except Exception:
        # An extension's own code: its defect costs this one call, as that of a job would, not the session.
        log.exception("a tool failed", extra={"tool": work.tool.name})
        return {"status": "failed", "code": WorkErrorCode.CRASHED.value, "reason": "it met an error"}


@dataclass(slots=True)
class Desk:
    """All the work of one session. Its methods return the commands that carry a decision out."""

    brief: Brief
    jobs: dict[str, Job] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    results: dict[str, dict[str, object]] = field(default_factory=dict)
    """Job kind → its latest result, or `{"status": "failed", "reason": …}`."""
    post_edited: bool = False
    failed_try: dict[str, object] = field(default_factory=dict)
    """A publication that surely failed and may be approved once more, until a voice has told it."""
    _serial: int = 0

    def _id(self, prefix: str) -> str:
        self._serial += 1
        return f"{prefix}{self._serial}"

    # ------------------------------------------------------------------ jobs

    def call(self, tool: str, speaker: str, called: ToolCall, now: float) -> list[Command]:
        """A model called a tool that does work (or the phase table did, with an empty `call`)."""
        work = WORK[tool]
        self.results.pop(work.job, None)
        if work.needs_approval:
            return self.ask_approval(speaker, called.call, now)
        return self._start(work, Job("", work.job, speaker, called.call, called.arguments))

    def _start(self, work: Work, order: Job) -> list[Command]:
        """Carry the order out, as a new job or at once."""
        job = replace(order, job=self._id("job"), state=JobState.RUNNING)
        self.jobs[job.job] = job
        if work.answer is not None:
            return self._answer_at_once(work, job)
        payload: dict[str, object] = {
            "brief": self.brief.texts(),
            "sources": {answer.key: answer.source.value for answer in self.brief.answers},
            "arguments": job.arguments,
            **{kind: self.results.get(kind, {}) for kind in work.uses},
        }
        return [
            Tell(notices.JobStarted(job.job, work.job, work.title)),
            StartJob(job.job, work.job, payload),
        ]

    def _answer_at_once(self, work: Work, job: Job) -> list[Command]:
        result = at_once(work, job.arguments, self.brief)
        state = JobState.FAILED if result.get("status") == "failed" else JobState.DONE
        self.jobs[job.job] = replace(job, state=state)
        self.results[job.kind] = result
        return self._answer(job)

    def progressed(self, event: JobProgressed) -> list[Command]:
        job = self.jobs.get(event.job)
        if job is None or job.state is not JobState.RUNNING:
            return []
        self.jobs[event.job] = replace(job, percent=event.percent, message=event.message)
        return [Tell(notices.JobProgress(job.job, job.kind, event.percent, event.message))]

    def finished(self, event: JobFinished, now: float) -> list[Command]:
        job = self.jobs.get(event.job)
        if job is None or job.state is not JobState.RUNNING:
            return []
        self.jobs[event.job] = replace(job, state=JobState.DONE, percent=100)
        if job.kind == "publish" and event.result.get("retry") is True:
            return self._ask_again(job, event.result, now)
        if job.kind == "post" and self.decided is not None:  # the post stays as it was decided on
            return [Tell(notices.JobDone(job.job, job.kind)), *self._answer(job)]
        former_text = self.results.get("post", {}).get("text")
        self.results[job.kind] = event.result
        if job.kind == "post" and self.post_edited:
            self.results["post"] = {**event.result, "text": former_text}
        commands = [Tell(notices.JobDone(job.job, job.kind)), *self._show(job.kind), *self._answer(job)]
        former = self.open_approval
        if job.kind == "post" and former is not None:
            commands += self.ask_approval(former.speaker, former.call, now)
        return commands

    def failed(self, event: JobFailed) -> list[Command]:
        job = self.jobs.get(event.job)
        if job is None or job.state is not JobState.RUNNING:
            return []
        state = JobState.CANCELLED if event.code == "cancelled" else JobState.FAILED
        self.jobs[event.job] = replace(job, state=state)
        self.results[job.kind] = {"status": "failed", "code": event.code, "reason": event.reason}
        failure = notices.JobFailure(job.job, job.kind, event.code, event.reason)
        return [Tell(failure), *self._perhaps_published(job, event.code), *self._answer(job)]

    def _perhaps_published(self, job: Job, code: str) -> list[Command]:
        """A publication that broke off may have happened all the same, unless it never began."""
        if job.kind != "publish":
            return []
        if code not in NOTHING_SENT:
            reason = "our work broke off while the post was on its way"
            unknown = {"status": "unknown", "url": "", "reason": reason, "code": "interrupted"}
            self.results["publish"] = dict(unknown)
        return self._show("publish")

    def _answer(self, job: Job) -> list[Command]:
        if not job.call:
            return []
        return [AnswerTool(job.speaker, job.call, self.results[job.kind])]

    def _show(self, kind: str) -> list[Command]:
        return self._show_result(kind, self.results[kind])

    @staticmethod
    def _show_result(kind: str, result: dict[str, object]) -> list[Command]:
        notice = shown(kind, result)
        return [Tell(notice)] if notice is not None else []

    def running(self, kind: str = "") -> Job | None:
        """The running job of this kind (of any kind when empty), None when there is none."""
        for job in reversed(self.jobs.values()):
            if job.state is JobState.RUNNING and kind in ("", job.kind):
                return job
        return None

    def cancel_all(self) -> list[Command]:
        running = [job for job in self.jobs.values() if job.state is JobState.RUNNING]
        return [command for job in running for command in self._cancel(job, "the session ended")]

    def _cancel(self, job: Job, reason: str) -> list[Command]:
        self.jobs[job.job] = replace(job, state=JobState.CANCELLED)
        failure = Tell(notices.JobFailure(job.job, job.kind, "cancelled", reason))
        return [CancelJob(job.job), failure, *self._perhaps_published(job, "cancelled")]

    def brief_changed(self, brief: Brief) -> list[Command]:
        """The human corrected an answer: what was made from the old one is made again.

        A post that the human has edited or decided on stays as it is.
        """
        self.brief = brief
        commands: list[Command] = []
        for work in WORK.values():
            if work.needs_approval or (work.job == "post" and self._post_is_settled()):
                continue
            running = self.running(work.job)
            if running is not None:
                commands += self._cancel(running, "started again with the corrected answer")
                commands += self._start(work, running)
            elif work.job in self.results:
                former = next(job for job in self.jobs.values() if job.kind == work.job)
                commands += self._start(work, replace(former, call=""))
        return commands

    def take_failed_try(self) -> dict[str, object]:
        """The publication that failed and was not told yet, {} for none. It is told once."""
        failed, self.failed_try = self.failed_try, {}
        return failed

    def _post_is_settled(self) -> bool:
        return self.post_edited or self.decided is not None

    @property
    def decided(self) -> Approval | None:
        """The request on which the human has decided: from then on the post stays as it was shown."""
        ends = (ApprovalState.APPROVE, ApprovalState.REJECT)
        return next((approval for approval in self.approvals.values() if approval.state in ends), None)

    # ------------------------------------------------------------------ approvals

    @property
    def open_approval(self) -> Approval | None:
        return next((a for a in self.approvals.values() if a.state is ApprovalState.OPEN), None)

    def _post(self) -> dict[str, object]:
        post = self.results.get("post", {})
        return {name: post.get(name, "") for name in ("text", "image", "alt")}

    def ask_approval(self, speaker: str, call: str, now: float) -> list[Command]:
        """Show the post, as it stands, to be approved. A former request is superseded."""
        commands = self._supersede()
        if not self._post()["text"]:
            self.results["publish"] = {"status": "failed", "code": "no_post", "reason": "there is no post"}
            return commands + ([AnswerTool(speaker, call, self.results["publish"])] if call else [])
        return [*commands, *self._request(self._post(), speaker, call, now)]

    def _ask_again(self, job: Job, result: dict[str, object], now: float) -> list[Command]:
        """Nothing was published: the same payload is shown once more, for another approval."""
        decided = self.decided
        assert decided is not None
        self.failed_try = result
        done = [Tell(notices.JobDone(job.job, job.kind)), *self._show_result("publish", result)]
        return [*done, *self._request(decided.payload, job.speaker, job.call, now)]

    def _request(self, payload: dict[str, object], speaker: str, call: str, now: float) -> list[Command]:
        approval = Approval(
            self._id("approval"), payload, payload_hash(payload), speaker, call, now + APPROVAL_LIFE_S
        )
        self.approvals[approval.approval] = approval
        request = notices.ApprovalRequested(
            approval.approval, "publish_post", payload, approval.hash, APPROVAL_LIFE_S * 1000
        )
        return [Tell(request)]

    def _resolve(self, approval: Approval, state: ApprovalState) -> list[Command]:
        self.approvals[approval.approval] = replace(approval, state=state)
        return [Tell(notices.ApprovalResolved(approval.approval, state.value))]

    def _supersede(self) -> list[Command]:
        former = self.open_approval
        return self._resolve(former, ApprovalState.SUPERSEDED) if former else []

    def decide(self, approval: Approval, decision: Decision) -> list[Command]:
        """Act on exactly the payload that was shown; the caller has checked that it is open."""
        self.failed_try = {}
        if decision is Decision.APPROVE:
            job = Job(self._id("job"), "publish", approval.speaker, approval.call)
            self.jobs[job.job] = job
            payload = {**approval.payload, "approval": approval.approval, "hash": approval.hash}
            return [
                *self._resolve(approval, ApprovalState.APPROVE),
                Tell(notices.JobStarted(job.job, "publish", "Publishing your post")),
                StartJob(job.job, "publish", payload),
            ]
        return self._refuse(approval, ApprovalState.REJECT, "rejected", "you decided not to publish it")

    def expire(self, approval: Approval) -> list[Command]:
        self.failed_try = {}
        return self._refuse(approval, ApprovalState.EXPIRED, "draft", "nobody approved it in time")

    def _refuse(self, approval: Approval, state: ApprovalState, status: str, reason: str) -> list[Command]:
        result: dict[str, object] = {"status": status, "url": "", "reason": reason}
        self.results["publish"] = result
        answer: list[Command] = [AnswerTool(approval.speaker, approval.call, result)] if approval.call else []
        return [*self._resolve(approval, state), *self._show("publish"), *answer]

    def edit_post(self, text: str, now: float) -> list[Command]:
        """The human changed the draft: an open approval of the old text no longer counts."""
        if "post" not in self.results or self.decided is not None:
            return []
        self.post_edited = True
        self.results["post"] = {**self.results["post"], "text": text}
        former = self.open_approval
        again = self.ask_approval(former.speaker, former.call, now) if former else []
        return [*self._show("post"), *again]
