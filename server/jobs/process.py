"""One worker process, seen from the workshop: its own session, no inherited secrets, killed as a group."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from server.jobs.protocol import LineSplitter, Request, WorkerMessage, parse_message

READ_BYTES = 65536
STDERR_BYTES_KEPT = 4096
KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ")
"""All that a worker inherits: no key, no token, no proxy."""

WORKER_COMMAND = (sys.executable, "-P", "-m", "server.jobs")


def worker_environment() -> dict[str, str]:
    """The environment of a worker: what it needs to find Python's packages, and nothing else."""
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    house = str(Path(__file__).resolve().parents[2])
    return {**kept, "PYTHONPATH": house, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class WorkerProcess:
    """A started worker. `kill()` is immediate; `closed()` returns when nothing of it is left."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._handle = self._watched()
        self._stderr = bytearray()
        self._drain = asyncio.create_task(self._drain_stderr(), name="job-stderr")

    @classmethod
    async def spawn(
        cls, command: Sequence[str] = WORKER_COMMAND, inherited: Sequence[int] = ()
    ) -> WorkerProcess:
        """Start a worker, which keeps the `inherited` descriptors; raises OSError when the system cannot."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd="/",
            env=worker_environment(),
            process_group=0,  # not a session of its own: the kernel may share its time out by sessions
            pass_fds=inherited,
        )
        try:
            return cls(process)
        except OSError:  # it was killed, because nobody can watch it
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def last_words(self) -> str:
        """The end of its stderr, for our log only."""
        return self._stderr.decode("utf-8", "replace")

    async def send(self, request: Request) -> None:
        """Hand over the work. A worker that is gone already shows as the end of its messages."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(request.line())
            await self._process.stdin.drain()

    async def batches(self) -> AsyncIterator[list[WorkerMessage]]:
        """What it says, grouped as it arrived, until its end."""
        assert self._process.stdout is not None
        splitter = LineSplitter()
        while data := await self._process.stdout.read(READ_BYTES):
            if batch := [parse_message(line) for line in splitter.feed(data)]:
                yield batch

    def kill(self) -> None:
        """End it and all that it started. Safe to repeat."""
        if self._handle is not None:
            self._kill_group()

    def _watched(self) -> int | None:
        """A descriptor that tells of its end, until then; also before asyncio, which waits for the pipes."""
        try:
            handle = os.pidfd_open(self._process.pid)
        except ProcessLookupError:
            self._kill_group()
            return None
        except OSError:  # no descriptor is left, or the kernel has none of this kind: nobody would watch it
            self._kill_group()
            raise
        asyncio.get_running_loop().add_reader(handle, self._ended)
        return handle

    def _ended(self) -> None:
        """Whatever ended it: what it started goes at once, while its number can be nobody else's."""
        if self._handle is not None:
            self._kill_group()
            asyncio.get_running_loop().remove_reader(self._handle)
            os.close(self._handle)
            self._handle = None

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def closed(self) -> None:
        """Kill it, reap it, and read its pipes to their end so that no descriptor stays."""
        self.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        await self._process.wait()
        self._ended()
        rest = asyncio.create_task(self._process.stdout.read(), name="job-stdout")
        _, late = await asyncio.wait({rest, self._drain}, timeout=1)
        for task in late:
            task.cancel()
            await asyncio.wait({task})

    async def _drain_stderr(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(READ_BYTES):
            self._stderr += data
            del self._stderr[:-STDERR_BYTES_KEPT]
