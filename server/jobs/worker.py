"""The worker's side: read one request, do the work, say what happens, end.

It never outlives the workshop: the kernel kills it when the workshop dies (PR_SET_PDEATHSIG), and the end
of stdin ends it and its group.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import threading
import traceback

NICENESS = 10
PR_SET_PDEATHSIG = 1
FILE_BYTES_MAX = 64 * 1024 * 1024
_WRITING = threading.Lock()


def main() -> int:
    _become_a_worker()
    channel = _take_stdout()
    from server.jobs.protocol import message_line, parse_request
    from server.jobs.tasks import run_task

    os.write(channel, message_line("ready"))
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    threading.Thread(target=_watch_stdin, daemon=True).start()
    reporter = _Reporter(channel)
    try:
        request = parse_request(line)
        _write_all(channel, run_task(request, reporter))
    except Exception:
        # The process's root: the trace goes to stderr (the workshop's log), the human gets a sentence.
        traceback.print_exc()
        reason = "The worker met an error that it did not expect."
        _write_all(channel, message_line("failed", code="crashed", reason=reason))
        return 1
    return 0


class _Reporter:
    """Report over the channel."""

    def __init__(self, channel: int) -> None:
        self._channel = channel

    def log(self, line: str) -> None:
        from server.jobs.protocol import message_line

        _write_all(self._channel, message_line("log", line=line))

    def progress(self, percent: int, message: str) -> None:
        from server.jobs.protocol import message_line

        _write_all(self._channel, message_line("progress", percent=percent, message=message))

    def preview(self, socket: str, address: str) -> None:
        from server.jobs.protocol import message_line

        _write_all(self._channel, message_line("preview", socket=socket, address=address))


def _become_a_worker() -> None:
    """Low priority, bound to the parent's life, bounded files, no core dumps. Before the heavy imports."""
    end_with_parent()
    be_nice(NICENESS)
    with contextlib.suppress(OSError, AttributeError):
        # It never pushes aside whoever runs, as a voice that wakes up does (sched(7)).
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    leave_a_processor()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, FILE_BYTES_MAX))


def end_with_parent() -> None:
    """From now on the kernel kills this process when the one that started it is gone."""
    parent = os.getppid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def be_nice(niceness: int) -> None:
    """At least so nice; a parent that is nicer stays so."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))


def leave_a_processor() -> None:
    """Work on all processors that are ours but the first, where there are several.

    However nice, who is inside a system call is not pushed aside by every kernel; a voice that wakes up finds
    the first one free.
    """
    with contextlib.suppress(OSError, AttributeError):
        _, *others = sorted(os.sched_getaffinity(0))
        if others:
            os.sched_setaffinity(0, others)


def _take_stdout() -> int:
    """Keep stdout for the protocol: what a library prints goes to stderr and cannot pose as a message."""
    channel = os.dup(1)
    os.dup2(2, 1)
    return channel


def _write_all(channel: int, data: bytes) -> None:
    """Whole, also when two threads of the work report at once."""
    view = memoryview(data)
    with _WRITING:
        while view:
            view = view[os.write(channel, view) :]


def _watch_stdin() -> None:
    """When the server closes stdin, nobody waits for the work any more."""
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)
