"""Chromium behind the sandbox's walls: no network at all, no file of ours, another user.

Playwright steers it through two pipes that it inherits; its profile lies in the memory of the walls' /tmp.
"""

from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from orchestration.adapters.sandbox import launch, walls
from orchestration.adapters.sandbox.terms import MIB

PIPES = [3, 4]
PLACE = "/opt/browser"
SCRATCH_BYTES = 256 * MIB
DATA_BYTES_MAX = 2048 * MIB
PROCESSOR_SECONDS_MAX = 60
LAST = ["--user-data-dir=/tmp/profile", "--disk-cache-dir=/tmp/cache", "--disable-crash-reporter"]
INSTALLED = (
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/usr/lib/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
    "/opt/chromium/chrome",
)
"""The programs themselves, not the scripts that start them."""


def find(of_playwright: str) -> Path | None:
    """Playwright's own Chromium, else the one of the machine."""
    places = (Path(place) for place in (of_playwright, *INSTALLED) if place)
    return next((place for place in places if place.is_file() and os.access(place, os.X_OK)), None)


def write_starter(program: Path, folder: Path, uid: int | None) -> Path:
    """A script in `folder` that starts `program` behind the walls; `uid` as of sandbox.users."""
    bwrap = shutil.which("bwrap") or "bwrap"
    built = _walls(bwrap, program)
    plan = launch.Plan(
        parent=0,
        uid=uid,
        limits=[
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_DATA, DATA_BYTES_MAX),
            (resource.RLIMIT_CPU, PROCESSOR_SECONDS_MAX),
        ],
        sources=built.sources,
        command=built.words,
        descriptors=PIPES,
    )
    told = {"plan": plan, "last": LAST, "launcher": str(Path(launch.__file__).resolve())}
    (folder / "plan.json").write_text(json.dumps(told))
    starter = Path(__file__).with_name("starter.py").resolve()
    return _script(folder / "browser", [sys.executable, "-I", "-S", str(starter), str(folder / "plan.json")])


def _walls(bwrap: str, program: Path) -> walls.Walls:
    built = walls.Walls()
    built.add(bwrap, "--die-with-parent", "--new-session", "--hostname", "camera", "--cap-drop", "ALL")
    for space in ("user", "pid", "ipc", "uts", "net", "cgroup"):
        built.add(f"--unshare-{space}")
    built.add("--uid", str(walls.INSIDE_UID), "--gid", str(walls.INSIDE_UID))
    walls.system(built)
    built.add("--size", str(SCRATCH_BYTES), "--perms", "0700", "--tmpfs", "/tmp")
    built.mount(program.parent.resolve(), PLACE, writable=False)
    if os.path.isdir("/etc/fonts"):
        built.mount(Path("/etc/fonts"), "/etc/fonts", writable=False)
    built.add("--clearenv", "--setenv", "HOME", "/tmp", "--setenv", "LANG", "C.UTF-8")
    built.add("--setenv", "PATH", "/usr/bin:/bin", "--remount-ro", "/", "--chdir", "/tmp")
    built.add("--", f"{PLACE}/{program.name}")
    return built


def _script(place: Path, command: Sequence[str]) -> Path:
    place.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    place.chmod(0o700)
    return place
