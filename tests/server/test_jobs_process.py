"""One worker process as the kernel sees it."""

from __future__ import annotations

import asyncio
import os

from server.jobs.process import WorkerProcess
from server.jobs.protocol import Ready


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
