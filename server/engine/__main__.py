"""`python -m server.engine`: the embedded voice engine as a process of its own.

Prints one JSON line, `{"port": N}`, when it is ready (on stdout, or on `--ready-fd`). With a pipe as stdin it
belongs to whoever holds the other end, and stops when that end closes: so it is never left behind.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator

from aiohttp import web

from server.engine.app import create_app, create_parts
from server.engine.brain_chat import Endpoint
from server.engine.brain_templates import TemplateError

SHUTDOWN_SECONDS = 2.0
HEARING_WORKERS_MIN, HEARING_WORKERS_MAX = 2, 4
DEFAULT_BRAIN_MODEL = "default"
"""What a server of one model takes for its own."""
MEMORY_PER_HEARING_WORKER = 1 << 30
"""A recogniser takes 105 MB (measured); on a small computer most of the memory is not ours."""


def main() -> None:
    arguments = _arguments()
    logging.basicConfig(level=arguments.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_serve(arguments))
    except TemplateError as error:
        sys.exit(f"moentreprise engine: {error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m server.engine", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--ready-fd", type=int, default=1, help="where the ready line goes")
    parser.add_argument("--hearing-workers", type=int, default=_hearing_workers())
    parser.add_argument("--speaking-workers", type=int, default=2)
    parser.add_argument("--log-level", default="warning")
    return parser.parse_args()


def _hearing_workers() -> int:
    """They are niced, so more of them than processors cost little but memory."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(HEARING_WORKERS_MIN, min(HEARING_WORKERS_MAX, memory // MEMORY_PER_HEARING_WORKER))


def _endpoint() -> Endpoint | None:
    """Taken out of the environment: the workers that start from here need no key."""
    url, key = os.environ.get("MOENTREPRISE_BRAIN_URL", ""), os.environ.pop("MOENTREPRISE_BRAIN_KEY", "")
    model = os.environ.get("MOENTREPRISE_BRAIN_MODEL", "") or DEFAULT_BRAIN_MODEL
    return Endpoint(url, model, key) if url else None


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    parts = create_parts(arguments.hearing_workers, arguments.speaking_workers, _endpoint())
    app = create_app(parts, os.environ.get("MOENTREPRISE_ENGINE_TOKEN", ""))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    async with _end_of_stdin(stop):
        try:
            await runner.setup()
            site = web.TCPSite(runner, arguments.host, arguments.port)
            await site.start()
            _say_ready(arguments.ready_fd, runner)
            await stop.wait()
        finally:
            await runner.cleanup()


def _say_ready(fd: int, runner: web.AppRunner) -> None:
    line = json.dumps({"port": runner.addresses[0][1]}) + "\n"
    with contextlib.suppress(OSError):
        os.write(fd, line.encode())
        if fd > 2:
            os.close(fd)


@contextlib.asynccontextmanager
async def _end_of_stdin(stop: asyncio.Event) -> AsyncIterator[None]:
    """Set `stop` when the pipe on stdin ends. A terminal or /dev/null is nobody's hold on us."""
    mode = os.fstat(0).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        yield
        return
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )

    async def watch() -> None:
        while await reader.read(4096):
            pass
        stop.set()

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        transport.close()


if __name__ == "__main__":
    main()
