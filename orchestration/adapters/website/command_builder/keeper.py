"""Between us and an external builder: starts it, and ends it and all that it has started when told, when it
is over, and when whoever told us is gone.

Run as a script of its own, `python -I -S keeper.py`; the plan is the first line of stdin, because it holds
keys. One more byte there is the order to end; its end means that whoever told us is gone, and nobody else
will remove what is left on the disk.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from typing import NoReturn, TypedDict

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
NICENESS = 15
NOT_STARTED = 126
LOOK_S = 0.02
ENDING_S = 5.0


class Plan(TypedDict):
    """What is to be started."""

    command: list[str]
    environment: dict[str, str]
    folder: str
    """Where it runs."""
    place: str
    """What is removed when nobody else will."""
    stdin: str
    """What it reads; nothing more than that."""
    file_bytes: int
    """The largest file that it may write."""
    unable: int
    """The descriptor that gets a byte when it could not be started: its exit codes are all its own."""


_libc = ctypes.CDLL(None, use_errno=True)


def main() -> NoReturn:
    plan: Plan = json.loads(_first_line())
    # Whoever loses its parent becomes our child, so that nothing gets away.
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    os.set_inheritable(plan["unable"], False)
    us = os.getpid()
    child = os.fork()
    if child == 0:
        _become(plan, us)
    handle = os.pidfd_open(child)
    told = 0 in select.select([handle, 0], [], [])[0]
    alone = told and not os.read(0, 1)
    ended = os.waitpid(child, os.WNOHANG)
    _end_all()
    if alone:
        shutil.rmtree(plan["place"], ignore_errors=True)
    code = os.waitstatus_to_exitcode(ended[1]) if ended[0] == child else -signal.SIGKILL
    os._exit(code if code >= 0 else 128 - code)


def _first_line() -> bytes:
    """Byte for byte: what comes after it is the order to end."""
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(0, 1 << 16)
        if not piece:
            os._exit(NOT_STARTED)
        line += piece
    return bytes(line)


def _become(plan: Plan, parent: int) -> NoReturn:
    try:
        os.setpgid(0, 0)  # not a session: the kernel may share its time out by those
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(NOT_STARTED)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        most = plan["file_bytes"] if hard == resource.RLIM_INFINITY else min(plan["file_bytes"], hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        reading = os.memfd_create("task")
        os.write(reading, plan["stdin"].encode())
        os.lseek(reading, 0, os.SEEK_SET)
        os.dup2(reading, 0)
        os.chdir(plan["folder"])
        os.execve(plan["command"][0], plan["command"], plan["environment"])
    except (OSError, ValueError) as error:
        sys.stderr.write(f"it cannot be started: {error}\n")
        sys.stderr.flush()
        os.write(plan["unable"], b"!")
    os._exit(NOT_STARTED)


def _end_all() -> None:
    """Until no child is left, or, when one cannot be ended, for ENDING_S."""
    ends = time.monotonic() + ENDING_S
    while time.monotonic() < ends:
        for pid in _below(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(LOOK_S)


def _below(first: int) -> list[int]:
    """All descendants of `first`."""
    found: list[int] = []
    waiting = [first]
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(OSError, ValueError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/children") as children:
                    waiting += map(int, children.read().split())
        if pid != first:
            found.append(pid)
    return found


if __name__ == "__main__":
    main()
