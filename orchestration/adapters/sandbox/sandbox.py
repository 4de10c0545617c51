"""The sandbox as the rest of the house sees it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orchestration.adapters.sandbox import walls
from orchestration.adapters.sandbox.running import Job, Running
from orchestration.adapters.sandbox.terms import Exit, Limits, Mount, SandboxError

BRIDGE = Path(__file__).with_name("bridge.mjs")
BRIDGE_INSIDE = f"{walls.PROGRAMS}/bridge.mjs"
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Expose:
    """A TCP port of the inner loopback, reached from outside through a Unix socket.

    The socket is ours, in a folder that is not writable inside: nobody can put another in its place.
    """

    port: int
    socket: Path


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Walls that were proven on this machine. Made by `probe`."""

    bwrap: str
    kind: str
    promises: tuple[str, ...]

    def describe(self) -> tuple[str, ...]:
        """What is in force, a sentence each."""
        return self.promises

    def run(
        self,
        command: Sequence[str],
        *,
        mounts: Sequence[Mount],
        cwd: str,
        environment: Mapping[str, str] = NOTHING,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        on_line: Callable[[str], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Exit:
        """Run `command` to its end; blocks. `on_line` gets its output as it comes, here in this thread.

        `cancel` ends it within a tenth of a second when set, from any thread. What is mounted writable is
        `sweep`-ed by the caller afterwards. Raises SandboxError when it never began.
        """
        running = self.start(
            command, mounts=mounts, cwd=cwd, environment=environment, limits=limits, cancel=cancel
        )
        try:
            for line in running.lines:
                if on_line is not None:
                    on_line(line)
        finally:
            if running.alive:
                running.stop()
        return running.wait()

    def start(
        self,
        command: Sequence[str],
        *,
        mounts: Sequence[Mount],
        cwd: str,
        environment: Mapping[str, str] = NOTHING,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        cancel: threading.Event | None = None,
        expose: Expose | None = None,
    ) -> Running:
        """Start something that lives on, behind the same walls; end it with `stop()`. It ends with us too.

        With `expose`, Node must be there: a small bridge of ours runs `command` as its child. Raises
        SandboxError for mounts and sockets that cannot be; what fails later, `wait()` raises.
        """
        if expose is None:
            return self._start(command, mounts, cwd, environment, limits, cancel, None, None)
        listener = _listen(expose.socket)
        words = ["node", BRIDGE_INSIDE, str(listener.fileno()), str(expose.port), *command]
        mounts = [*mounts, Mount(BRIDGE, BRIDGE_INSIDE)]
        return self._start(words, mounts, cwd, environment, limits, cancel, listener, expose.socket)

    def _start(
        self,
        command: Sequence[str],
        mounts: Sequence[Mount],
        cwd: str,
        environment: Mapping[str, str],
        limits: Limits,
        cancel: threading.Event | None,
        listener: socket.socket | None,
        path: Path | None,
    ) -> Running:
        def build(status: int, gate: int) -> walls.Walls:
            return walls.build(
                self.bwrap, command, mounts, cwd, environment, limits, status=status, gate=gate
            )

        def close() -> None:
            if listener is not None and path is not None:
                listener.close()
                with suppress(FileNotFoundError):
                    path.unlink()

        writable = tuple(mount.source.resolve() for mount in mounts if mount.writable)
        try:
            build(0, 0)
        except SandboxError:
            close()
            raise
        descriptors = () if listener is None else (listener.fileno(),)
        return Running(Job(build, writable, limits, cancel or threading.Event(), descriptors, close))


def _listen(path: Path) -> socket.socket:
    """Through the folder's descriptor, because a socket's own path may have 107 bytes at most."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            with suppress(FileNotFoundError):
                path.unlink()
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise SandboxError("the socket could not be made") from error
    return listener
