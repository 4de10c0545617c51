"""What comes of a Realtime session, as told to whoever owns the Line: past tense, typed, no wire dicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestration.events import ToolCall
from orchestration.usage import Usage


class LineCode(StrEnum):
    """Why a Line or one of its turns failed: a closed list, so that the page can explain each."""

    BUSY = "busy"
    CANCELLED = "cancelled"
    CONTENT_FILTER = "content_filter"
    LOST = "connection_lost"
    OVERLOADED = "overloaded"
    QUOTA = "quota_exceeded"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    SERVER = "server_error"
    TIMEOUT = "timeout"
    TOO_LONG = "too_long"
    UNAUTHORISED = "unauthorised"
    UNREACHABLE = "unreachable"

    @property
    def retryable(self) -> bool:
        """Whether the same request may work a moment later."""
        return self not in _FINAL

    @classmethod
    def of(cls, code: str, kind: str = "") -> LineCode:
        """Ours for a service's error `code` and its type; unknown client errors are `rejected`."""
        if code in _BY_SERVICE_CODE:
            return _BY_SERVICE_CODE[code]
        return cls.SERVER if kind in ("server_error", "") else cls.REJECTED


_FINAL = frozenset({LineCode.CONTENT_FILTER, LineCode.QUOTA, LineCode.REJECTED, LineCode.UNAUTHORISED})
_BY_SERVICE_CODE = {
    "conversation_already_has_active_response": LineCode.BUSY,
    "insufficient_quota": LineCode.QUOTA,
    "rate_limit_exceeded": LineCode.RATE_LIMITED,
    "invalid_api_key": LineCode.UNAUTHORISED,
    "server_error": LineCode.SERVER,
    "internal_error": LineCode.SERVER,
    "session_expired": LineCode.LOST,
    "max_output_tokens": LineCode.TOO_LONG,
    "content_filter": LineCode.CONTENT_FILTER,
}


class LineError(Exception):
    """A Line could not be opened. `code` is a `LineCode` value."""

    def __init__(self, name: str, code: LineCode, detail: str = "") -> None:
        super().__init__(f"line {name}: {code}" + (f" ({detail})" if detail else ""))
        self.name = name
        self.code = code
        self.retryable = code.retryable


@dataclass(frozen=True, slots=True)
class Configured:
    """The service accepted the session's configuration."""


@dataclass(frozen=True, slots=True)
class ConfigurationRejected:
    code: LineCode


@dataclass(frozen=True, slots=True)
class AudioReceived:
    """PCM16 mono 24 kHz, an even number of bytes, in order."""

    turn: str
    pcm: bytes


@dataclass(frozen=True, slots=True)
class WordReceived:
    """A piece of transcript; `audio_ms` is where it starts in the turn's audio, None if unknown."""

    turn: str
    text: str
    audio_ms: int | None


@dataclass(frozen=True, slots=True)
class TurnFinished:
    turn: str
    text: str
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class TurnFailed:
    turn: str
    code: LineCode


@dataclass(frozen=True, slots=True)
class HumanStarted:
    item: str


@dataclass(frozen=True, slots=True)
class HumanStopped:
    item: str


@dataclass(frozen=True, slots=True)
class HumanHeardSoFar:
    """The beginning of what the human says, while it goes on; the whole may turn out otherwise."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class HumanUnderstood:
    """`confidence` is the mean probability of the transcript's tokens, 1.0 where the service gives none."""

    item: str
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class HumanNotUnderstood:
    item: str


@dataclass(frozen=True, slots=True)
class UsageReported:
    """A response ended, ours or not, delivered or not: it is billed for this."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something unexpected that changes nothing: for the log. `what` is an event type, never content."""

    what: str
    code: str


Outcome = (
    Configured
    | ConfigurationRejected
    | AudioReceived
    | WordReceived
    | TurnFinished
    | TurnFailed
    | HumanStarted
    | HumanStopped
    | HumanHeardSoFar
    | HumanUnderstood
    | HumanNotUnderstood
    | UsageReported
    | Complaint
)
