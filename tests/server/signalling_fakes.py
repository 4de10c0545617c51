"""A session's crew without voices, work or workflow: it records what the session tells it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient

from orchestration import events, notices
from orchestration.brief import AnswerSource, Brief
from orchestration.personas import Cast
from orchestration.ports import Floor, Jobs, Line, LineConfig, LineFactory, LineListener, Publish
from orchestration.transcript import Entry
from orchestration.usage import Usage
from orchestration.workflow import MOENTREPRISE, Workflow
from server.app import bare_app, house
from server.limits import Rate
from server.session import Crew, Session
from server.sessions import SESSIONS
from server.sessionwork import RunListener
from server.settings import Settings

Client = TestClient[web.Request, web.Application]


@dataclass
class FakeApproval:
    state: str = "open"
    expires_at: float = math.inf


@dataclass
class FakeDesk:
    approvals: dict[str, FakeApproval] = field(default_factory=dict)


@dataclass
class FakeConversation:
    brief: Brief
    desk: FakeDesk = field(default_factory=FakeDesk)
    transcript: list[Entry] = field(default_factory=list)
    summary: dict[str, object] = field(default_factory=dict)


class FakeDirector:
    """Ends when it is told to; `deaf` never does. Records every event, in order."""

    deaf = False
    made: list[FakeDirector]

    def __init__(
        self,
        *,
        floor: Floor,
        open_line: LineFactory,
        jobs: Jobs,
        publish: Publish,
        cast: Cast,
        workflow: Workflow,
        given_answers: Sequence[str] = (),
        clock: Callable[[], float],
    ) -> None:
        self.floor = floor
        self.jobs = jobs
        self.publish = publish
        self.conversation = FakeConversation(Brief.of(workflow.questions))
        for question, text in zip(workflow.questions, given_answers, strict=False):
            brief = self.conversation.brief.with_answer(question.key, text, AnswerSource.GIVEN)
            self.conversation.brief = brief
        self.heard: list[events.Event] = []
        self.pcm = bytearray()
        self.playout: list[str] = []
        self.usage = Usage()
        self.finished: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> str:
        return await self.finished

    def post(self, event: events.Event) -> None:
        self.heard.append(event)
        match event:
            case events.StopRequested() if not self.deaf:
                self.end("stopped", event.reason)
            case events.ListenerArrived():
                self.publish(notices.SessionState("live"))
            case events.ListenerLost():
                self.publish(notices.SessionState("waiting"))
            case events.ApprovalDecided(approval, decision):
                asked = self.conversation.desk.approvals[approval]
                if isinstance(asked, FakeApproval):  # a real desk decides by itself
                    asked.state = decision.value
            case _:
                pass

    def end(self, state: str, reason: str = "") -> None:
        if not self.finished.done():
            self.publish(notices.SessionState(state, reason))
            self.finished.set_result(state)

    def hear(self, pcm: bytes) -> None:
        self.pcm += pcm

    def playout_started(self, turn: str, rtp_timestamp: int) -> None:
        self.playout.append(f"started {turn}")

    def playout_finished(self, turn: str, sent_ms: int) -> None:
        self.playout.append(f"finished {turn}")

    def playout_interrupted(self, turn: str, sent_ms: int, source_ms: int) -> None:
        self.playout.append(f"interrupted {turn}")


class DeafDirector(FakeDirector):
    deaf = True


class FakeWorkshop:
    """Starts nothing; remembers who asked for what."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, str]] = []
        self.cancelled: list[tuple[str, str]] = []
        self.forgotten: list[str] = []
        self.listeners: dict[str, RunListener] = {}

    def start(
        self,
        session_id: str,
        job: str,
        kind: str,
        payload: dict[str, object],
        folder: Path,
        listener: RunListener,
    ) -> None:
        self.started.append((session_id, job, kind))
        self.listeners[job] = listener

    def cancel(self, session_id: str, job: str) -> bool:
        self.cancelled.append((session_id, job))
        return True

    def cancel_session(self, session_id: str) -> asyncio.Future[object]:
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def attach(self, session_id: str, listener: RunListener) -> None:
        raise AssertionError("nobody comes back here")

    def forget(self, session_id: str) -> None:
        self.forgotten.append(session_id)


def no_line(config: LineConfig, listener: LineListener) -> Line:
    raise AssertionError("the fake director opens no line")


def fake_crew(director: type[FakeDirector] = FakeDirector, workshop: FakeWorkshop | None = None) -> Crew:
    return Crew(
        director=director,
        open_line=no_line,
        cast=Cast(),
        workflow=MOENTREPRISE,
        workshop=workshop or FakeWorkshop(),
    )


def fake_app(
    settings: Settings, crew: Crew | None = None, opening: Rate | None = None, max_unentered: int = 1000
) -> web.Application:
    app = bare_app(settings, opening or Rate(1000, 1000.0))
    house(app, crew or fake_crew(), max_unentered)
    return app


@dataclass(frozen=True)
class Opened:
    """An open session, from outside (`client`) and from inside (`session`, `director`)."""

    client: Client
    body: dict[str, object]
    session: Session
    director: FakeDirector

    @property
    def path(self) -> str:
        return f"/sessions/{self.session.id}"

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session.keys.human}"}

    @property
    def spectator_auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session.keys.spectator}"}

    async def heard(self, kind: type[events.Event], count: int = 1) -> events.Event:
        """The `count`-th event of this kind that the Director was told."""
        async with asyncio.timeout(10):
            while len(found := [e for e in self.director.heard if isinstance(e, kind)]) < count:
                await asyncio.sleep(0.01)
        return found[count - 1]

    async def state(self, state: str) -> None:
        """Wait until the session is in this state."""
        async with asyncio.timeout(10):
            while self.session.snapshot.state != state:
                await asyncio.sleep(0.01)


async def opened(client: Client, body: object = None) -> Opened:
    response = await client.post("/sessions", json=body)
    assert response.status == 201, await response.text()
    data = await response.json()
    session = client.app[SESSIONS].find(data["id"])
    assert session is not None
    assert isinstance(session.director, FakeDirector)
    return Opened(client, data, session, session.director)
