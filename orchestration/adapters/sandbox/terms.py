"""What a sandbox is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MIB = 1024 * 1024


class SandboxError(Exception):
    """The walls could not be put up, so nothing was executed. Its text is for our log, not for the human."""


@dataclass(frozen=True, slots=True)
class Missing:
    """No sandbox here: nothing that was generated may be executed. `reason` is one sentence for the human."""

    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of ours that is seen inside as `target`, an absolute path. What is read-only must be
    readable for everyone: inside, the user is another one.
    """

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. Sizes are in bytes, times in seconds."""

    seconds: float = 60.0
    """Wall time, from the start."""
    cpu_seconds: float = 120.0
    """Processor time of all its processes together."""
    memory_bytes: int = 1024 * MIB
    """Memory of all its processes together; one alone can never reserve more than twice that."""
    processes: int = 128
    """Processes and threads at the same time. Node with Vite wants forty."""
    file_bytes: int = 64 * MIB
    """The largest file."""
    total_bytes: int = 256 * MIB
    """By how much the writable folders may grow; a file or folder counts for 4 KiB at least."""
    scratch_bytes: int = 64 * MIB
    """The size of /tmp, which is memory."""
    open_files: int = 1024
    """Open at the same time, in each process."""
    output_lines: int = 5000
    line_characters: int = 2000
    """A longer line is cut; what was cut away counts as output all the same."""

    @property
    def output_bytes(self) -> int:
        return self.output_lines * self.line_characters


class Ended(StrEnum):
    """Why a run is over."""

    FINISHED = "finished"
    TIMED_OUT = "timed_out"
    """Wall time or processor time."""
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MUCH_OUTPUT = "too_much_output"
    TOO_MUCH_DISK = "too_much_disk"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a run ended. `code` is the program's own (128 + n after signal n), None when we ended it."""

    code: int | None
    ended: Ended

    @property
    def ok(self) -> bool:
        return self.ended is Ended.FINISHED and self.code == 0
