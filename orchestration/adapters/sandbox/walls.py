"""The walls as words for bubblewrap: what is seen inside, and as whom. Nothing is run here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from orchestration.adapters.sandbox.terms import MIB, Limits, Mount, SandboxError

PROJECT = Path(__file__).resolve().parents[3]
INSIDE_UID = 1000
PROGRAMS = "/opt/programs"
"""Where a program is seen that lies outside of /usr on this machine."""
_ROOTS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ENVIRONMENT = {
    "PATH": f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}

Words = list[str | int]
"""A command in which a number stands for the n-th source (see launch.py)."""


@dataclass(slots=True)
class Walls:
    """What one run is started with."""

    sources: list[str] = field(default_factory=list)
    words: Words = field(default_factory=list)

    def add(self, *words: str) -> None:
        self.words += words

    def mount(self, source: Path, target: str, *, writable: bool) -> None:
        self.words += ["--bind" if writable else "--ro-bind", len(self.sources), target]
        self.sources.append(str(source))


def build(
    bwrap: str,
    command: Sequence[str],
    mounts: Sequence[Mount],
    cwd: str,
    environment: Mapping[str, str],
    limits: Limits,
    *,
    status: int,
    gate: int,
) -> Walls:
    """`status` and `gate` are descriptors: on one bubblewrap tells what it started, at the other it waits.

    Raises SandboxError for what cannot be mounted.
    """
    walls = Walls()
    walls.add(bwrap, "--die-with-parent", "--hostname", "sandbox", "--cap-drop", "ALL")
    for space in ("user", "pid", "ipc", "uts", "net", "cgroup"):
        walls.add(f"--unshare-{space}")
    walls.add("--disable-userns", "--uid", str(INSIDE_UID), "--gid", str(INSIDE_UID))
    walls.add("--json-status-fd", str(status), "--block-fd", str(gate))
    system(walls)
    walls.add("--size", str(limits.scratch_bytes), "--perms", "0700", "--tmpfs", "/tmp")
    _refuse_links(mounts)
    program = _program(command[0])
    for mount in [*mounts, *([] if program is None else [program])]:
        walls.mount(_source(mount), mount.target, writable=mount.writable)
    _set(walls, {**_ENVIRONMENT, **_for_node(limits), **environment})
    walls.add("--remount-ro", "/", "--chdir", cwd, "--", *command)
    return walls


def system(walls: Walls) -> None:
    """Programs and libraries, four harmless devices, a /proc of its own. Nothing of /etc: Node needs none."""
    walls.add("--ro-bind", "/usr", "/usr")
    if PROJECT.is_relative_to("/usr"):  # a container's /usr/src/app, or site-packages
        walls.add("--size", str(MIB), "--tmpfs", str(PROJECT), "--remount-ro", str(PROJECT))
    for name in _ROOTS:
        place = f"/{name}"
        if os.path.islink(place):
            walls.add("--symlink", os.readlink(place), place)
        elif os.path.isdir(place):
            walls.add("--ro-bind", place, place)
    walls.add("--proc", "/proc", "--size", str(MIB), "--tmpfs", "/dev")
    for name in _DEVICES:
        walls.add("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        walls.add("--symlink", f"/proc/self/fd{target}", f"/dev/{name}")
    walls.add("--remount-ro", "/dev")


def _program(name: str) -> Mount | None:
    """A program that this machine has elsewhere than in /usr (nvm, a home folder) is seen in PROGRAMS."""
    found = None if "/" in name else shutil.which(name)
    if found is None:
        return None
    real = Path(found).resolve()
    if any(real.is_relative_to(place) for place in ("/usr", "/bin", "/sbin")):
        return None
    return Mount(real, f"{PROGRAMS}/{name}")


def _source(mount: Mount) -> Path:
    target = PurePosixPath(mount.target)
    if not target.is_absolute() or ".." in target.parts or len(target.parts) == 1:
        raise SandboxError(f"not a place to mount at: {mount.target}")
    try:
        source = mount.source.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise SandboxError(f"nothing to mount at {mount.target}") from error
    if mount.writable and (not source.is_dir() or PROJECT.is_relative_to(source)):
        raise SandboxError(f"not to be given away: what is to be writable at {mount.target}")
    return source


def _refuse_links(mounts: Sequence[Mount]) -> None:
    """Where something is mounted in a writable folder, an earlier run may have left a link to elsewhere."""
    for outer in mounts:
        for inner in mounts:
            target = PurePosixPath(inner.target)
            if outer.writable and inner is not outer and target.is_relative_to(outer.target):
                place = outer.source
                for part in target.relative_to(outer.target).parts:
                    place /= part
                    if place.is_symlink():
                        raise SandboxError(f"a link where something is to be mounted: {inner.target}")


def _for_node(limits: Limits) -> dict[str, str]:
    """Its heap stays below the limit by itself, so that an honest program is not killed for its garbage."""
    return {"NODE_OPTIONS": f"--max-old-space-size={max(64, limits.memory_bytes * 3 // 4 // MIB)}"}


def _set(walls: Walls, environment: Mapping[str, str]) -> None:
    walls.add("--clearenv")
    for name, value in environment.items():
        walls.add("--setenv", name, value)
