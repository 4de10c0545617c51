"""What every piece of work shares: how it reports while it runs and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class WorkErrorCode(StrEnum):
    """The closed list of a job's errors. The page can explain each; no other code is ever sent."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    INVALID_BRIEF = "invalid_brief"
    INVALID_PAYLOAD = "invalid_payload"
    NOT_APPROVED = "not_approved"
    UNKNOWN_KIND = "unknown_kind"
    BUILD_FAILED = "build_failed"
    CHECK_FAILED = "check_failed"
    STORAGE_FAILED = "storage_failed"


class WorkError(Exception):
    """Work that cannot be done. `reason` is one sentence for the human, without paths or traces.

    `retryable`: the same may go well in a moment, as with a service that is busy; then it is tried again.
    """

    def __init__(self, code: WorkErrorCode, reason: str, *, retryable: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retryable = retryable


class Report(Protocol):
    """Where work says what it is really doing."""

    def log(self, line: str) -> None:
        """One line for the terminal."""

    def progress(self, percent: int, message: str) -> None:
        """How far it is, 0 to 100, and a few words for the human."""


@dataclass(frozen=True, slots=True)
class Means:
    """Settings and secrets for the outside services that a job may use: the names of environment variables
    and their values. They come with each start, and are never stored, logged or put in an environment.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """The value, empty when it is not given to this job."""
        return self.values.get(name, "")


Payload = dict[str, object]
"""`brief`, `sources` and the call's `arguments`, with the earlier results that the tool's entry `uses`."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One job: what it is about, the session's own folder, what it may use, and where it reports."""

    payload: Payload
    folder: Path
    means: Means
    report: Report


Task = Callable[[Assignment], Payload]
"""Does a job and returns its result, a JSON object. May block; raises WorkError for what cannot be done."""
