"""Runs one external builder: its lines as they come, its limits, and its end, with nothing of it left."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orchestration.adapters.builders import COMMAND_SECONDS
from orchestration.adapters.sandbox import folders, processes
from orchestration.adapters.sandbox.output import Lines
from orchestration.adapters.website.command_builder.keeper import Plan

KEEPER = Path(__file__).with_name("keeper.py")
READ_BYTES = 65536
TICK_S = 0.2
MEASURE_S = 1.0
ENDING_S = 8.0
LINE_CHARACTERS = 100_000
"""Some of the lines are JSON that holds a command's whole output."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use."""

    seconds: float = COMMAND_SECONDS
    output_lines: int = 20_000
    output_bytes: int = 16 * 1024 * 1024
    file_bytes: int = 64 * 1024 * 1024
    total_bytes: int = 1024 * 1024 * 1024
    """Of the working copy and the scratch folder; an agent may install what it builds with."""


class How(StrEnum):
    """How it ended."""

    FINISHED = "finished"
    NOT_STARTED = "not_started"
    TIMED_OUT = "timed_out"
    TOO_MUCH_OUTPUT = "too_much_output"
    TOO_MUCH_DISK = "too_much_disk"


@dataclass(frozen=True, slots=True)
class End:
    """`code` is the program's own, 128 + n after signal n; None when we ended it."""

    how: How
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What is run. `command` begins with an absolute path, `folder` is in `place`.

    `place` holds all that is measured, and is removed if we do not live to do it.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    place: Path
    stdin: str
    limits: Limits


def run(what: Run, on_line: Callable[[str], None]) -> End:
    """Run it to its end; blocks. Raises OSError when our own part cannot be started."""
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as unable:
        with open(writing, "wb", buffering=0):
            process = _start(writing)
        how = _run(process, what, writing, on_line)
        if how is not None:
            return End(how)
        return End(How.NOT_STARTED if unable.read(1) else How.FINISHED, process.returncode)


def _start(unable: int) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(KEEPER)],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        cwd="/",
        env={},
        process_group=0,
        pass_fds=(unable,),
    )


def _run(
    process: subprocess.Popen[bytes], what: Run, unable: int, on_line: Callable[[str], None]
) -> How | None:
    """Tell the keeper what to do and follow it. Nothing is left of it afterwards."""
    plan: Plan = {
        "command": list(what.command),
        "environment": dict(what.environment),
        "folder": str(what.folder),
        "place": str(what.place),
        "stdin": what.stdin,
        "file_bytes": what.limits.file_bytes,
        "unable": unable,
    }
    try:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(plan).encode() + b"\n")
            process.stdin.flush()
        return _follow(process, what, on_line)
    finally:
        _end(process)


def _follow(process: subprocess.Popen[bytes], what: Run, on_line: Callable[[str], None]) -> How | None:
    """Read until both outputs are over (None), or until it must be ended."""
    assert process.stdout is not None
    assert process.stderr is not None
    now = time.monotonic()
    ends, measured = now + what.limits.seconds, now
    with selectors.DefaultSelector() as selector:
        pipes = {pipe.fileno(): Lines(LINE_CHARACTERS) for pipe in (process.stdout, process.stderr)}
        for number in pipes:
            selector.register(number, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(TICK_S):
                lines = pipes[key.fd]
                data = os.read(key.fd, READ_BYTES)
                if not data:
                    selector.unregister(key.fd)
                for line in lines.feed(data) if data else lines.end():
                    on_line(line)
            if sum(one.count for one in pipes.values()) > what.limits.output_lines:
                return How.TOO_MUCH_OUTPUT
            if sum(one.bytes for one in pipes.values()) > what.limits.output_bytes:
                return How.TOO_MUCH_OUTPUT
            now = time.monotonic()
            if now >= ends:
                return How.TIMED_OUT
            if now >= measured + MEASURE_S:
                measured = now
                processes.give_way(process.pid)
                if _size(what.place) > what.limits.total_bytes:
                    return How.TOO_MUCH_DISK
    return None


def _size(folder: Path) -> int:
    try:
        return folders.size(folder)
    except (folders.Unmeasurable, OSError):
        return 1 << 62


def _end(process: subprocess.Popen[bytes]) -> None:
    """Order it to end; no process is left when this returns."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(b"\n")
        process.stdin.close()
    for pipe in (process.stdout, process.stderr):
        pipe.close()
    try:
        process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
