"""One run: started behind its walls, read, watched, ended as a whole. A thread of its own lives with it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from queue import SimpleQueue

from orchestration.adapters.sandbox import control, folders
from orchestration.adapters.sandbox.launch import Plan
from orchestration.adapters.sandbox.output import Lines
from orchestration.adapters.sandbox.terms import Ended, Exit, Limits, SandboxError
from orchestration.adapters.sandbox.users import UIDS, another_user
from orchestration.adapters.sandbox.walls import Walls
from orchestration.adapters.sandbox.watching import Watch, kernel_limits

LAUNCH = Path(__file__).with_name("launch.py")
TICK_S = 0.05
"""How soon a cancel is noticed."""
SETUP_S = 15.0
ENDING_S = 5.0
READ_BYTES = 65536

Builder = Callable[[int, int], Walls]
"""From the two descriptors of `walls.build`."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is made of. `descriptors` are handed through the walls, and stay the caller's."""

    build: Builder
    writable: tuple[Path, ...]
    limits: Limits
    cancel: threading.Event
    descriptors: tuple[int, ...] = ()
    at_end: Callable[[], None] = lambda: None


class Running:
    """Something that runs in the sandbox. Read `lines` or not; `wait` for its end, or `stop` it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._exit: Exit | None = None
        self._error: BaseException | None = None
        self._last = ""
        self._over = threading.Event()
        # The kernel ends what we start with the thread that started it: this one stays until the end.
        self._thread = threading.Thread(target=self._live, name="sandbox", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return not self._over.is_set()

    @property
    def lines(self) -> Iterator[str]:
        """What it writes, line by line, until its end. For one reader."""
        while (line := self._queue.get()) is not None:
            yield line

    def wait(self, timeout_s: float | None = None) -> Exit:
        """How it ended, once nothing of it is left. Raises SandboxError when it never began, TimeoutError."""
        if not self._over.wait(timeout_s):
            raise TimeoutError
        if self._error is not None:
            raise SandboxError(str(self._error)) from self._error
        assert self._exit is not None
        return self._exit

    def stop(self) -> None:
        """End it and all that it started; returns when nothing is left. Safe to repeat."""
        self._job.cancel.set()
        self._over.wait()

    def _live(self) -> None:
        try:
            with ExitStack() as stack:
                stack.callback(self._job.at_end)
                uid = stack.enter_context(another_user())
                for folder in self._job.writable:
                    stack.enter_context(_lent(folder, uid))
                self._exit = self._run(uid, stack)
        except Exception as error:
            # The thread's root: whoever waits for the end is told, whatever it was.
            self._error = error
        finally:
            self._over.set()
            self._queue.put(None)

    def _run(self, uid: int | None, stack: ExitStack) -> Exit:
        sizes = sum(folders.size(folder) for folder in self._job.writable)
        status, status_end = _pipe(stack)
        gate_end, gate = _pipe(stack)
        counted = stack.enter_context(control.control(self._job.limits, control.place()))
        walls = self._job.build(status_end.fileno(), gate_end.fileno())
        ends = (status_end.fileno(), gate_end.fileno(), *self._job.descriptors)
        process = _launch(walls, uid, self._job.limits, ends)
        group = stack.enter_context(_Group(process))
        status_end.close()
        gate_end.close()
        first = group.begun(_line(status))
        watch = Watch(first, self._job.writable, sizes, self._job.limits, time.monotonic())
        if uid is None:
            # Only now, in its own user namespace: our user's other processes would count with it before.
            most = self._job.limits.processes
            resource.prlimit(first, resource.RLIMIT_NPROC, (most, most))
        counted.add(first)
        gate.write(b"\n")
        lines = Lines(self._job.limits.line_characters)
        ended = self._follow(group, watch, lines)
        if ended is not None:
            return Exit(None, ended)
        if counted.out_of_memory():
            return Exit(None, Ended.OUT_OF_MEMORY)
        if b'"exit-code"' not in status.read():
            raise SandboxError(f"bubblewrap could not put up the walls: {self._last}")
        return Exit(process.returncode, watch.judge(process.returncode, group.peak_bytes))

    def _follow(self, group: _Group, watch: Watch, lines: Lines) -> Ended | None:
        """Read and watch until it ends by itself (None), or until it must be ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(group.output, selectors.EVENT_READ)
            selector.register(group.handle, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(TICK_S)}
                if group.output in ready:
                    data = os.read(group.output, READ_BYTES)
                    if not data:
                        selector.unregister(group.output)
                    elif not self._told(lines, lines.feed(data)):
                        return Ended.TOO_MUCH_OUTPUT
                elif group.handle in ready:
                    self._told(lines, lines.end())
                    group.kill()
                    return None
                if self._job.cancel.is_set():
                    return Ended.CANCELLED
                if (ended := watch.look(time.monotonic())) is not None:
                    return ended

    def _told(self, lines: Lines, new: list[str]) -> bool:
        """Pass lines on; False when there are more than may be."""
        limits = self._job.limits
        for line in new[: max(0, limits.output_lines - (lines.count - len(new)))]:
            self._queue.put(line)
            self._last = line
        return lines.count <= limits.output_lines and lines.bytes <= limits.output_bytes


class _Group:
    """All processes of one run: bubblewrap outside, and inside the first one, with which all others end."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._process = process
        self._stdout = process.stdout
        self._first: int | None = None
        self.peak_bytes = 0
        """The most memory that one of its processes ever had, once it is over."""
        self.output = process.stdout.fileno()
        self.handle = os.pidfd_open(process.pid)

    def __enter__(self) -> _Group:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._stdout.close()
        os.close(self.handle)
        if self._first is not None:
            os.close(self._first)

    def begun(self, status: bytes) -> int:
        """The first process inside, from bubblewrap's first word about it. It waits at the gate."""
        try:
            pid = int(json.loads(status)["child-pid"])
            self._first = os.pidfd_open(pid)
        except (ValueError, KeyError, OSError) as error:
            self.kill()
            said = os.read(self.output, READ_BYTES).decode("utf-8", "replace").strip()
            raise SandboxError(f"bubblewrap did not start: {said or status!r}") from error
        return pid

    def kill(self) -> None:
        """End all of it; returns when nothing is left. Safe to repeat."""
        if self._first is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
        elif self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.returncode is None:
            self._reap()
        if self._first is not None:
            select.select([self._first], [], [], ENDING_S)

    def _reap(self) -> None:
        """bubblewrap reaps the first one, and ends."""
        if not select.select([self.handle], [], [], ENDING_S)[0]:
            os.killpg(self._process.pid, signal.SIGKILL)
        if not select.select([self.handle], [], [], ENDING_S)[0]:
            raise SandboxError("what ran in the sandbox does not end")
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.peak_bytes = used.ru_maxrss * 1024


def _launch(
    walls: Walls, uid: int | None, limits: Limits, descriptors: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    kernel = kernel_limits(limits)
    if uid is not None:  # which nobody else uses now
        kernel[resource.RLIMIT_NPROC] = limits.processes
    plan: Plan = {
        "parent": os.getpid(),
        "uid": uid,
        "limits": list(kernel.items()),
        "sources": walls.sources,
        "command": walls.words,
        "descriptors": list(descriptors),
    }
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCH), json.dumps(plan)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={},
        start_new_session=True,
        pass_fds=descriptors,
    )


@contextlib.contextmanager
def _lent(folder: Path, uid: int | None) -> Iterator[None]:
    about = folder.stat()
    ours = about.st_uid in UIDS  # left by a run whose end we did not see
    owner = (os.geteuid(), os.getegid()) if ours else (about.st_uid, about.st_gid)
    try:
        folders.lend(folder, uid)
        yield
    finally:
        folders.take_back(folder, None if uid is None else owner)


def _pipe(stack: ExitStack) -> tuple[FileIO, FileIO]:
    reading, writing = os.pipe()
    return stack.enter_context(FileIO(reading, "r")), stack.enter_context(FileIO(writing, "w"))


def _line(pipe: FileIO) -> bytes:
    """The first line; what came of it when no more comes."""
    line = b""
    while not line.endswith(b"\n") and select.select([pipe], [], [], SETUP_S)[0]:
        byte = pipe.read(1)
        if not byte:
            break
        line += byte
    return line
