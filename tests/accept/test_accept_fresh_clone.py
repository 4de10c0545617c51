"""A newcomer's first command: a fresh clone, no virtual environment, `make serve`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sessions import ROOT, Note

pytestmark = pytest.mark.accept

READY = "ready: "
SETUP_MAX_S = 600
STOP_S = 20


def environment() -> dict[str, str]:
    """The caller's, without its virtual environment, its keys and its settings."""
    hidden = ("MOENT", "OPENAI_", "VIRTUAL_ENV", "PYTHON", "MAKE", "MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if part != own)
    return {**kept, "PATH": path, "MOENTREPRISE_PORT": "0"}


def processes_in(folder: Path) -> list[int]:
    """Every process that works in the folder or was started from it."""
    found = []
    for name in os.listdir("/proc"):
        try:
            at = os.readlink(f"/proc/{name}/cwd") if name.isdecimal() else ""
            command = Path(f"/proc/{name}/cmdline").read_bytes() if name.isdecimal() else b""
        except OSError:
            continue
        if at.startswith(str(folder)) or os.fsencode(folder) in command:
            found.append(int(name))
    return found


@contextmanager
def serving(clone: Path, log: Path) -> Iterator[str]:
    """The URL of `make serve` in the clone; its whole process group is gone at the end."""
    with log.open("wb") as errors:
        make = subprocess.Popen(
            ["make", "serve"],
            cwd=clone,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    assert make.stdout is not None
    try:
        line = next((line for line in make.stdout if READY in line), "")
        yield line.split(READY)[1].strip() if line else ""
    finally:
        if make.poll() is None:
            os.killpg(make.pid, signal.SIGINT)
        make.communicate(timeout=STOP_S)


def test_a_fresh_clone_serves(tmp_path: Path, note: Note) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    assert not (clone / ".venv").exists()
    began = time.monotonic()
    try:
        with serving(clone, tmp_path / "serve.log") as url:
            ready_s = time.monotonic() - began
            assert url, (tmp_path / "serve.log").read_text()[-2000:]
            with urllib.request.urlopen(url, timeout=10) as response:
                status, page = response.status, response.read().decode()
        left = processes_in(clone)
        measured = (
            f"ready after {ready_s:.0f} s, the page answers {status}; {len(left)} processes left after Ctrl-C"
        )
        required = f"`make serve` is ready within {SETUP_MAX_S} s, needs no key, leaves no process"
        note(point="A fresh clone", required=required, measured=measured)
        assert ready_s <= SETUP_MAX_S
        assert status == 200
        assert "Moentreprise" in page
        assert not left
    finally:
        for pid in processes_in(clone):
            os.kill(pid, signal.SIGKILL)
