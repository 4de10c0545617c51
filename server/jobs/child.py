"""The workshop as a child: started, watched, started again with a growing pause, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable

from server.jobs import wire
from server.jobs.process import worker_environment

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-P", "-m", "server.jobs.workshop")
BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0)
HEALTHY_S = 30.0
OPEN_TIMEOUT_S = 60.0
HOPELESS = 3
"""After so many starts in vain nobody is told to wait any more; it is tried further."""


class Child:
    """One workshop after the other, each with a socket of its own that nobody else can reach."""

    def __init__(
        self,
        setup: Callable[[], wire.Setup],
        opened: Callable[[], None],
        heard: Callable[[wire.Message], None],
        gone: Callable[[], None],
        hopeless: Callable[[], None],
    ) -> None:
        """`setup` at each start; `opened` when one takes work; `gone` when it has ended, and its workers with
        it; `hopeless` when none could be started.
        """
        self._setup = setup
        self._opened = opened
        self._heard = heard
        self._gone = gone
        self._hopeless = hopeless
        self._writer: asyncio.StreamWriter | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._process: Process | None = None
        self._closing = False
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def open(self) -> bool:
        return self._writer is not None

    def start(self) -> None:
        """Safe to repeat."""
        if self._keeping is None and not self._closing:
            self._keeping = asyncio.create_task(self._keep(), name="workshop-keeper")

    def say(self, message: wire.Message) -> None:
        """To whoever works now; what is lost with a workshop has to be said again to the next."""
        if self._writer is not None:
            self._writer.write(wire.line(message))

    async def close(self, timeout_s: float = 2.0) -> None:
        """End it and all its workers."""
        self._closing = True
        keeping, self._keeping = self._keeping, None
        if keeping is None:
            return
        if self._writer is not None:
            self._writer.close()
        else:
            keeping.cancel()
        await asyncio.wait({keeping}, timeout=timeout_s)
        keeping.cancel()
        await asyncio.wait({keeping})

    async def _keep(self) -> None:
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            opened = False
            try:
                opened = await self._live()
            except Exception:
                # A task root: whatever broke this one, the next may do; unwatched, none comes.
                log.exception("the workshop broke")
            if self._closing:
                return
            self._gone()
            failures = 0 if loop.time() - began > HEALTHY_S else failures + 1
            if failures >= HOPELESS and not opened:
                self._hopeless()
            await asyncio.sleep(BACKOFF_S[max(0, min(failures, len(BACKOFF_S)) - 1)])
            self.restarts += 1

    async def _live(self) -> bool:
        """One workshop's life; whether it ever took work."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *COMMAND,
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    cwd="/",
                    env=worker_environment(),
                    process_group=0,
                    pass_fds=(theirs.fileno(),),
                )
            except BaseException:
                ours.close()
                raise
        reader, writer = await asyncio.open_connection(sock=ours, limit=wire.LINE_BYTES_MAX)
        try:
            writer.write(wire.line(self._setup()))
            return await self._listen(reader, writer)
        finally:
            self._writer = None
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            await self._end(self._process)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        early: list[wire.Message] = []
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                while (message := await _next(reader)) is not None and not isinstance(message, wire.Open):
                    early.append(message)
        except TimeoutError:
            return False
        if message is None:
            return False
        self._writer = writer
        self._opened()
        for message in early:  # of jobs that it has taken up already
            self._heard(message)
        while (message := await _next(reader)) is not None:
            self._heard(message)
        return True

    async def _end(self, process: Process) -> None:
        """It is gone when this returns; its workers go with it."""
        try:
            async with asyncio.timeout(1.0):
                await process.wait()
        except (TimeoutError, asyncio.CancelledError) as error:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            if isinstance(error, asyncio.CancelledError):
                raise
        if not self._closing:
            log.error("the workshop died", extra={"code": process.returncode})


async def _next(reader: asyncio.StreamReader) -> wire.Message | None:
    """The next whole message, None when there is none any more."""
    try:
        line = await reader.readline()
    except ConnectionError:
        return None
    return wire.parse(line) if line.endswith(b"\n") else None
