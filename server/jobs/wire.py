"""What the server and the workshop say to each other: one JSON object per line, over a socket of their own.

The first line from the server is a Setup; the workshop answers Open once it can take work.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import cast, get_args

from orchestration.adapters.work import WorkErrorCode
from server.jobs.protocol import Failed, Result

LINE_BYTES_MAX = 8 * 1024 * 1024
"""More than a worker's longest line with what stands around it."""

Key = tuple[str, str]
"""(session id, job id)"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is done at once, how long one job may take (s), how often an outside service is used.

    `services` names what may be used: how many jobs may begin to use it in how many seconds.
    """

    parallel: int = 4
    per_session: int = 2
    time_limit_s: float = 120.0
    services: dict[str, tuple[int, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setup:
    """How the workshop is to be. `folder` is its own, absolute; `cancelled` will not be taken up again."""

    folder: str
    database: str = field(repr=False)
    worker: tuple[str, ...]
    limits: Limits
    log_level: str
    log_format: str
    cancelled: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Do this, once, however often it is said. `printed` lines of its log have arrived already."""

    session: str
    job: str
    kind: str
    payload: dict[str, object]
    folder: str
    printed: int = 0


@dataclass(frozen=True, slots=True)
class Cancel:
    session: str
    job: str


@dataclass(frozen=True, slots=True)
class Attach:
    """Tell all that is known of this session's jobs and was not told yet, and what comes from now on."""

    session: str


@dataclass(frozen=True, slots=True)
class Told:
    """The job's end has reached its listener."""

    session: str
    job: str


@dataclass(frozen=True, slots=True)
class Forget:
    """The session's data are gone: cancel its jobs and keep nothing of them."""

    session: str


@dataclass(frozen=True, slots=True)
class Means:
    """The answer to Ask: settings and secrets, never stored."""

    ask: int
    values: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Open:
    """The workshop takes work."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What may a job of this kind of this session use?"""

    ask: int
    session: str
    kind: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a job's log; `first` is the number of the first one, from 0, whoever was restarted."""

    session: str
    job: str
    kind: str
    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    session: str
    job: str
    kind: str
    percent: int
    message: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Where the job's work is seen live (protocol.Preview)."""

    session: str
    job: str
    kind: str
    socket: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the job ended, as `as_json` writes it. Said again until it is Told."""

    session: str
    job: str
    kind: str
    outcome: dict[str, object]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Nothing of the session is left here."""

    session: str


Wish = Setup | Start | Cancel | Attach | Told | Forget | Means
News = Open | Ask | Lines | Step | Preview | Ended | Forgotten
Message = Wish | News

TYPES: dict[str, type] = {one.__name__: one for one in (*get_args(Wish), *get_args(News))}


def line(message: Message) -> bytes:
    return json.dumps({"type": type(message).__name__, **asdict(message)}).encode() + b"\n"


def parse(text: bytes) -> Message:
    """Raises ValueError, KeyError or TypeError for what neither side says."""
    fields: dict[str, object] = json.loads(text)
    kind = TYPES[str(fields.pop("type"))]
    if kind is Setup:
        limits = cast("dict[str, object]", fields["limits"])
        services = cast("dict[str, list[float]]", limits["services"])
        limits["services"] = {name: (int(count), period) for name, (count, period) in services.items()}
        keys = cast("list[list[str]]", fields["cancelled"])
        fields |= {"limits": Limits(**limits), "cancelled": tuple((one, two) for one, two in keys)}  # type: ignore[arg-type]
    if kind in (Setup, Lines):
        name = "worker" if kind is Setup else "lines"
        fields[name] = tuple(cast("list[str]", fields[name]))
    return cast("Message", kind(**fields))


def as_json(outcome: Result | Failed) -> dict[str, object]:
    """An outcome as a JSON object: `{"result": …}`, or `{"code", "reason", "retryable"}`."""
    if isinstance(outcome, Result):
        return {"result": outcome.result}
    return {"code": outcome.code.value, "reason": outcome.reason, "retryable": outcome.retryable}


def outcome_of(kept: object) -> Result | Failed:
    """The outcome that was written so; `crashed` when nobody can read it."""
    if isinstance(kept, dict) and isinstance(kept.get("result"), dict):
        return Result(cast("dict[str, object]", kept["result"]))
    try:
        fields = cast("dict[str, object]", kept)
        code = WorkErrorCode(str(fields["code"]))
        return Failed(code, str(fields["reason"]), bool(fields.get("retryable")))
    except (TypeError, KeyError, ValueError):
        return failed(WorkErrorCode.CRASHED)


REASONS = {
    WorkErrorCode.CANCELLED: "The work was cancelled.",
    WorkErrorCode.TIMED_OUT: "The work took too long and was stopped.",
    WorkErrorCode.CRASHED: "The worker stopped unexpectedly.",
}


def failed(code: WorkErrorCode, retryable: bool = False) -> Failed:
    """One of the failures that are the workshop's own."""
    return Failed(code, REASONS[code], retryable)
