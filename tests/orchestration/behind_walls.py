"""For tests of the sandbox: the real one, small programs in it, and a look at what is left of them."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestration.adapters.sandbox import Exit, Limits, Missing, Mount, Sandbox, probe

MIB = 1024 * 1024
SMALL = Limits(
    seconds=8.0,
    cpu_seconds=8.0,
    memory_bytes=512 * MIB,
    processes=48,
    file_bytes=4 * MIB,
    total_bytes=8 * MIB,
    scratch_bytes=4 * MIB,
    output_lines=200,
    line_characters=500,
)


def sandbox_or_skip() -> Sandbox:
    """The machine's sandbox. Where there is none the test is skipped, and in CI it fails."""
    found = probe()
    reason = f"no sandbox: {found.reason}" if isinstance(found, Missing) else ""
    if not reason and shutil.which("node") is None:
        reason = "Node is not installed"
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    assert isinstance(found, Sandbox)
    return found


@dataclass
class Room:
    """A sandbox with one writable folder, /work."""

    sandbox: Sandbox
    folder: Path
    lines: list[str] = field(default_factory=list)

    @property
    def mounts(self) -> list[Mount]:
        return [Mount(self.folder, "/work", writable=True)]

    def run(self, *command: str, limits: Limits = SMALL) -> Exit:
        return self.sandbox.run(
            command, mounts=self.mounts, cwd="/work", limits=limits, on_line=self.lines.append
        )

    def node(self, script: str, limits: Limits = SMALL) -> Exit:
        return self.run("node", "-e", script, limits=limits)

    def shell(self, script: str, *words: str, limits: Limits = SMALL) -> Exit:
        return self.run("/bin/sh", "-c", script, "sh", *words, limits=limits)


def processes_with(mark: str) -> list[int]:
    """The processes of this machine that have `mark` in their command, but not us."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mark.encode() in command:
                found.append(int(entry.name))
    return found


def left_of(mark: str, within_s: float = 5.0) -> list[int]:
    """What is still there of it when that time has passed, or at once nothing."""
    ends = time.monotonic() + within_s
    while (found := processes_with(mark)) and time.monotonic() < ends:
        time.sleep(0.02)
    return found
