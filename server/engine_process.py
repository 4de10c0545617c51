"""The embedded voice engine as a child: started, watched, restarted with a growing pause, stopped.

The child runs in a process group of its own, so that whatever it started goes with it. It exits when its
standard input closes, which the kernel does for us even when this process is killed outright.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence

from server import metrics

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "server.engine")
TOKEN_VARIABLE = "MOENTREPRISE_ENGINE_TOKEN"
"""The engine accepts this bearer token and no other; it is written nowhere but into the environment."""
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
EXIT_POLL_S = 0.05
HEALTHY_S = 30.0
"""A child that lived this long was well: the next restart is the first again."""
SECRETS = ("OPENAI_API_KEY", "LINKEDIN_CLIENT_ID", "LINKEDIN_CLIENT_SECRET")

Listener = Callable[[bool], None]


class EngineError(Exception):
    """The engine could not be started. The message is a sentence for the operator."""


class EngineProcess:
    """The engine child. `start` once, `stop` once; in between it is kept alive."""

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        *,
        environ: Mapping[str, str] | None = None,
        ready_timeout_s: float = 60.0,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self.token = secrets.token_urlsafe(32)
        self.restarts = 0
        self._command = tuple(command)
        self._environ = child_environment(os.environ if environ is None else environ, self.token)
        self._ready_timeout_s = ready_timeout_s
        self._backoff_s = tuple(backoff_s)
        self._listeners: list[Listener] = []
        self._port = 0
        self._ready = asyncio.Event()
        self._process: Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the engine answers now; False from its death to the end of its restart."""
        return self._ready.is_set()

    @property
    def base_url(self) -> str:
        """Where the OpenAI SDK finds the engine. Ask for it at each connection: a restart changes the port.

        Raises EngineError while there is none.
        """
        if not self.ready:
            raise EngineError("The voice engine is restarting.")
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    def subscribe(self, listener: Listener) -> None:
        """`listener(False)` when the engine died, `listener(True)` when it is back."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Return once the engine answers. Raises EngineError, leaving nothing behind, when it does not."""
        await self._launch()
        self._watcher = asyncio.create_task(self._watch(), name="engine-watcher")

    async def stop(self, timeout_s: float = 2.0) -> None:
        """End the child and everything it started. Safe to call twice."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        self._ready.clear()
        if self._process is not None:
            await _end(self._process, timeout_s)
            self._process = None

    async def _launch(self) -> None:
        self._process = await self._spawn()
        try:
            async with asyncio.timeout(self._ready_timeout_s):
                self._port = await _announced_port(self._process)
        except BaseException as error:
            await _end(self._process, 0.0)
            self._process = None
            if isinstance(error, TimeoutError):
                raise EngineError(
                    f"The voice engine was not ready in {self._ready_timeout_s:.0f} s."
                ) from error
            raise
        self._ready.set()
        log.info("engine ready", extra={"port": self._port, "pid": self._process.pid})

    async def _spawn(self) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, env=self._environ, start_new_session=True
            )
        except OSError as error:
            raise EngineError(f"The voice engine cannot be started: {error.strerror}.") from error

    async def _watch(self) -> None:
        attempt = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._outlive()
            if loop.time() - began > HEALTHY_S:
                attempt = 0
            attempt = await self._restart(attempt)

    async def _outlive(self) -> None:
        """Until the child is gone, and its group with it."""
        process = self._process
        assert process is not None
        drain = asyncio.create_task(_drain(process), name="engine-output")
        try:
            await _exited(process)
            self._ready.clear()
            _kill_group(process.pid)
        finally:
            drain.cancel()
            await asyncio.gather(drain, return_exceptions=True)
        log.error("engine died", extra={"code": process.returncode})
        self._tell(False)

    async def _restart(self, attempt: int) -> int:
        """Try until it runs again; the number of attempts so far, for the next pause."""
        while True:
            await asyncio.sleep(self._backoff_s[min(attempt, len(self._backoff_s) - 1)])
            attempt += 1
            try:
                await self._launch()
            except EngineError as error:
                log.error("engine restart failed", extra={"attempt": attempt, "reason": str(error)})
                continue
            except Exception:
                # The root of the watch: whatever broke this start, the next may do; unwatched, none comes.
                log.exception("engine restart failed", extra={"attempt": attempt})
                continue
            self.restarts += 1
            metrics.count_engine_restart()
            self._tell(True)
            return attempt

    def _tell(self, ready: bool) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(ready)
            except Exception:
                # Somebody else's code: its fault must not end the watch.
                log.exception("an engine listener failed")


def child_environment(environ: Mapping[str, str], token: str) -> dict[str, str]:
    """What the engine may see: no key of ours, only its own token."""
    return {name: value for name, value in environ.items() if name not in SECRETS} | {TOKEN_VARIABLE: token}


async def _announced_port(process: Process) -> int:
    """The port from the child's line `{"port": N}`. Raises EngineError when it ends without one."""
    assert process.stdout is not None
    while True:
        try:
            if not (line := await process.stdout.readline()):
                break
            announced = json.loads(line)
        except ValueError:
            continue  # a library's chatter before the engine is ready, however long its line
        port = announced.get("port") if isinstance(announced, dict) else None
        if isinstance(port, int) and 0 < port < 65536:
            return port
    await _exited(process)
    raise EngineError(f"The voice engine ended at its start with code {process.returncode}.")


async def _drain(process: Process) -> None:
    """Keep the pipe from filling; the engine logs to standard error."""
    assert process.stdout is not None
    while await process.stdout.read(65536):
        pass


async def _exited(process: Process) -> None:
    """`Process.wait` also waits for the pipes, which a grandchild may hold open; this does not."""
    while process.returncode is None:
        await asyncio.sleep(EXIT_POLL_S)


async def _end(process: Process, timeout_s: float) -> None:
    """Ask (end of input), then insist (SIGTERM), then kill the group; the child is reaped on return."""
    if process.stdin is not None:
        process.stdin.close()
    if timeout_s > 0 and not await _gone(process, timeout_s):
        _signal_group(process.pid, signal.SIGTERM)
        await _gone(process, timeout_s / 2)
    _kill_group(process.pid)
    await _exited(process)
    # Reading to the end closes the descriptor; a stranger who left the group may keep it open.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_drain(process), 1.0)


async def _gone(process: Process, timeout_s: float) -> bool:
    try:
        await asyncio.wait_for(_exited(process), timeout_s)
    except TimeoutError:
        return False
    return True


def _kill_group(group: int) -> None:
    _signal_group(group, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass  # everyone had left already, and somebody else may have got the number
