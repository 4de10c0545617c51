"""The workshop's foreman: has the workflows' steps done by workers, and tells the server what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.adapters.work import WorkErrorCode
from server.jobs import limits, means, wire, workflows
from server.jobs.bench import Bench
from server.jobs.joblog import JobLog
from server.jobs.protocol import Failed, Log, Preview, Progress, Request, WorkerMessage
from server.jobs.wire import Key, failed

log = logging.getLogger(__name__)

DATABASE = "jobs.sqlite"
WAITING = "waiting for a free place"
CANCELLED = failed(WorkErrorCode.CANCELLED)
NO_ROOM = Failed(WorkErrorCode.STORAGE_FAILED, "There is no room to store the work here.")


@dataclass(eq=False, slots=True)
class Job:
    """What is known of a job in this process. `told_of`: the server wants to hear of it."""

    session: str
    job: str
    kind: str
    log: JobLog
    told_of: bool = False
    cancelled: bool = False
    resumed: bool = False
    new: bool = False
    """Nobody has ever begun it: that is certain."""
    outcome: dict[str, object] | None = None

    def is_cancelled(self) -> bool:
        return self.cancelled


class Foreman:
    """Carries the workflows' steps out, and speaks with the server. All on one event loop."""

    def __init__(self, setup: wire.Setup, bench: Bench, writer: asyncio.StreamWriter) -> None:
        self._limits = setup.limits
        self._external = bool(setup.database)
        self._file = Path(setup.folder) / DATABASE
        self._cancelled = set(setup.cancelled)
        self._bench = bench
        self._writer = writer
        self._jobs: dict[Key, Job] = {}
        self._asked: dict[int, asyncio.Future[dict[str, str]]] = {}
        self._asks = 0

    # ------------------------------------------------------------------ what the workflows need (Hands)

    def begun(self, order: dict[str, object]) -> None:
        self._job_of(order)

    async def service(self, order: dict[str, object]) -> str:
        given = await self._means(str(order["session"]), str(order["kind"]))
        service = means.service_of(str(order["kind"]), given)
        if service not in self._limits.services:
            return ""
        await workflows.open_service(service, *self._limits.services[service])
        return service

    async def work(self, order: dict[str, object]) -> dict[str, object]:
        job = self._jobs.get(_key(order))
        folder = Path(str(order["folder"]))
        there = await asyncio.to_thread(os.path.lexists, folder)
        if job is None or job.cancelled or not there:  # its session's data were deleted meanwhile
            return wire.as_json(CANCELLED)
        if job.resumed:
            job.resumed = False
            self._print(job, ["(the work was interrupted, and begins again)"])
        payload = order["payload"]
        assert isinstance(payload, dict)
        request = Request(job.kind, payload, str(folder), await self._means(job.session, job.kind))
        if job.is_cancelled():  # meanwhile
            return wire.as_json(CANCELLED)
        seconds = limits.seconds(job.kind, request.means, self._limits.time_limit_s)
        ended = await self._bench.work(_name(job), request, seconds, lambda said: self._hear(job, said))
        return wire.as_json(ended)

    def note(self, order: dict[str, object], line: str) -> None:
        if (job := self._jobs.get(_key(order))) is not None:
            self._print(job, [line])

    def ended(self, order: dict[str, object], outcome: dict[str, object]) -> None:
        """Of a job that was cancelled the end was told already, perhaps; nothing more is kept of it then."""
        if (job := self._jobs.get(_key(order))) is not None:
            self._end(job, outcome)

    async def _means(self, session: str, kind: str) -> dict[str, str]:
        self._asks += 1
        answer: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._asked[self._asks] = answer
        self._say(wire.Ask(self._asks, session, kind))
        return await answer

    # ------------------------------------------------------------------ what the server wants

    async def serve(self, reader: asyncio.StreamReader) -> None:
        """Until the server is gone. Answers to what we asked overtake what takes its time."""
        orders: asyncio.Queue[wire.Message] = asyncio.Queue()
        taking = asyncio.create_task(self._take(orders), name="workshop-orders")
        taking.add_done_callback(lambda _: reader.feed_eof())  # it never ends by itself
        self._say(wire.Open())
        while line := await reader.readline():
            message = wire.parse(line)
            if isinstance(message, wire.Means):
                answered = self._asked.pop(message.ask)
                if not answered.done():  # who asked may be gone
                    answered.set_result(message.values)
            else:
                orders.put_nowait(message)

    async def _take(self, orders: asyncio.Queue[wire.Message]) -> None:
        while True:
            message = await orders.get()
            try:
                await self._carry_out(message)
            except Exception:
                # The root of a wish: a database that fails (its disk is full) costs this one.
                log.exception("a wish was not carried out", extra={"wish": type(message).__name__})
                if isinstance(message, wire.Start):
                    job = self._jobs[message.session, message.job]
                    # Of what is done once at the most nobody may say that it was not begun, if it may be.
                    certain = job.new or job.kind not in workflows.ONCE
                    self._end(job, wire.as_json(NO_ROOM if certain else failed(WorkErrorCode.CRASHED)))

    async def _carry_out(self, message: wire.Message) -> None:
        match message:
            case wire.Start():
                await self._start(message)
            case wire.Cancel(session, name):
                await self._cancel((session, name))
            case wire.Attach(session):
                await self._attach(session)
            case wire.Told(session, name):
                await workflows.told(session, name)
                self._jobs.pop((session, name), None)
            case wire.Forget(session):
                await self._forget(session)
            case _:
                log.error("the server said what it never says", extra={"type": type(message).__name__})

    async def _start(self, start: wire.Start) -> None:
        order: dict[str, object] = {
            "session": start.session,
            "job": start.job,
            "kind": start.kind,
            "payload": start.payload,
            "folder": start.folder,
        }
        job = self._job_of(order)
        self._tell_of(job, start.printed)
        if job.outcome is not None:
            return
        known = await workflows.status(start.session, start.job)
        if known is not None and (outcome := workflows.outcome(known)) is not None:
            self._end(job, outcome)
        elif known is None and not job.cancelled:
            job.new = True
            if self._is_full(job):
                self._say(wire.Step(job.session, job.job, job.kind, 0, WAITING))
            await workflows.enqueue(order)

    def _is_full(self, job: Job) -> bool:
        others = [one for one in self._jobs.values() if one.outcome is None and one is not job]
        mine = sum(one.session == job.session for one in others)
        return len(others) >= self._limits.parallel or mine >= self._limits.per_session

    async def _cancel(self, key: Key) -> None:
        job = self._jobs.get(key)
        if job is None or job.outcome is not None:
            self._cancelled.add(key)
            await workflows.cancel(*key)
            ended = job.outcome if job is not None else None
            self._say(wire.Ended(*key, job.kind if job else "", ended or wire.as_json(CANCELLED)))
            return
        job.cancelled = True
        self._bench.cancel(_name(job))
        await workflows.cancel(*key)
        await self._bench.gone(_name(job))
        self._end(job, wire.as_json(CANCELLED))

    async def _attach(self, session: str) -> None:
        for known in await workflows.of_session(session):
            order = workflows.order_of(known)
            if workflows.was_told(known) or not order:
                continue
            job = self._job_of(order)
            self._tell_of(job, 0)
            if job.outcome is None and (outcome := workflows.outcome(known)) is not None:
                self._end(job, outcome)

    async def _forget(self, session: str) -> None:
        for key in [key for key in self._jobs if key[0] == session]:
            await self._cancel(key)
            self._jobs.pop(key, None)  # it may have been told of meanwhile
        names = [known.workflow_id.partition(".")[2] for known in await workflows.of_session(session)]
        if names:
            await workflows.delete(session, names)
            await asyncio.to_thread(self._overwrite)
        self._say(wire.Forgotten(session))

    def _overwrite(self) -> None:
        """What was deleted stands in the write-ahead log until that is begun anew."""
        if not self._external:
            with contextlib.closing(sqlite3.connect(self._file, timeout=5)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def sweep(self) -> None:
        """Forget the jobs of sessions whose folders are gone, and end what an older version left."""
        gone: set[str] = set()
        for known in await workflows.all_jobs():
            order = workflows.order_of(known)
            session, _, name = known.workflow_id.partition(".")
            if known.app_version != workflows.VERSION and workflows.outcome(known) is None:
                await self._cancel((session, name))
            if not order or not await asyncio.to_thread(Path(str(order["folder"])).exists):
                gone.add(session)
        for session in gone:
            await self._forget(session)

    # ------------------------------------------------------------------ what is told

    def _job_of(self, order: dict[str, object]) -> Job:
        key = _key(order)
        if key not in self._jobs:
            job = Job(*key, str(order["kind"]), JobLog(Path(str(order["folder"])), key[1]))
            job.cancelled = key in self._cancelled
            job.resumed = len(job.log) > 0
            self._jobs[key] = job
        return self._jobs[key]

    def _tell_of(self, job: Job, printed: int) -> None:
        """From now on the server hears of it; what it has missed at once."""
        job.told_of = True
        if missed := job.log.since(printed):
            self._say(wire.Lines(job.session, job.job, job.kind, printed, missed))
        if job.outcome is not None:
            self._say(wire.Ended(job.session, job.job, job.kind, job.outcome))

    def _hear(self, job: Job, said: Sequence[WorkerMessage]) -> None:
        """Of what was said at the same time: all lines, and how far it is now."""
        self._print(job, [one.line for one in said if isinstance(one, Log)])
        for live in [one for one in said if isinstance(one, Preview)] if job.told_of else []:
            self._say(wire.Preview(job.session, job.job, job.kind, live.socket, live.address))
        steps = [one for one in said if isinstance(one, Progress)]
        if steps and job.told_of:
            self._say(wire.Step(job.session, job.job, job.kind, steps[-1].percent, steps[-1].message))

    def _print(self, job: Job, lines: Sequence[str]) -> None:
        first = len(job.log)
        kept = job.log.add(lines)
        if kept and job.told_of:
            self._say(wire.Lines(job.session, job.job, job.kind, first, kept))

    def _end(self, job: Job, outcome: dict[str, object]) -> None:
        """The first outcome holds."""
        if job.outcome is None:
            job.outcome = outcome
            if job.told_of:
                self._say(wire.Ended(job.session, job.job, job.kind, outcome))

    def _say(self, message: wire.Message) -> None:
        """The server reads all the time; what it has not read yet is bounded by what jobs may print."""
        self._writer.write(wire.line(message))


def _key(order: dict[str, object]) -> Key:
    return (str(order["session"]), str(order["job"]))


def _name(job: Job) -> str:
    return f"{job.session}.{job.job}"
