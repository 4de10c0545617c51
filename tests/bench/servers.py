"""The servers under test, by name: how each is started, and what its peers must bring.

All speak the wire of `front.py`. Each runs in a process of its own on core 0, its listeners on core 1. The
packages of other makers live in virtual environments of their own under BENCH_HOME (`make bench-peers`).
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.bench.crowd import EVENTS, Plan, arguments

ROOT = Path(__file__).parents[2]
HOME = Path(os.environ.get("BENCH_HOME") or Path.home() / ".cache" / "voice-bench")
SERVER_CORE, LISTENER_CORE = 0, 1
START_S, STOP_S = 60.0, 5.0
SPARE_S = 120.0
"""What a crowd may take beside its window: to connect, and to judge what it heard."""
Row = dict[str, object]
"""A crowd.Report as JSON has it."""


class BenchError(RuntimeError):
    """A server or a crowd did not do its part; the message holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    command: tuple[str, ...]
    """Takes `--port N`."""
    channel: str = ""
    """The data channel that its peers open."""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        return Path(self.command[0]).exists()


def _ours(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"tests.bench.{module}")


def _peer(name: str) -> tuple[str, ...]:
    return (str(HOME / f"venv-{name}" / "bin" / "python"), "-m", f"tests.bench.peers.{name}_server")


PRODUCT, PAGE, TRACK, TEXTBOOK, PIPECAT, FASTRTC = (
    "product",
    "product-page",
    "product-track",
    "textbook",
    "pipecat",
    "fastrtc",
)
KNOWN = {
    server.name: server
    for server in (
        Server(PRODUCT, _ours("harness_server")),
        Server(PAGE, _ours("harness_server"), channel=EVENTS),
        Server(TRACK, _ours("harness_server"), environment={"MOENTREPRISE_MEDIA": "track"}),
        Server(TEXTBOOK, _ours("textbook")),
        Server(PIPECAT, _peer("pipecat"), environment={"LOGURU_LEVEL": "ERROR"}),
        Server(FASTRTC, _peer("fastrtc"), channel="text"),
    )
}
"""`product-page` is the product with a data channel and a page's messages on it; the others have none."""
BESIDE = Server("product-engine", _ours("engine_server"))
"""The product with its embedded engine on the same core: measured by itself, for nobody else has one."""
PEERS = (TEXTBOOK, PIPECAT, FASTRTC)


def extern(text: str) -> Server:
    """A server that is not of this project, as `NAME=command`. Raises ValueError."""
    name, _, command = text.partition("=")
    if not name or not command:
        raise ValueError('a server is given as NAME="command"')
    return Server(name, tuple(shlex.split(os.path.expandvars(command))))


@dataclass(frozen=True, slots=True)
class Running:
    server: Server
    pid: int
    url: str

    async def health(self) -> dict[str, int]:
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/health") as response:
            health: dict[str, int] = await response.json()
            return health

    async def measure(self, plan: Plan) -> Row:
        """Send a crowd. Its channel is the server's, its URL this one's. Raises BenchError."""
        words = arguments(plan) + [f"--url={self.url}", f"--channel={self.server.channel}"]
        crowd = await asyncio.create_subprocess_exec(
            *pinned(LISTENER_CORE, (sys.executable, "-m", "tests.bench.crowd", *words)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        try:
            async with asyncio.timeout(plan.seconds + plan.settle_s + SPARE_S + plan.sessions * 2):
                output, errors = await crowd.communicate()
        except TimeoutError:
            raise BenchError(f"the crowd before {self.server.name} did not come to an end") from None
        finally:
            if crowd.returncode is None:
                crowd.kill()
                await crowd.wait()
        if crowd.returncode:
            raise BenchError(f"the crowd before {self.server.name} failed: {errors.decode()[-1000:]}")
        row: Row = json.loads(output.splitlines()[-1])
        return row


@asynccontextmanager
async def running(server: Server, *more: str) -> AsyncIterator[Running]:
    """The server, pinned, once it answers; ended at the exit. Raises BenchError."""
    port = _free_port()
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            *pinned(SERVER_CORE, (*server.command, "--port", str(port), *more)),
            stdout=said,
            stderr=said,
            cwd=ROOT,
            env=os.environ | server.environment,
        )
        try:
            yield Running(server, process.pid, await _until_answers(process, port))
        except BenchError as error:
            said.seek(0)
            words = said.read()[-2000:].decode(errors="replace")
            raise BenchError(f"it said: {words}\n{error}") from error
        finally:
            await _end(process)


async def measured(server: Server, plan: Plan) -> Row:
    """One crowd before a server of its own. Raises BenchError."""
    async with running(server) as standing:
        return await standing.measure(plan)


async def _until_answers(process: asyncio.subprocess.Process, port: int) -> str:
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(START_S), aiohttp.ClientSession() as http:
            while process.returncode is None:
                try:
                    async with http.get(f"{url}/health") as response:
                        if response.status == 200:
                            return url
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise BenchError(f"no answer within {START_S:.0f} s") from None
    raise BenchError(f"the server ended with {process.returncode}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def pinned(core: int, command: tuple[str, ...]) -> tuple[str, ...]:
    """The command on one core; taskset replaces itself by it, so that its process is the command's."""
    if core not in os.sched_getaffinity(0):
        return command
    return ("taskset", "-c", str(core), *command)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
