"""Runs the team's work beside the conversation, each job in a child process of its own.

One JobRunner per server; a job belongs to a session. `start`, `cancel` and `cancel_session` return at
once; what comes of a job reaches its listener on the event loop, in order, and ends with exactly one
JobFinished or JobFailed. A spare worker waits with everything imported, so a job speaks at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orchestration.adapters.work import WorkErrorCode
from orchestration.events import JobFailed, JobFinished, JobProgressed
from server.jobs import limits
from server.jobs.means import MeansOf, no_means
from server.jobs.process import WORKER_COMMAND, WorkerProcess
from server.jobs.protocol import Failed, Log, Progress, Ready, Request, Result, WorkerMessage

logger = logging.getLogger(__name__)

TIME_LIMIT_S = 120.0
PARALLEL_JOBS = 4
LOG_LINES_MAX = 2000
LOG_BYTES_MAX = 200 * 1024
LOG_CUT = "(the log is longer than what is kept; it is cut here)"

REASONS = {
    WorkErrorCode.CANCELLED: "The work was cancelled.",
    WorkErrorCode.TIMED_OUT: "The work took too long and was stopped.",
    WorkErrorCode.CRASHED: "The worker stopped unexpectedly.",
}


class RunListener(Protocol):
    """Who is told what comes of a job. Called on the event loop; must not block or raise."""

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None: ...

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None: ...


@dataclass(eq=False, slots=True)
class _Run:
    """One job under way."""

    session_id: str
    job: str
    request: Request
    listener: RunListener
    task: asyncio.Task[None] | None = None
    log_lines: int = 0
    log_bytes: int = 0

    @property
    def kind(self) -> str:
        return self.request.kind

    def report(self, outcome: Result | Failed) -> None:
        """Tell how the job ended."""
        if isinstance(outcome, Result):
            self.listener.job_event(JobFinished(self.job, self.kind, outcome.result))
        else:
            self.listener.job_event(JobFailed(self.job, self.kind, outcome.code.value, outcome.reason))

    def log(self, lines: Sequence[str]) -> None:
        """Pass lines on while the log's limits last; say once that it is cut."""
        kept: list[str] = []
        for line in lines:
            if self.log_lines > LOG_LINES_MAX:
                break
            self.log_lines += 1
            self.log_bytes += len(line.encode()) + 1
            if self.log_lines > LOG_LINES_MAX or self.log_bytes > LOG_BYTES_MAX:
                self.log_lines = LOG_LINES_MAX + 1
                line = LOG_CUT
            kept.append(line)
        if kept:
            self.listener.job_log(self.job, self.kind, tuple(kept))


class JobRunner:
    """See the module. Create it anywhere; use it on the event loop; `await close()` at the end."""

    def __init__(
        self,
        *,
        time_limit_s: float = TIME_LIMIT_S,
        parallel: int = PARALLEL_JOBS,
        command: Sequence[str] = WORKER_COMMAND,
        means: MeansOf = no_means,
    ) -> None:
        self._time_limit_s = time_limit_s
        self._command = command
        self._means = means
        self._places = asyncio.Semaphore(parallel)
        self._runs: dict[tuple[str, str], _Run] = {}
        self._spare: asyncio.Task[WorkerProcess] | None = None
        self._closing = False

    def warm(self) -> None:
        """Start the spare worker, so that the first job need not wait. Safe to repeat."""
        if self._spare is None and not self._closing:
            self._spare = asyncio.create_task(WorkerProcess.spawn(self._command), name="job-spare")

    def start(
        self,
        session_id: str,
        job: str,
        kind: str,
        payload: dict[str, object],
        folder: Path,
        listener: RunListener,
    ) -> None:
        """Start a job; `folder` is the session's data folder. Raises ValueError for a job id in use."""
        key = (session_id, job)
        if key in self._runs:
            raise ValueError("this job is already running")
        means = dict(self._means(session_id, kind))
        run = _Run(session_id, job, Request(kind, payload, str(folder.resolve()), means), listener)
        run.task = asyncio.create_task(self._run(run), name=f"job-{kind}")
        self._runs[key] = run

    def cancel(self, session_id: str, job: str) -> bool:
        """Kill the job's processes; False when no such job runs. JobFailed `cancelled` follows."""
        run = self._runs.get((session_id, job))
        if run is None or run.task is None:
            return False
        self._cancel([run])
        return True

    def cancel_session(self, session_id: str) -> asyncio.Future[list[BaseException | None]]:
        """Cancel all jobs of a session. The future is done when their processes are gone."""
        runs = [run for run in self._runs.values() if run.session_id == session_id]
        return self._cancel(runs)

    def running(self, session_id: str) -> tuple[str, ...]:
        """The ids of the session's jobs under way."""
        return tuple(run.job for run in self._runs.values() if run.session_id == session_id)

    async def close(self) -> None:
        """Cancel everything and leave no process."""
        self._closing = True
        await self._cancel(list(self._runs.values()))
        spare, self._spare = self._spare, None
        if spare is not None:
            await self._dispose(spare)

    def _cancel(self, runs: list[_Run]) -> asyncio.Future[list[BaseException | None]]:
        tasks = [run.task for run in runs if run.task is not None]
        loop = asyncio.get_running_loop()
        for task in tasks:
            # Not at once: a task that is cancelled before its first step would report nothing.
            loop.call_soon(task.cancel)
        return asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    async def _dispose(spare: asyncio.Task[WorkerProcess]) -> None:
        try:
            worker = await spare
        except OSError:
            return
        await worker.closed()

    async def _run(self, run: _Run) -> None:
        outcome: Result | Failed
        try:
            if self._places.locked():
                run.listener.job_event(JobProgressed(run.job, 0, "waiting for a free place"))
            async with self._places:
                outcome = await self._work(run)
        except asyncio.CancelledError:
            # The task ends here by design: its cancellation is the job's, and it is reported.
            outcome = _failed(WorkErrorCode.CANCELLED)
        except Exception:
            # A task root: whatever went wrong, the conversation must hear that the job has ended.
            logger.exception("job_failed_unexpectedly", extra={"kind": run.kind})
            outcome = _failed(WorkErrorCode.CRASHED)
        del self._runs[run.session_id, run.job]
        run.report(outcome)

    async def _work(self, run: _Run) -> Result | Failed:
        worker = await self._take_worker()
        try:
            async with asyncio.timeout(limits.seconds(run.kind, run.request.means, self._time_limit_s)):
                outcome = await self._converse(worker, run)
        except TimeoutError:
            outcome = _failed(WorkErrorCode.TIMED_OUT)
        finally:
            await _until_closed(worker)
            self.warm()
        if outcome is None:
            logger.warning("job_worker_died", extra={"kind": run.kind, "stderr": worker.last_words})
            outcome = _failed(WorkErrorCode.CRASHED)
        return outcome

    async def _take_worker(self) -> WorkerProcess:
        """The spare, or the next one: a cancelled wait leaves it to the next job."""
        while True:
            self.warm()
            spare = self._spare
            if spare is None:
                raise OSError("the runner is closing")
            await asyncio.wait({spare})
            if self._spare is spare:
                self._spare = None
                worker = spare.result()
                if worker.alive:
                    return worker
                await worker.closed()

    async def _converse(self, worker: WorkerProcess, run: _Run) -> Result | Failed | None:
        """The job's outcome, None when the worker ended without one."""
        await worker.send(run.request)
        async for batch in worker.batches():
            for outcome in self._pass_on(run, batch):
                return outcome
        return None

    @staticmethod
    def _pass_on(run: _Run, batch: list[WorkerMessage]) -> list[Result | Failed]:
        """Tell the listener, in order, lines grouped; the outcomes in the batch are returned."""
        lines: list[str] = []
        outcomes: list[Result | Failed] = []
        for message in batch:
            if isinstance(message, Log):
                lines.append(message.line)
            elif isinstance(message, Progress):
                run.log(lines)
                lines = []
                run.listener.job_event(JobProgressed(run.job, message.percent, message.message))
            elif not isinstance(message, Ready):
                outcomes.append(message)
        run.log(lines)
        return outcomes


def _failed(code: WorkErrorCode) -> Failed:
    return Failed(code, REASONS[code])


async def _until_closed(worker: WorkerProcess) -> None:
    """Wait until nothing of the worker is left, also when we are cancelled meanwhile."""
    closing = asyncio.create_task(worker.closed(), name="job-closing")
    cancelled = False
    while not closing.done():
        try:
            await asyncio.wait({closing})
        except asyncio.CancelledError:
            cancelled = True
    closing.result()
    if cancelled:
        raise asyncio.CancelledError
