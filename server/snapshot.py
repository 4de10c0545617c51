"""What `GET /sessions/{id}` answers: the session as its notices have described it so far."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace

from orchestration.brief import AnswerStatus, Brief
from orchestration.notices import (
    AccountChanged,
    BriefUpdated,
    JobDone,
    JobFailure,
    JobProgress,
    JobStarted,
    Notice,
    PhaseEntered,
    PostDrafted,
    QuestionAsked,
    RecordingChanged,
    SessionState,
    TurnEnded,
    TurnStarted,
)

ENDED = frozenset({"stopped", "completed", "expired"})


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    n: int
    of: int
    key: str


@dataclass(frozen=True, slots=True)
class JobView:
    """`state`: running, finished or failed. `message` is the newest progress, or why it failed."""

    job: str
    kind: str
    state: str = "running"
    percent: int = 0
    message: str = ""


@dataclass(slots=True)
class Snapshot:
    """Folds notices; holds nothing that was not told to the page."""

    state: str = "created"
    phase: str = ""
    speaker: str = ""
    question: OpenQuestion | None = None
    brief: Brief | None = None
    jobs: dict[str, JobView] = field(default_factory=dict)
    drafted: bool = False
    """Whether there is a post to edit."""
    recording: bool = False
    account: AccountChanged | None = None
    """None where publishing is not set up."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def apply(self, notice: Notice) -> None:
        match notice:
            case SessionState():
                self._state(notice.state)
            case PhaseEntered():
                self.phase = notice.phase
            case TurnStarted():
                self.speaker = notice.speaker
            case TurnEnded():
                self.speaker = ""
            case QuestionAsked():
                self.question = OpenQuestion(notice.n, notice.of, notice.question)
            case BriefUpdated():
                self._brief(notice.brief)
            case JobStarted() | JobProgress() | JobDone() | JobFailure():
                self._job(notice)
            case PostDrafted():
                self.drafted = True
            case RecordingChanged():
                self.recording = notice.on
            case AccountChanged():
                self.account = notice
            case _:
                pass

    def data(self) -> dict[str, object]:
        """The JSON object of the wire."""
        return {
            "state": self.state,
            "phase": self.phase,
            "speaker": self.speaker,
            "recording": self.recording,
            "account": asdict(self.account) if self.account else None,
            "question": asdict(self.question) if self.question else None,
            "jobs": [asdict(job) for job in self.jobs.values()],
            "brief": asdict(self.brief) if self.brief else None,
        }

    def _state(self, state: str) -> None:
        self.state = state
        if self.ended:
            self.speaker = ""
            self.question = None

    def _brief(self, brief: Brief) -> None:
        self.brief = brief
        if self.question and brief[self.question.key].status is not AnswerStatus.PENDING:
            self.question = None

    def _job(self, notice: JobStarted | JobProgress | JobDone | JobFailure) -> None:
        job = self.jobs.get(notice.job, JobView(notice.job, notice.kind))
        match notice:
            case JobStarted():
                job = replace(job, state="running")
            case JobProgress():
                job = replace(job, percent=notice.percent, message=notice.message)
            case JobDone():
                job = replace(job, state="finished", percent=100)
            case JobFailure():
                job = replace(job, state="failed", message=notice.reason)
        self.jobs[notice.job] = job
