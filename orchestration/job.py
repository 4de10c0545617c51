"""One piece of work as the conversation knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from orchestration.tools import Arguments


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. `call` is the model's function call that waits for it, empty for none."""

    job: str
    kind: str
    speaker: str
    call: str
    arguments: Arguments = field(default_factory=dict)
    state: JobState = JobState.RUNNING
    percent: int = 0
    message: str = ""
