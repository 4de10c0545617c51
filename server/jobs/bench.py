"""Where the workshop's workers stand: one process for each piece of work, and a warm spare."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from orchestration.adapters.work import WorkErrorCode
from server.jobs.process import WORKER_COMMAND, WorkerProcess
from server.jobs.protocol import Failed, Ready, Request, Result, WorkerMessage
from server.jobs.wire import failed

log = logging.getLogger(__name__)

Hear = Callable[[list[WorkerMessage]], None]


class Bench:
    """Use it on one event loop: the workers live as long as its thread (PR_SET_PDEATHSIG)."""

    def __init__(self, command: Sequence[str] = WORKER_COMMAND, inherited: Sequence[int] = ()) -> None:
        self._command = tuple(command)
        self._inherited = tuple(inherited)
        self._spare: asyncio.Task[WorkerProcess] | None = None
        self._workers: set[WorkerProcess] = set()
        self._work: dict[str, asyncio.Task[Result | Failed]] = {}

    def warm(self) -> None:
        """Start the spare worker, so that the next work need not wait. Safe to repeat."""
        if self._spare is None:
            spawning = WorkerProcess.spawn(self._command, self._inherited)
            self._spare = asyncio.create_task(spawning, name="job-spare")

    async def work(self, name: str, request: Request, limit_s: float, hear: Hear) -> Result | Failed:
        """Let a worker do it, within `limit_s`; `hear` gets what it says, in order. Nothing of it is left."""
        task = asyncio.create_task(self._carry_out(request, limit_s, hear), name=f"job-{request.kind}")
        self._work[name] = task
        try:
            await asyncio.wait({task})
        finally:
            del self._work[name]
        if task.cancelled():
            return failed(WorkErrorCode.CANCELLED)
        if (error := task.exception()) is not None:
            log.error("a job failed unexpectedly", exc_info=error, extra={"kind": request.kind})
            return failed(WorkErrorCode.CRASHED, retryable=isinstance(error, OSError))
        return task.result()

    def cancel(self, name: str) -> None:
        """Kill the worker of that name; its `work` then ends as cancelled."""
        if (task := self._work.get(name)) is not None:
            task.cancel()

    async def gone(self, name: str) -> None:
        """Return when nothing of that work is left."""
        if (task := self._work.get(name)) is not None:
            await asyncio.wait({task})

    def kill(self) -> None:
        """Kill all workers and what they started, before this process ends. No end is told any more."""
        for worker in self._workers:
            worker.kill()

    async def _carry_out(self, request: Request, limit_s: float, hear: Hear) -> Result | Failed:
        worker = await self._take_worker()
        self._workers.add(worker)
        try:
            async with asyncio.timeout(limit_s):
                outcome = await self._converse(worker, request, hear)
        except TimeoutError:
            return failed(WorkErrorCode.TIMED_OUT)
        finally:
            await _until_closed(worker)
            self._workers.discard(worker)
            self.warm()
        if outcome is None:
            log.warning("a job's worker died", extra={"kind": request.kind, "stderr": worker.last_words})
            outcome = failed(WorkErrorCode.CRASHED, retryable=True)
        return outcome

    async def _take_worker(self) -> WorkerProcess:
        """The spare, or the next one: a cancelled wait leaves it to the next job. Raises OSError."""
        while True:
            self.warm()
            spare = self._spare
            assert spare is not None
            await asyncio.wait({spare})
            if self._spare is spare:
                self._spare = None
                worker = spare.result()
                if worker.alive:
                    return worker
                await worker.closed()

    @staticmethod
    async def _converse(worker: WorkerProcess, request: Request, hear: Hear) -> Result | Failed | None:
        """The outcome, None when the worker ended without one."""
        await worker.send(request)
        async for batch in worker.batches():
            said = [one for one in batch if not isinstance(one, Ready)]
            hear([one for one in said if not isinstance(one, Result | Failed)])
            for one in said:
                if isinstance(one, Result | Failed):
                    return one
        return None


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
