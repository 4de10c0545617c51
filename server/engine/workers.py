"""A pool of worker processes: what would block the engine's loop runs there.

A worker is `python -m <module>` that speaks frames (worker_frames) on its stdin and stdout, says
`{"op": "ready"}` first, and ends when its stdin ends, so none outlives the engine even if that is killed.
A worker that dies is replaced; whoever was using it is told by `WorkerLost`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine

from server.engine import worker_frames
from server.engine.worker_frames import Header

log = logging.getLogger(__name__)
READY_SECONDS = 30.0
RESPAWN_SECONDS = 0.5


class WorkerLost(Exception):
    """The worker process ended while it was in use."""


class Worker:
    """One child process, used by one job at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._prefix = b""
        self.busy = False
        """Whoever has a job running here sets it, and clears it with the job's last frame."""

    @classmethod
    async def start(cls, module: str, *arguments: str) -> Worker:
        """Start and wait until it is ready; raises WorkerLost if that takes too long or fails."""
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, stdin=PIPE, stdout=PIPE, env=environment
        )
        worker = cls(process)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await worker.receive()
        except (TimeoutError, WorkerLost):
            await worker.stop()
            raise WorkerLost(f"{module} did not get ready") from None
        except asyncio.CancelledError:
            await worker.stop()
            raise
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    def send(self, header: Header, body: bytes = b"") -> None:
        """Queue a frame; never blocks. To a dead worker it goes nowhere: `receive` tells."""
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.write(worker_frames.pack(header, body))

    async def receive(self) -> tuple[Header, bytes]:
        assert self._process.stdout is not None
        read = self._process.stdout.readexactly
        try:
            if not self._prefix:  # kept, so that a cancelled call leaves the stream in step
                self._prefix = await read(worker_frames.PREFIX_BYTES)
            header_bytes, body_bytes = worker_frames.sizes(self._prefix)
            frame = await read(header_bytes + body_bytes)
            self._prefix = b""
            return worker_frames.unpack_header(frame[:header_bytes]), frame[header_bytes:]
        except (asyncio.IncompleteReadError, OSError, ValueError) as error:
            raise WorkerLost(str(error)) from None

    async def stop(self) -> None:
        """End it at once: a worker holds nothing that is worth a farewell."""
        assert self._process.stdin is not None
        self.kill()
        self._process.stdin.close()
        await self._process.wait()
        with contextlib.suppress(OSError):
            await self._process.stdin.wait_closed()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


class WorkerPool:
    """`size` workers, lent to one job at a time; whoever comes when all are lent waits in line."""

    def __init__(self, module: str, size: int, *arguments: str) -> None:
        self._module = module
        self._arguments = arguments
        self._size = size
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._all: set[Worker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._closed = False
        self._waiting = 0

    async def open(self) -> None:
        """Return when one worker is ready (raises WorkerLost if it cannot be); the others follow."""
        self._free.put_nowait(await self._start())
        for _ in range(1, self._size):
            self._in_background(self._add())

    async def close(self) -> None:
        self._closed = True
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._all))
        self._all.clear()

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(worker.pid for worker in self._all)

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return self._waiting

    @contextlib.asynccontextmanager
    async def lend(self, patience_seconds: float | None = None) -> AsyncIterator[Worker]:
        """A worker for one job, first come first served. Left while `busy`, or dead, it is replaced.

        Raises WorkerLost when none is free for `patience_seconds` (None: waits on).
        """
        try:
            async with asyncio.timeout(patience_seconds):
                worker = await self._take()
        except TimeoutError:
            raise WorkerLost("no worker got free in time") from None
        try:
            yield worker
        finally:
            if worker.busy or not worker.alive:
                worker.kill()  # what it would still send belongs to nobody
                self._replace(worker)
            else:
                self._free.put_nowait(worker)

    async def _take(self) -> Worker:
        self._waiting += 1
        try:
            while not (worker := await self._free.get()).alive:
                self._replace(worker)
            return worker
        finally:
            self._waiting -= 1

    async def _start(self) -> Worker:
        worker = await Worker.start(self._module, *self._arguments)
        self._all.add(worker)
        return worker

    def _replace(self, worker: Worker) -> None:
        if not self._closed:
            self._in_background(self._respawn(worker))

    def _in_background(self, start: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(start)
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _respawn(self, dead: Worker) -> None:
        await dead.stop()
        self._all.discard(dead)
        log.warning("a worker process is replaced", extra={"module_name": self._module})
        await self._add()

    async def _add(self) -> None:
        """One more worker, however often that must be tried."""
        while True:
            try:
                self._free.put_nowait(await self._start())
            except (WorkerLost, OSError):
                await asyncio.sleep(RESPAWN_SECONDS)
            else:
                return
