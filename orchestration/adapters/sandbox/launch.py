"""The step before bubblewrap: become another user, die with whoever started us, reap what bubblewrap leaves.

Run as a script of its own, `python -I -S launch.py PLAN` (JSON), by the house; never inside the walls.

As root the sources are mounted on a stage first, in a mount namespace of our own: the other user could not
reach a folder below one that is root's alone.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from typing import NoReturn, TypedDict

STAGE = "/tmp"
CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
KILLED_FIRST = "1000"
AUTOGROUP_NICENESS = "10"


class Plan(TypedDict):
    """What is to be started."""

    parent: int
    """Our parent's process."""
    uid: int | None
    """None: stay who we are."""
    limits: list[tuple[int, int]]
    """For setrlimit; never wider than before."""
    sources: list[str]
    """What is mounted."""
    command: list[str | int]
    """A number n stands for the n-th source."""
    descriptors: list[int]
    """Those that are for bubblewrap alone."""


_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    plan: Plan = json.loads(sys.argv[1])
    _die_with(plan["parent"])
    _give_way()
    # Bubblewrap may end before it has reaped the first process inside, and not every machine's init reaps it.
    _check(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    us = os.getpid()
    bubblewrap = os.fork()
    if bubblewrap == 0:
        _become_bubblewrap(plan, us)
    for descriptor in plan["descriptors"]:
        os.close(descriptor)
    code = 1
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            break
        if pid == bubblewrap:
            code = os.waitstatus_to_exitcode(status)
            os.close(1)  # so that our end, not a descriptor of ours, is the last that is seen of it
            os.close(2)
    os._exit(code if code >= 0 else 128 - code)


def _become_bubblewrap(plan: Plan, parent: int) -> NoReturn:
    sources = plan["sources"]
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write(KILLED_FIRST)
    for kind, most in plan["limits"]:
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
    uid = plan["uid"]
    if uid is not None:
        sources = _staged(sources)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _die_with(parent)  # only now: a change of user would forget it
    command = [sources[word] if isinstance(word, int) else word for word in plan["command"]]
    os.execve(command[0], command, {})


def _give_way() -> None:
    """Our session, which all inside share (it has no terminal), is to be no more than its niceness says.

    Where the kernel shares its time out by sessions (sched(7), "The autogroup feature") it would be as
    important as the server's whole one.
    """
    if os.getsid(0) != os.getpid():
        return  # it is somebody else's session
    try:
        with open("/proc/self/autogroup", "w") as file:
            file.write(AUTOGROUP_NICENESS)
    except OSError:
        pass


def _die_with(parent: int) -> None:
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    if os.getppid() != parent:
        os._exit(1)


def _staged(sources: list[str]) -> list[str]:
    _check(_libc.unshare(CLONE_NEWNS))
    _mount(b"none", b"/", MS_REC | MS_PRIVATE)
    opened = [os.open(source, os.O_PATH | os.O_NOFOLLOW) for source in sources]  # the stage may hide them
    _mount(b"tmpfs", STAGE.encode(), 0, b"tmpfs", b"mode=755,size=1m")
    staged = []
    for number, descriptor in enumerate(opened):
        place = f"{STAGE}/{number}"
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            os.mkdir(place)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
        _mount(f"/proc/self/fd/{descriptor}".encode(), place.encode(), MS_BIND | MS_REC)
        os.close(descriptor)
        staged.append(place)
    return staged


def _mount(
    source: bytes, target: bytes, flags: int, kind: bytes | None = None, data: bytes | None = None
) -> None:
    _check(_libc.mount(source, target, kind, ctypes.c_ulong(flags), data))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main()
