"""Jobs as DBOS workflows: what is done in which order, each step once, whatever is killed between.

A job waits in a queue for its place. Its steps are: what outside service it will use (then it waits in that
service's queue, which lets a certain number begin in a certain time), the work itself in a worker, and again
after a pause where that may help. The last step's result is the job's outcome.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, WorkflowStatus
from dbos import Serializer as DBOSSerializer

from orchestration.adapters.work import WorkErrorCode
from server.jobs.protocol import Failed
from server.jobs.wire import Limits, as_json, failed, outcome_of

NAME = "moentreprise"
VERSION = "1"
"""To be raised when a workflow's steps change: what an older version left is then ended, not taken up."""
JOBS = "jobs"
POLL_S = 0.25
"""How often a queue is looked at: most of the time between a job's start and its first line."""
SERVICE_POLL_S = 0.5
PAUSES_S = (0.5, 2.0)
"""Before the second and the third try."""
STARTS_MAX = 4
"""How often a job is taken up, the first time counted: one may end the workshop itself."""
ONCE = ("publish",)
"""Kinds that are never tried again: whether the first try did something can be unknown."""
KINDS = ("research", "website", "post", "picture", "publish")
OTHER = "other"

Order = dict[str, object]
"""What a workflow is started with: session, job, kind, payload, folder. No means."""


class Hands(Protocol):
    """Who carries the steps out (server.jobs.foreman)."""

    def begun(self, order: Order) -> None:
        """The job is under way, perhaps once more."""

    async def service(self, order: Order) -> str:
        """The outside service that this job will use, empty for none; its queue is open then."""

    async def work(self, order: Order) -> dict[str, object]:
        """Let a worker do it, once. The outcome as wire.as_json."""

    def note(self, order: Order, line: str) -> None:
        """Say something in the job's log."""

    def ended(self, order: Order, outcome: dict[str, object]) -> None:
        """The outcome is certain."""


class JsonSerializer(DBOSSerializer):
    """What DBOS keeps is readable, and reading it runs nothing (its own default is pickle)."""

    def serialize(self, data: object) -> str:
        return json.dumps(data, default=lambda other: {"error": f"{type(other).__name__}: {other}"})

    def deserialize(self, serialized_data: str) -> object:
        value = json.loads(serialized_data)
        if isinstance(value, dict) and value.keys() == {"error"}:
            return RuntimeError(str(value["error"]))
        return value

    def name(self) -> str:
        return "json"


_hands: Hands


def workflow_id(session: str, job: str) -> str:
    return f"{session}.{job}"


def gate_id(session: str, job: str) -> str:
    return f"gate.{session}.{job}"


@DBOS.step(name="service")
async def _service(order: Order) -> str:
    return await _hands.service(order)


@DBOS.step(name="work")
async def _work(order: Order) -> dict[str, object]:
    status = await DBOS.get_workflow_status_async(str(DBOS.workflow_id))
    if status is not None and (status.recovery_attempts or 0) > STARTS_MAX:
        return as_json(failed(WorkErrorCode.CRASHED))
    return await _hands.work(order)


@DBOS.workflow(name="gate")
async def _gate() -> bool:
    """Nothing: to be let in by the queue is all."""
    return True


async def _job(order: Order) -> dict[str, object]:
    _hands.begun(order)
    try:
        outcome = await _outcome(order)
    except Exception:
        # The root of the job: a step could not be kept, or worse. Whoever waits must hear that it has ended.
        _hands.ended(order, as_json(failed(WorkErrorCode.CRASHED)))
        raise
    _hands.ended(order, outcome)
    return outcome


async def _outcome(order: Order) -> dict[str, object]:
    service = await _service(order)
    if service:
        _hands.note(order, f"waiting for its turn with {service}")
        with SetWorkflowID(gate_id(str(order["session"]), str(order["job"]))):
            gate = await DBOS.enqueue_workflow_async(service, _gate)
        await gate.get_result(polling_interval_sec=POLL_S / 2)
    pauses = () if order["kind"] in ONCE else PAUSES_S
    outcome = await _work(order)
    for pause_s in pauses:
        if not _may_help(outcome):
            break
        _hands.note(order, "(that did not work out; it is tried again in a moment)")
        await DBOS.sleep_async(pause_s)
        outcome = await _work(order)
    return outcome


def _may_help(outcome: dict[str, object]) -> bool:
    ended = outcome_of(outcome)
    return isinstance(ended, Failed) and ended.retryable


def _workflow(kind: str) -> Callable[[Order], Awaitable[dict[str, object]]]:
    async def job(order: Order) -> dict[str, object]:
        return await _job(order)

    return DBOS.workflow(name=kind)(job)


_WORKFLOWS = {kind: _workflow(kind) for kind in (*KINDS, OTHER)}


async def launch(hands: Hands, database: str, limits: Limits, schema: str) -> None:
    """Begin: what was under way is taken up at once, so that `hands` must be ready. Call it on the loop.

    Raises what DBOS and SQLAlchemy raise when the database cannot be used.
    """
    global _hands
    _hands = hands
    config: DBOSConfig = {
        "name": NAME,
        "system_database_url": database,
        "application_version": VERSION,
        "executor_id": "workshop",
        "serializer": JsonSerializer(),
        "dbos_system_schema": schema,
        "enable_otlp": False,
        "log_level": "WARNING",
        "db_engine_kwargs": {"hide_parameters": True},
        "notification_listener_polling_interval_sec": 5.0,  # nothing here sends notifications
    }
    quiet()
    DBOS(config=config)
    DBOS.launch()
    await DBOS.register_queue_async(
        JOBS,
        global_concurrency=limits.parallel,
        partition_concurrency=min(limits.per_session, limits.parallel),
        polling_interval_sec=POLL_S,
        on_conflict="always_update",
    )


async def open_service(name: str, count: int, period_s: float) -> None:
    """Let `count` jobs begin to use this service in `period_s`. Made at the first use: each queue costs."""
    await DBOS.register_queue_async(
        name,
        limiter={"limit": count, "period": period_s},
        polling_interval_sec=SERVICE_POLL_S,
        on_conflict="always_update",
    )


class _Discreet(logging.Filter):
    """DBOS writes a workflow's arguments into some messages: what humans said goes into no log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = record.getMessage().partition("{")[0].partition("(")[0].strip()
        record.args = None
        return True


def quiet() -> None:
    """DBOS logs where we do, and only what went wrong."""
    logger = logging.getLogger("dbos")
    handler = logging.NullHandler()
    logger.handlers[:] = [handler]  # it makes one of its own only when there is none
    logger.addFilter(_Discreet())
    logger.propagate = True


async def enqueue(order: Order) -> None:
    """Start the job, unless it was started before."""
    session, job = str(order["session"]), str(order["job"])
    kind = str(order["kind"])
    workflow = _WORKFLOWS.get(kind, _WORKFLOWS[OTHER])
    with SetWorkflowID(workflow_id(session, job)), SetEnqueueOptions(queue_partition_key=session):
        await DBOS.enqueue_workflow_async(JOBS, workflow, order)  # type: ignore[arg-type]


async def status(session: str, job: str) -> WorkflowStatus | None:
    return await DBOS.get_workflow_status_async(workflow_id(session, job))


async def of_session(session: str) -> list[WorkflowStatus]:
    """All jobs of a session that are kept, the oldest first, with what they were started with."""
    return await DBOS.list_workflows_async(workflow_id_prefix=f"{session}.")


async def all_jobs() -> list[WorkflowStatus]:
    return await DBOS.list_workflows_async(name=[*KINDS, OTHER], load_output=False)


def order_of(job: WorkflowStatus) -> Order:
    """What the workflow was started with; what nobody can read is an order without anything."""
    try:
        (order,) = job.input["args"] if job.input else ({},)
        return order if isinstance(order, dict) else {}
    except (ValueError, KeyError, TypeError):
        return {}


def outcome(job: WorkflowStatus) -> dict[str, object] | None:
    """How it ended; None while it goes on."""
    match job.status:
        case "SUCCESS":
            return as_json(outcome_of(job.output))
        case "CANCELLED":
            return as_json(failed(WorkErrorCode.CANCELLED))
        case "ERROR" | "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
            return as_json(failed(WorkErrorCode.CRASHED))
        case _:
            return None


def was_told(job: WorkflowStatus) -> bool:
    return bool((job.attributes or {}).get("told"))


async def told(session: str, job: str) -> None:
    """Nothing, when there is no such job (any more)."""
    if await status(session, job) is not None:
        await DBOS.update_workflow_attributes_async(workflow_id(session, job), {"told": True})


async def cancel(session: str, job: str) -> None:
    await DBOS.cancel_workflows_async([workflow_id(session, job)], cancel_children=True)


async def delete(session: str, jobs: list[str]) -> None:
    ids = [workflow_id(session, job) for job in jobs] + [gate_id(session, job) for job in jobs]
    await DBOS.delete_workflows_async(ids, delete_children=True)
