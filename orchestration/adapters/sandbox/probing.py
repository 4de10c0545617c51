"""Tries the sandbox for real: a small program behind the walls tells what it sees, and we look at it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from orchestration.adapters.sandbox import control, processes
from orchestration.adapters.sandbox.sandbox import Sandbox
from orchestration.adapters.sandbox.terms import Limits, Missing, Mount, SandboxError
from orchestration.adapters.sandbox.users import UIDS

SECONDS_MAX = 10.0
SPACES = ("user", "pid", "ipc", "uts", "net", "cgroup", "mnt")
_SCRIPT = f"""
for space in {" ".join(SPACES)}; do echo "$space=$(readlink /proc/self/ns/$space)"; done
while IFS=: read -r name rest; do [ -z "$rest" ] || echo "interface=${{name##* }}"; done < /proc/net/dev
for file in /secret/file /etc/passwd "$1"; do read -r word < "$file" && echo "read=$file"; done 2>/dev/null
for folder in / /usr /secret; do true > "$folder/probe" && echo "wrote=$folder"; done 2>/dev/null
true > /work/mine && echo written=1
while [ ! -e /work/go ]; do sleep 0.02; done
"""
_FORBIDDEN = (
    "Allow unprivileged user namespaces (Ubuntu: an AppArmor profile for bwrap; Docker: a seccomp profile "
    "that lets it)."
)
_lock = threading.Lock()
_found: Sandbox | Missing | None = None


def probe() -> Sandbox | Missing:
    """The sandbox of this machine, tried once for each process of ours. Blocks, for a quarter of a second."""
    global _found
    with _lock:
        if _found is None:
            _found = examine()
        return _found


def examine() -> Sandbox | Missing:
    """Try it now."""
    if sys.platform != "linux":
        return Missing("only Linux has what the sandbox is made of")
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return Missing("bubblewrap is not installed", "apt install bubblewrap.")
    if not processes.can_be_told():
        return Missing("this kernel does not tell which processes belong together")
    sandbox = Sandbox(bwrap, "bubblewrap", promises())
    try:
        with tempfile.TemporaryDirectory(prefix="moentreprise-probe-") as folder:
            broken = _broken(sandbox, Path(folder))
    except SandboxError as error:
        return _why(str(error))
    except OSError:
        return Missing("no folder could be made to try it in")
    return sandbox if broken is None else Missing(f"it did not hold: {broken}")


def promises() -> tuple[str, ...]:
    """What holds here, in words."""
    user = "in a user namespace of its own; outside it is the user of the server, who is not root"
    if os.geteuid() == 0:
        user = f"as another user, one for each run ({UIDS[0]} to {UIDS[-1]}), in a user namespace of its own"
    memory = "watched ten times a second over all processes, and by the kernel for each (RLIMIT_DATA)"
    if control.place() is not None:
        memory += " and for all (a control group)"
    return (
        user,
        "no network but a loopback of its own",
        "sees no process, file or environment of ours: /usr read-only, and what it is given",
        f"memory {memory}",
        "processes, file sizes and processor time limited by the kernel; disk and output watched; "
        "/tmp of a fixed size",
        "ends as a whole: at a limit, when cancelled, and when the worker dies",
    )


def _broken(sandbox: Sandbox, folder: Path) -> str | None:
    """The first promise that is not kept."""
    work, secret = folder / "work", folder / "secret"
    work.mkdir()
    secret.mkdir(mode=0o755)
    (secret / "file").write_text("secret\n")
    (secret / "file").chmod(0o600)
    said: list[tuple[str, str]] = []
    owners: list[int] = []

    def hear(line: str) -> None:
        key, _, value = line.partition("=")
        said.append((key, value))
        if key == "written":
            owners.append((work / "mine").lstat().st_uid)
            (work / "go").touch()

    ended = sandbox.run(
        ["/bin/sh", "-c", _SCRIPT, "probe", str(secret / "file")],
        mounts=[Mount(work, "/work", writable=True), Mount(secret, "/secret")],
        cwd="/work",
        limits=Limits(seconds=SECONDS_MAX, processes=16),
        on_line=hear,
    )
    if not ended.ok or not owners:
        return "it did not end as it should"
    return _breach(said, owners[0]) or None


def _breach(said: list[tuple[str, str]], owner: int) -> str:
    told = dict(said)
    root = os.geteuid() == 0
    for space in SPACES:
        if told.get(space) in (None, "", os.readlink(f"/proc/self/ns/{space}")):
            return f"it shares our {space} namespace"
    if any(key == "interface" and value != "lo" for key, value in said):
        return "it has a network"
    if root and owner not in UIDS:
        return "it is not another user"
    mine = "/secret/file"  # whoever is not root has given a file of its own
    if any(key == "read" and (root or value != mine) for key, value in said):
        return "it can read what is not for it"
    if any(key == "wrote" for key, _ in said):
        return "it can write where it may only read"
    return ""


def _why(error: str) -> Missing:
    if "Unknown option" in error:
        return Missing("bubblewrap is too old here", "Version 0.8 or later is needed.")
    if "namespace" in error or "uid map" in error or "Operation not permitted" in error:
        return Missing("bubblewrap is installed, but not allowed to run", _FORBIDDEN)
    return Missing("bubblewrap is installed, but could not put up its walls")
