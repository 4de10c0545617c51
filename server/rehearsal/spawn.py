"""A server of its own for one rehearsal: a child process on a free port with its own data folder."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.rehearsal.client import RehearsalError

READY_S = 120.0
STOP_S = 10.0
_READY = re.compile(r"ready: (https?://\S+)")


@asynccontextmanager
async def running_server(data: Path, log: Path) -> AsyncIterator[str]:
    """Its URL, once it is ready. Its output goes to `log`. Raises RehearsalError."""
    environment = {**os.environ, "MOENTREPRISE_DATA": str(data), "PYTHONUNBUFFERED": "1"}
    command = (sys.executable, "-m", "server", "serve", "--port", "0")
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    reader = asyncio.create_task(_copy(process.stdout, log, found), name="server output")
    try:
        try:
            async with asyncio.timeout(READY_S):
                url = await found
        except TimeoutError:
            raise RehearsalError(f"The server was not ready within {READY_S:.0f} s; see {log}.") from None
        yield url
    finally:
        await _stop(process)
        await reader


async def _copy(output: asyncio.StreamReader, log: Path, found: asyncio.Future[str]) -> None:
    with log.open("wb") as file:
        async for line in output:
            file.write(line)
            file.flush()
            match = _READY.search(line.decode(errors="replace"))
            if match and not found.done():
                found.set_result(match[1])
    if not found.done():
        found.set_exception(RehearsalError(f"The server ended before it was ready; see {log}."))


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
