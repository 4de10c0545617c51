"""The step before bubblewrap: become another user, and die with whoever started us.

Run as a script of its own, `python -I -S launch.py PLAN`, by the house; never inside the walls. PLAN is JSON:
`parent` (our parent's process), `uid` (null: stay who we are), `limits` (pairs for setrlimit; never wider
than before), `sources` (what is mounted), `command`; in it a number n stands for the n-th source.

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

STAGE = "/tmp"
CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
KILLED_FIRST = "1000"

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    plan = json.loads(sys.argv[1])
    sources: list[str] = plan["sources"]
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write(KILLED_FIRST)
    for kind, most in plan["limits"]:
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
    if plan["uid"] is not None:
        sources = _staged(sources)
        os.setgroups([])
        os.setresgid(plan["uid"], plan["uid"], plan["uid"])
        os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    # Only now: a change of user would forget it.
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    if os.getppid() != plan["parent"]:
        sys.exit(1)
    command = [sources[word] if isinstance(word, int) else word for word in plan["command"]]
    os.execve(command[0], command, {})


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
