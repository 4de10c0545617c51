"""The work that goes on beside the conversation: jobs, their results, and what a human approved. Pure.

A tool call becomes a job; its result goes back to the model that called. `publish_post` becomes an
approval of one exact payload first. A correction of the brief starts the jobs again that used it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

from orchestration import notices
from orchestration.adapters.work import WorkError, WorkErrorCode
from orchestration.approval import APPROVAL_LIFE_S, Approval, ApprovalState, payload_hash
from orchestration.brief import Brief
from orchestration.events import (
    AnswerTool,
    CancelJob,
    Command,
    Decision,
    JobFailed,
    JobFinished,
    JobProgressed,
    Picture,
    PostEdited,
    StartJob,
    Tell,
    ToolCall,
)
from orchestration.job import Job, JobState
from orchestration.shown import shown
from orchestration.tools import WORK, Arguments, Result, Work

log = logging.getLogger(__name__)

NOTHING_SENT = frozenset({"invalid_payload", "not_approved", "unknown_kind", "storage_failed"})
"""Failures of a job that publishes after which it is certain that nothing was published."""
PICTURE = "picture"
"""The kind of the job that makes the post another picture."""
_OF_THE_PICTURE = ("image", "alt", "picture_by", "because")
_SHOWN = ("text", "image", "alt")
"""What an approval of a post binds."""


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
    kept: set[str] = field(default_factory=set)
    """The parts of the post that the human chose: another draft leaves them as they are."""
    waiting: dict[str, Job] = field(default_factory=dict)
    """Kind → work that starts as soon as nothing that it uses is being made again."""
    setbacks: dict[str, dict[str, object]] = field(default_factory=dict)
    """Kind → why it could not be made again; what was made before stands."""
    asks_later: tuple[str, str] | None = None
    """The speaker and the call of a request for approval that waits until the post has its new picture."""
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
        if work.needs_approval:
            return self.ask_approval(speaker, called.call, now)
        self.results.pop(work.job, None)
        return self._order(work, Job("", work.job, speaker, called.call, called.arguments))

    def _order(self, work: Work, order: Job) -> list[Command]:
        """Start the work, at once or after what it uses."""
        self.waiting.pop(work.job, None)
        if any(self.is_coming(kind) for kind in work.uses):
            self.waiting[work.job] = order
            return []
        return self._start(work, order)

    def _start_waiting(self) -> list[Command]:
        """Start what waited for the work that has just ended."""
        commands: list[Command] = []
        for work in WORK.values():
            order = self.waiting.get(work.job)
            if order is not None:
                commands += self._order(work, order)
        return commands

    def is_coming(self, kind: str) -> bool:
        """Whether a result of this kind is being made, or will be, without anybody's asking."""
        return self.running(kind) is not None or kind in self.waiting

    def _start(self, work: Work, order: Job) -> list[Command]:
        """Carry the order out, as a new job or at once."""
        job = replace(order, job=self._id("job"), state=JobState.RUNNING)
        self.jobs[job.job] = job
        if work.answer is not None:
            return self._answer_at_once(work, job)
        return self._begin(job, work.title, work.uses)

    def _begin(self, job: Job, title: str, uses: tuple[str, ...]) -> list[Command]:
        assert job.kind != "publish", "only a decision starts that"
        self.setbacks.pop(job.kind, None)
        payload: dict[str, object] = {
            "brief": self.brief.texts(),
            "sources": {answer.key: answer.source.value for answer in self.brief.all},
            "arguments": job.arguments,
            **{kind: self.results.get(kind, {}) for kind in uses},
        }
        if job.kind == "post":
            payload["keeps"] = self._post()["image"]  # it may be shown, or be decided on, all the time
        return [Tell(notices.JobStarted(job.job, job.kind, title)), StartJob(job.job, job.kind, payload)]

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
        percent = max(job.percent, event.percent)  # also where a part of it is done anew, in another way
        self.jobs[event.job] = replace(job, percent=percent, message=event.message)
        return [Tell(notices.JobProgress(job.job, job.kind, percent, event.message))]

    def finished(self, event: JobFinished, now: float) -> list[Command]:
        job = self.jobs.get(event.job)
        if job is None or job.state is not JobState.RUNNING:
            return []
        self.jobs[event.job] = replace(job, state=JobState.DONE, percent=100)
        if job.kind == "publish" and event.result.get("retry") is True:
            return self._ask_again(job, event.result, now)
        done: list[Command] = [Tell(notices.JobDone(job.job, job.kind))]
        if job.kind in ("post", PICTURE) and self.decided is not None:  # it stays as it was decided on
            return [*done, *(self._answer(job) if job.kind == "post" else [])]
        self.setbacks.pop(job.kind, None)
        if job.kind == PICTURE:
            self.kept |= set(_OF_THE_PICTURE)
            return [*done, *self._change_post(event.result, _OF_THE_PICTURE, now)]
        result, former = event.result, self.results.get("post", {})
        if job.kind == "post":
            result = {**result, **{part: former[part] for part in self.kept if part in former}}
        self.results[job.kind] = result
        commands = [*done, *self._show(job.kind), *self._answer(job)]
        return [*commands, *(self._ask_anew(now) if job.kind == "post" else []), *self._start_waiting()]

    def failed(self, event: JobFailed, now: float = 0.0) -> list[Command]:
        """What could not be made again is still there as it was before."""
        job = self.jobs.get(event.job)
        if job is None or job.state is not JobState.RUNNING:
            return []
        state = JobState.CANCELLED if event.code == "cancelled" else JobState.FAILED
        self.jobs[event.job] = replace(job, state=state)
        failure: dict[str, object] = {"status": "failed", "code": event.code, "reason": event.reason}
        if job.kind == PICTURE or self._stands(job.kind):
            self.setbacks[job.kind] = failure
        else:
            self.results[job.kind] = failure
        told = Tell(notices.JobFailure(job.job, job.kind, event.code, event.reason))
        after = self._ask_anew(now) if job.kind == PICTURE else self._answer(job)
        return [told, *self._perhaps_published(job, event.code), *after, *self._start_waiting()]

    def _stands(self, kind: str) -> bool:
        """Whether there is something of this kind that a failure to make it again does not undo."""
        return kind != "publish" and self.results.get(kind, {}).get("status", "failed") != "failed"

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
        self.waiting.clear()
        running = [job for job in self.jobs.values() if job.state is JobState.RUNNING]
        return [command for job in running for command in self._cancel(job, "the session ended")]

    def _cancel(self, job: Job, reason: str) -> list[Command]:
        self.jobs[job.job] = replace(job, state=JobState.CANCELLED)
        failure = Tell(notices.JobFailure(job.job, job.kind, "cancelled", reason))
        return [CancelJob(job.job), failure, *self._perhaps_published(job, "cancelled")]

    def brief_changed(self, brief: Brief) -> list[Command]:
        """The human corrected an answer: what was made from the old one is made again.

        A post that the human has edited or decided on stays as it is. What uses other work waits for it.
        """
        before, self.brief = self.brief, brief
        changed = {answer.key for answer in brief.all if answer != before[answer.key]}
        commands: list[Command] = []
        for work in WORK.values():
            settled = work.job == "post" and self._post_is_settled()
            if work.needs_approval or settled or changed <= set(work.regardless):
                continue
            order, running = self._former(work.job), self.running(work.job)
            if running is not None:
                commands += self._cancel(running, "started again with the corrected answer")
            if order is not None:
                commands += self._order(work, order)
        drawing = self.running(PICTURE)
        if drawing is not None and not changed <= set(WORK["draft_post"].regardless):
            commands += self._cancel(drawing, "started again with the corrected answer")
            commands += self._draw(drawing.arguments)
        return commands

    def _former(self, kind: str) -> Job | None:
        """The order by which this kind of work was begun, or is; None when it has not come to it yet."""
        pending = self.running(kind) or self.waiting.get(kind)
        if pending is None and kind in self.results:
            return replace(next(job for job in self.jobs.values() if job.kind == kind), call="")
        return pending

    def take_failed_try(self) -> dict[str, object]:
        """The publication that failed and was not told yet, {} for none. It is told once."""
        failed, self.failed_try = self.failed_try, {}
        return failed

    def _post_is_settled(self) -> bool:
        return "text" in self.kept or self.decided is not None

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
        return {name: post.get(name, "") for name in _SHOWN}

    def ask_approval(self, speaker: str, call: str, now: float) -> list[Command]:
        """Show the post, as it stands, to be approved. A former request is superseded.

        While the post gets another picture the request waits for it. What is on its way, is out or may be so
        is not asked for a second time.
        """
        if sent := self._sent():
            return [AnswerTool(speaker, call, sent)] if call else []
        self.results.pop("publish", None)
        commands = self._supersede()
        self.asks_later = (speaker, call) if self.running(PICTURE) is not None else None
        if self.asks_later is not None:
            return commands
        if not self._post()["text"]:
            self.results["publish"] = {"status": "failed", "code": "no_post", "reason": "there is no post"}
            return commands + ([AnswerTool(speaker, call, self.results["publish"])] if call else [])
        return [*commands, *self._request(self._post(), speaker, call, now)]

    def _sent(self) -> dict[str, object]:
        """What is known of a publication that goes on, has happened or may have; {} when there is none."""
        if self.running("publish") is not None:
            return {"status": "publishing", "url": "", "reason": "it was approved and is on its way"}
        result = self.results.get("publish", {})
        return result if result.get("status") in ("published", "unknown") else {}

    def _ask_again(self, job: Job, result: dict[str, object], now: float) -> list[Command]:
        """Nothing was published: the same payload is shown once more, for another approval."""
        decided = self.decided
        assert decided is not None
        self.failed_try = result
        done = [Tell(notices.JobDone(job.job, job.kind)), *self._show_result("publish", result)]
        return [*done, *self._supersede(), *self._request(decided.payload, job.speaker, job.call, now)]

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
        """Act on exactly the payload that was shown. What is not open any more cannot be decided."""
        if self.approvals.get(approval.approval) != approval or approval.state is not ApprovalState.OPEN:
            return []
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
        return self._refuse(approval, ApprovalState.EXPIRED, "expired", "nobody approved it in time")

    def _refuse(self, approval: Approval, state: ApprovalState, status: str, reason: str) -> list[Command]:
        result: dict[str, object] = {"status": status, "url": "", "reason": reason}
        self.results["publish"] = result
        answer: list[Command] = [AnswerTool(approval.speaker, approval.call, result)] if approval.call else []
        return [*self._resolve(approval, state), *self._show("publish"), *answer]

    # ------------------------------------------------------------------ the post in the human's hand

    def edit_post(self, event: PostEdited, now: float) -> list[Command]:
        """The human changed the draft: an open approval of the old one no longer counts."""
        changed = {"text": event.text, "alt": event.alt}
        parts: dict[str, object] = {part: text for part, text in changed.items() if text is not None}
        if "post" not in self.results or self.decided is not None or not parts:
            return []
        if "text" in parts:
            parts |= {"text_by": "human", "text_because": ""}
        self.kept |= set(parts) | set(_OF_THE_PICTURE if "alt" in parts else ())
        return self._change_post(parts, tuple(parts), now)

    def change_picture(self, wish: Picture, now: float) -> list[Command]:
        """Another picture, or none. The former one stays until there is another; approving waits for it."""
        if not self._post()["text"] or self.decided is not None:
            return []
        drawing = self.running(PICTURE)
        commands = self._cancel(drawing, "another picture is wanted") if drawing is not None else []
        if wish is Picture.NONE:
            self.kept |= set(_OF_THE_PICTURE)
            return [*commands, *self._change_post({}, _OF_THE_PICTURE, now)]
        return [*commands, *self._draw({"picture": wish.value}), *self._ask_anew(now)]

    def _draw(self, wish: Arguments) -> list[Command]:
        author = next((job.speaker for job in self.jobs.values() if job.kind == "post"), "")
        job = Job(self._id("job"), PICTURE, author, "", wish)
        self.jobs[job.job] = job
        return self._begin(job, "Making another picture", ("post",))

    def _change_post(self, change: dict[str, object], parts: tuple[str, ...], now: float) -> list[Command]:
        """These parts of the post are now as in `change`, or empty; who was asked about it is asked anew."""
        fresh = {part: change.get(part, "") for part in parts}
        self.results["post"] = {**self.results["post"], **fresh}
        return [*self._show("post"), *self._ask_anew(now)]

    def _ask_anew(self, now: float) -> list[Command]:
        """The open request is not for what the post is now: supersede it, and ask once that is settled."""
        former = self.open_approval
        asks = (former.speaker, former.call) if former is not None else self.asks_later
        return self.ask_approval(*asks, now) if asks is not None else []
