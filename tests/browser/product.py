"""The real product as a child process, for tests that use it as a person does."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

READY = "Moentreprise is ready: "
START_S = 60.0
STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Product:
    url: str
    data: Path
    pid: int


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[Product]:
    """`moentreprise serve` on a free port; gone, with all its children, at the end."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MOENTREPRISE_", "OPENAI_"))
    }
    environment |= {"MOENTREPRISE_DATA": str(data), "MOENTREPRISE_PORT": "0", "PYTHONDEVMODE": ""}
    environment |= {"MOENTREPRISE_MAX_LOAD_PERCENT": "1000"}  # the machine may be busy with other tests
    log = (data.parent / "serve.log").open("wb")
    command = [sys.executable, "-m", "server", "serve"]
    child = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=log, start_new_session=True
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(START_S):
            line = (await child.stdout.readline()).decode()
            while line and READY not in line:
                line = (await child.stdout.readline()).decode()
        assert READY in line, (data.parent / "serve.log").read_text()
        yield Product(line.split(READY)[1].strip(), data, child.pid)
    finally:
        log.close()
        if child.returncode is None:
            child.terminate()
        async with asyncio.timeout(STOP_S):
            await child.communicate()


async def speech(text: str, file: Path, voice: str = "echo") -> bytes:
    """`text` as a WAV file, in a voice that is none of the five."""
    command = [sys.executable, "-m", "server.engine.say", "--voice", voice, "--out", str(file), text]
    child = await asyncio.create_subprocess_exec(*command)
    assert await child.wait() == 0
    return await asyncio.to_thread(file.read_bytes)


async def events(
    http: aiohttp.ClientSession, url: str, session: str, token: str
) -> AsyncIterator[dict[str, object]]:
    """The session's events from its first on, as the wire has them."""
    address = f"{url}/sessions/{session}/events"
    async with http.get(
        address, params={"token": token}, timeout=aiohttp.ClientTimeout(total=None)
    ) as response:
        assert response.status == 200
        async for raw in response.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("data:"):
                yield json.loads(line[5:])
