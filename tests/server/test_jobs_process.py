"""One worker process as the kernel sees it."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest
from processes import alive

from server.jobs.process import WorkerProcess
from server.jobs.protocol import Log, Ready, WorkerMessage
from tests.fakes.workshops import until


async def test_a_worker_gives_way_to_the_voices_and_its_signals_reach_nobody_else() -> None:
    worker = await WorkerProcess.spawn()
    try:
        async with asyncio.timeout(10):
            async for batch in worker.batches():
                assert batch == [Ready()]
                break
        assert os.sched_getscheduler(worker.pid) == os.SCHED_BATCH
        # In a session of its own it would get as much time as the server (sched(7), autogroup).
        assert os.getsid(worker.pid) == os.getsid(0)
        assert os.getpgid(worker.pid) == worker.pid
        first, *others = sorted(os.sched_getaffinity(0))
        assert os.sched_getaffinity(worker.pid) == set(others or [first])
    finally:
        await worker.closed()


@pytest.mark.parametrize("pipes", ["", ">/dev/null 2>&1"])
@pytest.mark.parametrize("end", ["exit 3", "kill -9 $$"])
async def test_what_a_worker_started_ends_with_it_however_it_ended(pipes: str, end: str) -> None:
    """Also while nobody looks: a spare may have died long before it is needed."""
    worker = await WorkerProcess.spawn(("/bin/sh", "-c", f"sleep 60 {pipes} & echo $!; {end}"))
    said: list[WorkerMessage] = []
    try:
        async with asyncio.timeout(10):
            async for batch in worker.batches():
                said += batch
        (line,) = said
        assert isinstance(line, Log)
        await until(lambda: not alive(int(line.line)), 5)
    finally:
        await worker.closed()


async def test_a_worker_that_cannot_be_watched_is_not_left_running(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def no_descriptor(pid: int) -> int:
        started.append(pid)
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(os, "pidfd_open", no_descriptor)
    with pytest.raises(OSError, match="too many"):
        await WorkerProcess.spawn(("/bin/sleep", "60"))
    with pytest.raises(ProcessLookupError):  # not even as a zombie that waits to be reaped
        os.kill(started[0], 0)
