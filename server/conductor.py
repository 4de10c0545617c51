"""The Director and its conversation as a session uses them (orchestration.director)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from media.floor import Floor
from orchestration import events
from orchestration.brief import Brief
from orchestration.personas import Cast
from orchestration.ports import Jobs, LineFactory, Publish
from orchestration.transcript import Entry
from orchestration.usage import Usage
from orchestration.workflow import Workflow


class ApprovalView(Protocol):
    """An approval as the HTTP side needs it; `state`: open, approve, reject, superseded or expired."""

    @property
    def state(self) -> str: ...

    @property
    def expires_at(self) -> float:
        """On the event loop's clock."""


class DeskView(Protocol):
    @property
    def approvals(self) -> Mapping[str, ApprovalView]: ...


class ConversationView(Protocol):
    """What a conversation has to show (orchestration.conversation)."""

    @property
    def brief(self) -> Brief: ...

    @property
    def transcript(self) -> Sequence[Entry]: ...

    @property
    def summary(self) -> Mapping[str, object]: ...

    @property
    def desk(self) -> DeskView: ...


class Conductor(Protocol):
    """The Director, as its session uses it (orchestration.director)."""

    @property
    def conversation(self) -> ConversationView: ...

    @property
    def usage(self) -> Usage:
        """What the session's responses used so far."""

    async def run(self) -> str:
        """Hold the whole conversation; returns `completed` or `stopped`."""

    def post(self, event: events.Event | events.Measured) -> None: ...

    def hear(self, pcm: bytes) -> None: ...

    def playout_started(self, turn: str, rtp_timestamp: int) -> None: ...

    def playout_finished(self, turn: str, sent_ms: int) -> None: ...

    def playout_interrupted(self, turn: str, sent_ms: int, source_ms: int) -> None: ...


class MakeDirector(Protocol):
    def __call__(
        self,
        *,
        floor: Floor,
        open_line: LineFactory,
        jobs: Jobs,
        publish: Publish,
        cast: Cast,
        workflow: Workflow,
        given_answers: tuple[str, ...],
        clock: Callable[[], float],
    ) -> Conductor: ...
