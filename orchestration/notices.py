"""What the page is told: the typed messages of the wire, from the server to the human.

Each notice names its wire type; its fields are the message's `data`, as they stand. The envelope
(`seq`, `at_ms`) belongs to the server's event log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from orchestration.brief import Brief


@dataclass(frozen=True, slots=True)
class SessionState:
    """`state`: created, live, waiting, stopped, completed or expired."""

    type: ClassVar[str] = "session.state"
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PhaseEntered:
    type: ClassVar[str] = "phase.entered"
    phase: str
    index: int
    of: int


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The turn's first sample is `rtp_timestamp` on the 48 kHz clock of the outbound track."""

    type: ClassVar[str] = "turn.started"
    turn: str
    speaker: str
    act: str
    rtp_timestamp: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word and when it sounds, in ms of the turn's audible time."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Caption:
    """One sentence. It sounds from `start_ms` to `end_ms` of its turn; `rtp_timestamp` is at `start_ms`."""

    type: ClassVar[str] = "caption"
    turn: str
    speaker: str
    text: str
    rtp_timestamp: int
    start_ms: int
    end_ms: int
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """`text` is what was sent, no more, when `interrupted`."""

    type: ClassVar[str] = "turn.ended"
    turn: str
    speaker: str
    text: str
    heard_ms: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """Which question is open: `n` of `of`; it is on the page while it is asked."""

    type: ClassVar[str] = "question.asked"
    question: str
    title: str
    text: str
    n: int
    of: int


@dataclass(frozen=True, slots=True)
class HumanListening:
    """Whether the team waits for the human to speak."""

    type: ClassVar[str] = "human.listening"
    listening: bool


@dataclass(frozen=True, slots=True)
class HumanSpeaking:
    """Whether the human is being heard speaking."""

    type: ClassVar[str] = "human.speaking"
    speaking: bool


@dataclass(frozen=True, slots=True)
class HumanHeard:
    """What was understood; `question` is the key it answers, or empty."""

    type: ClassVar[str] = "human.said"
    text: str
    question: str
    confidence: float
    typed: bool


@dataclass(frozen=True, slots=True)
class BriefUpdated:
    type: ClassVar[str] = "brief.updated"
    brief: Brief
    changed: str = ""
    """The key of the answer that changed."""


@dataclass(frozen=True, slots=True)
class JobStarted:
    type: ClassVar[str] = "job.started"
    job: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class JobProgress:
    type: ClassVar[str] = "job.progress"
    job: str
    kind: str
    percent: int
    message: str


@dataclass(frozen=True, slots=True)
class JobLog:
    """Lines of output, batched; `first` is the number of the first one, from 0."""

    type: ClassVar[str] = "job.log"
    job: str
    kind: str
    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobDone:
    type: ClassVar[str] = "job.finished"
    job: str
    kind: str


@dataclass(frozen=True, slots=True)
class JobFailure:
    """`code` is from the closed list of the job's errors; `reason` is a sentence for the human."""

    type: ClassVar[str] = "job.failed"
    job: str
    kind: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResearchReady:
    """`research` is the research job's result."""

    type: ClassVar[str] = "research.ready"
    research: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteBuilding:
    """While `live`, the site that is being built is seen at `url` (relative to this server), and changes as
    it is written. It is over before `site.ready`, and when the work fails.
    """

    type: ClassVar[str] = "site.building"
    url: str
    live: bool


@dataclass(frozen=True, slots=True)
class SiteReady:
    """`site` is the website job's result; `url` is relative to this server."""

    type: ClassVar[str] = "site.ready"
    url: str
    site: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostDrafted:
    """`image` is a URL relative to this server, empty while there is none.

    `text_by` is model, template or human, `picture_by` model or card; `text_because` and `because` are a
    sentence each: why no model did it, where one was asked.
    """

    type: ClassVar[str] = "post.drafted"
    text: str
    image: str
    alt: str
    text_by: str = ""
    picture_by: str = ""
    text_because: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """`hash` is the SHA-256 of the canonical JSON of `payload`."""

    type: ClassVar[str] = "approval.requested"
    approval: str
    action: str
    payload: dict[str, object]
    hash: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class ApprovalResolved:
    """`decision`: approve, reject, superseded or expired."""

    type: ClassVar[str] = "approval.resolved"
    approval: str
    decision: str


@dataclass(frozen=True, slots=True)
class PostPublished:
    """`status`: published (with its `url`), draft, failed or expired (with the reason), rejected or unknown.

    `code` names the reason (orchestration.adapters.linkedin.Code). After a failure that the human can do
    something about, another approval of the same post is requested.
    """

    type: ClassVar[str] = "post.published"
    status: str
    url: str
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Which LinkedIn account the session may publish with; told only where publishing is set up.

    `expires_ms`: when its sign-in ends, in ms since 1970. `author`: person or organisation.
    """

    type: ClassVar[str] = "account.changed"
    connected: bool
    name: str = ""
    expires_ms: int = 0
    author: str = ""


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    """Whether the session is recorded from now on, and how much of it was so far.

    `reason`: human (the switch), ended (the session), storage_failed or too_long.
    """

    type: ClassVar[str] = "recording.changed"
    on: bool
    reason: str
    recorded_ms: int


@dataclass(frozen=True, slots=True)
class TurnPart:
    """What one step of a turn took, in ms from the step before it; `part` names it (waterfall.Step)."""

    part: str
    ms: int


@dataclass(frozen=True, slots=True)
class TurnMetrics:
    """One turn's way to the ear, in ms; told when the first sound was heard, or at the turn's end.

    None is what is not known or did not happen.
    """

    type: ClassVar[str] = "metrics.turn"
    turn: str
    speaker: str
    requested_to_first_audio_ms: int | None
    ready_before_ms: int | None
    """How long the first audio had waited in its Lane when it was given; 0 when the listener waited."""
    pause_ms: int | None
    """The pause that was chosen before it."""
    after: str = ""
    """What it followed: human, voice or start (nothing)."""
    whole_ms: int | None = None
    """From the last sound of what it followed to its last known part; the sum of the parts."""
    parts: tuple[TurnPart, ...] = ()
    """The known ones of end_of_speech, transcript, decision, first_delta, first_packet, heard; in order."""


@dataclass(frozen=True, slots=True)
class Error:
    """`code` is from a closed list that the page can explain; `message` is a sentence for the human."""

    type: ClassVar[str] = "error"
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SessionCompleted:
    type: ClassVar[str] = "session.completed"
    summary: dict[str, object] = field(default_factory=dict)


Notice = (
    SessionState
    | PhaseEntered
    | TurnStarted
    | Caption
    | TurnEnded
    | QuestionAsked
    | HumanListening
    | HumanSpeaking
    | HumanHeard
    | BriefUpdated
    | JobStarted
    | JobProgress
    | JobLog
    | JobDone
    | JobFailure
    | ResearchReady
    | SiteBuilding
    | SiteReady
    | PostDrafted
    | ApprovalRequested
    | ApprovalResolved
    | PostPublished
    | AccountChanged
    | RecordingChanged
    | TurnMetrics
    | Error
    | SessionCompleted
)
