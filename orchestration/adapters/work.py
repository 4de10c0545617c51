"""What every piece of work shares: how it reports while it runs and how it fails."""

from __future__ import annotations

from enum import StrEnum
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
    CHECK_FAILED = "check_failed"
    STORAGE_FAILED = "storage_failed"


class WorkError(Exception):
    """Work that cannot be done. `reason` is one sentence for the human, without paths or traces."""

    def __init__(self, code: WorkErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Report(Protocol):
    """Where work says what it is really doing."""

    def log(self, line: str) -> None:
        """One line for the terminal."""

    def progress(self, percent: int, message: str) -> None:
        """How far it is, 0 to 100, and a few words for the human."""
