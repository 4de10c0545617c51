"""The product's own session path under the bench's front: everything but the model and the page.

`python -m tests.bench.harness_server --port N` (`MOENTREPRISE_MEDIA=track` for the public way). Each peer is
one `server.session.Session`, connected through its Presence: Floor, Lanes, Outbound, captions with their RTP
times, the event log, the session's watch, and the microphone decoded, gated and framed for a listening Line
that drops it. Only the Director is another one: it speaks what the bench's source pushes.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from media.floor import Floor
from media.timing import Pacer
from orchestration import captions, events, personas
from orchestration.brief import Brief
from orchestration.notices import TurnEnded, TurnStarted
from orchestration.personas import Cast
from orchestration.ports import Jobs, Line, LineConfig, LineFactory, LineListener, Publish
from orchestration.realtime_wire import append_message
from orchestration.transcript import Entry
from orchestration.usage import Usage
from orchestration.workflow import MOENTREPRISE, Workflow
from server import cli_serve, presence
from server.auth import Role
from server.peer import Peer
from server.session import Crew, Session
from server.sessionwork import RunListener
from server.settings import Settings
from tests.bench.front import Call, serve

SPEAKERS = ("marcus", "sarah", "maya", "alex", "sophie")
WORD_MS = 300
_SAMPLES_PER_MS = 24
_living: set[asyncio.Task[None]] = set()


class NoDesk:
    approvals: dict[str, object] = {}


class NoConversation:
    """What a session shows of a conversation that nobody holds."""

    def __init__(self, workflow: Workflow) -> None:
        self.brief = Brief.of(workflow.questions)
        self.transcript: list[Entry] = []
        self.summary: dict[str, object] = {}
        self.desk = NoDesk()


class Puppet:
    """A Conductor that says what it is handed, one turn after the other, each by the next persona."""

    call: Call

    def __init__(
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
    ) -> None:
        self.conversation = NoConversation(workflow)
        self.usage = Usage()
        self.open_line = open_line
        self.cast = cast
        self._floor = floor
        self._publish = publish
        self._turns = 0
        self._words = captions.TurnWords()
        self._received_ms = 0
        self._over = asyncio.get_running_loop().create_future()

    async def run(self) -> str:
        return await self._over

    def post(self, event: events.Event) -> None:
        pass

    def hear(self, pcm: bytes) -> None:
        """To a Line that goes nowhere: framed as for the wire, and dropped."""
        append_message(pcm)
        self.call.ear.hear(pcm)

    def playout_started(self, turn: str, rtp_timestamp: int) -> None:
        self._publish(TurnStarted(turn, self._speaker, "say", rtp_timestamp))
        self._rtp_timestamp = rtp_timestamp
        self._caption(whole=False)

    def playout_finished(self, turn: str, sent_ms: int) -> None:
        self._publish(TurnEnded(turn, self._speaker, "", sent_ms, interrupted=False))

    def playout_interrupted(self, turn: str, sent_ms: int, source_ms: int) -> None:
        heard = self._words.heard(source_ms)
        self._publish(TurnEnded(turn, self._speaker, heard, sent_ms, interrupted=True))

    # ------------------------------------------------------------------ what the source does

    def begin(self) -> None:
        self._turns += 1
        self._words = captions.TurnWords()
        self._received_ms = 0
        self._rtp_timestamp: int | None = None
        self._lane = self._floor.lane(self._turn)
        self._floor.give(self._turn, pause_ms=0)

    def push(self, pcm: bytes) -> None:
        """Audio with its words, a word each 300 ms, as a Line delivers them."""
        start_ms = self._received_ms
        self._received_ms += len(pcm) // 2 // _SAMPLES_PER_MS
        for word in range(-(-start_ms // WORD_MS), -(-self._received_ms // WORD_MS)):
            self._words.add("said." if word % 8 == 7 else "word", word * WORD_MS)
        self._lane.put(pcm)
        self._caption(whole=False)

    def end(self) -> None:
        self._lane.finish()
        self._caption(whole=True)

    def interrupt(self) -> None:
        self._floor.cut()

    @property
    def _turn(self) -> str:
        return f"turn-{self._turns}"

    @property
    def _speaker(self) -> str:
        return SPEAKERS[self._turns % len(SPEAKERS)]

    def _caption(self, whole: bool) -> None:
        if self._rtp_timestamp is None:
            return
        for words in self._words.sentences(whole):
            self._publish(
                captions.caption(self._turn, self._speaker, words, self._lane.trimmed_ms, self._rtp_timestamp)
            )


class NoWork:
    """A workshop in which nothing is ever done."""

    def start(
        self, session_id: str, job: str, kind: str, payload: object, folder: Path, listener: RunListener
    ) -> None:
        raise AssertionError("nobody works here")

    def cancel(self, session_id: str, job: str) -> bool:
        return False

    async def cancel_session(self, session_id: str) -> None:
        pass

    def attach(self, session_id: str, listener: RunListener) -> None:
        pass

    def forget(self, session_id: str) -> None:
        pass


def no_line(config: LineConfig, listener: LineListener) -> Line:
    raise AssertionError("nobody opens a Line here")


class Hall:
    """Sessions for all who call."""

    def __init__(self, folder: Path, crew: Crew | None = None) -> None:
        """`crew`: whose director is a Puppet; one that goes without an engine when not given."""
        way = os.environ.get("MOENTREPRISE_MEDIA", "direct")
        self._settings = Settings(data=folder, media=way, max_sessions=1000)
        self._crew = crew or Crew(Puppet, no_line, personas.load(), MOENTREPRISE, NoWork(), Pacer())
        self._sessions: dict[int, Session] = {}
        presence.MAX_SPECTATORS = 1000  # what more than the house lets in would cost

    async def answer(self, sdp: str, call: Call) -> str:
        session = self._sessions[call.sid] = Session(self._crew, self._settings)
        puppet = session.director
        assert isinstance(puppet, Puppet)
        puppet.call = call
        call.ear.figures = lambda: figures(session)
        peer, answer = await session.presence.connect(Role.HUMAN, sdp)
        task = asyncio.create_task(live(session, peer, puppet, call))
        _living.add(task)
        task.add_done_callback(_living.discard)
        return answer

    async def watch(self, sdp: str, sid: int) -> str:
        _, answer = await self._sessions[sid].presence.connect(Role.SPECTATOR, sdp)
        return answer


def figures(session: Session) -> dict[str, float]:
    known = getattr(session.microphone, "figures", None)
    return asdict(known) if known is not None else {"lost": float(session.microphone.lost)}


async def live(session: Session, peer: Peer, puppet: Puppet, call: Call) -> None:
    """Run the session and its source, from the peer's connection to its end."""
    running = asyncio.create_task(session.run())
    while not peer.connected and not peer.closed:
        await asyncio.sleep(0.01)
    call.start(puppet)
    while not peer.closed:
        await asyncio.sleep(0.2)
    call.stop()
    await session.stop()
    await running


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as kept:
        hall = Hall(Path(kept))
        cli_serve.settle()
        serve(hall.answer, hall.watch)
