"""A whole session in virtual time with everything real but the media, the work and the service's far end.

The Director and six Lines talk to the strict fake over sockets in memory. The human speaks through the
listening session, and says it again when nobody heard.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar, cast

from theatre import ANSWERS, RESULTS
from websockets.exceptions import ConnectionClosed

from orchestration import events, notices
from orchestration.adapters.openai_line import LineTimes, OpenAILine
from orchestration.director import Director
from orchestration.personas import load
from orchestration.ports import Jobs, LineConfig, LineListener
from orchestration.realtime import Hearing
from orchestration.workflow import MOENTREPRISE
from tests.fakes.memory_sockets import MemoryNetwork, MemorySocket
from tests.fakes.openai_contract import check_server
from tests.fakes.openai_realtime import FakeRealtimeServer, Socket
from tests.fakes.openai_service import Call, FakeService, Json, Reply, Speech

N = TypeVar("N", bound=notices.Notice)

WORD_MS = 400
TICK_MS = 50
BYTES_PER_MS = 48
PATIENCE_S = 3.0
"""How long the human waits to see that something was understood."""


@dataclass
class StudioLane:
    turn: str
    received_ms: int = 0
    sent_ms: int = 0
    due: float = 0.0
    whole: bool = False
    started: bool = False
    gone: bool = False
    trimmed_ms: int = 0

    @property
    def source_ms(self) -> int:
        return self.sent_ms

    def put(self, pcm: bytes) -> None:
        if not self.gone:
            self.received_ms += len(pcm) // BYTES_PER_MS

    def finish(self) -> None:
        self.whole = True

    def break_off(self, received_ms: int) -> None:
        self.received_ms = max(self.sent_ms, min(self.received_ms, received_ms))
        self.whole = self.gone = True


class StudioFloor:
    """Plays at the pace of the clock; what runs dry waits."""

    def __init__(self) -> None:
        self.director: Director | None = None
        self.lanes: dict[str, StudioLane] = {}
        self.sounding: StudioLane | None = None
        self._now = asyncio.get_running_loop().time

    async def play(self) -> None:
        while True:
            await asyncio.sleep(TICK_MS / 1000)
            if self.sounding is not None and self._now() >= self.sounding.due:
                self._tick(self.sounding)

    def _tick(self, lane: StudioLane) -> None:
        assert self.director is not None
        if not lane.started and lane.received_ms:
            lane.started = True
            self.director.playout_started(lane.turn, round(self._now() * 48_000))
        if lane.sent_ms < lane.received_ms:
            lane.sent_ms = min(lane.received_ms, lane.sent_ms + TICK_MS)
        elif lane.whole:
            self.sounding = None
            self.director.playout_finished(lane.turn, lane.sent_ms)

    def sent_at(self, rtp_timestamp: int) -> None:
        return None

    def time_of(self, rtp_timestamp: int) -> float:
        return rtp_timestamp / 48_000

    def lane(self, turn: str) -> StudioLane:
        return self.lanes.setdefault(turn, StudioLane(turn))

    def give(self, turn: str, pause_ms: int) -> None:
        self.sounding = self.lanes[turn]
        self.sounding.due = self._now() + pause_ms / 1000

    def duck(self) -> None: ...

    def restore(self) -> None: ...

    def cut(self) -> None:
        lane, self.sounding = self.sounding, None
        if lane is not None and lane.started:
            lane.gone = True
            assert self.director is not None
            self.director.playout_interrupted(lane.turn, lane.sent_ms, lane.sent_ms)

    def discard(self, turn: str) -> None:
        lane = self.lanes.pop(turn, None)
        if lane is not None and lane is self.sounding:
            self.sounding = None

    def hold(self) -> None: ...

    def resume(self) -> None: ...


def script(request: Json) -> Reply:
    """Three sentences of the act and what it is about, then every tool that is offered.

    A turn that broke off goes on after what was said of it; AssertionError when that is something else.
    """
    metadata = cast(Json, request["metadata"])
    items = cast("list[Json]", request["items"])
    words = _words(str(metadata["act"]), items)
    if metadata.get("after"):
        said = str(_fact(items, "said")["text"]).split()
        assert said == words[: len(said)], (said, words)
        words = words[len(said) :]
    parts: list[Speech | Call] = [Speech(" ".join(words), WORD_MS)] if words else []
    for tool in cast("list[Json]", request["tools"]):
        properties = cast("dict[str, Json]", cast(Json, tool["parameters"])["properties"])
        arguments = {
            name: cast("list[str]", rule.get("enum", ["something"]))[0] for name, rule in properties.items()
        }
        parts.append(Call(str(tool["name"]), json.dumps(arguments)))
    return Reply(list(parts))


def _words(act: str, items: list[Json]) -> list[str]:
    """No word has more than five letters: the fake's words are all of one length."""
    about = {"ask": ("question", "key"), "hand_over": ("next", "speaker")}.get(act)
    name = str(_fact(items, about[0])[about[1]])[:4] if about else "all"
    short = "".join(word[0] for word in act.split("_"))
    return f"This is {short} on {name}. It goes on a bit {short} more. So {short} ends.".split()


def _fact(items: list[Json], kind: str) -> Json:
    """The latest of this kind."""
    contents = [cast("list[Json]", item.get("content", [])) for item in items]
    texts = [str(part.get("text", "")) for content in contents for part in content]
    latest = [text for text in texts if text.startswith(f"{kind}: ")][-1]
    return cast(Json, json.loads(latest.partition(": ")[2]))


def _listens(session: FakeService) -> bool:
    return session.session.get("output_modalities") == ["text"]


class Studio:
    """One session. `told` is what the page was told; `run` holds it to its end."""

    def __init__(self, times: LineTimes | None = None) -> None:
        self._times = times or LineTimes()
        self.service = FakeRealtimeServer(script)
        self.service.step_s = WORD_MS / 1000 / 3  # three times as fast as it is heard
        self.network = MemoryNetwork(self.service)
        self.floor = StudioFloor()
        self.told: list[notices.Notice] = []
        self.clock = asyncio.get_running_loop().time
        self._answers = [*ANSWERS, "I like it"]
        self._saying = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.director = self.floor.director = Director(
            floor=self.floor,
            open_line=self._line,
            jobs=Jobs(self._work, lambda job: None),
            publish=self._publish,
            cast=load(),
            workflow=MOENTREPRISE,
            clock=self.clock,
        )

    async def run(self) -> str:
        """Returns how the session ended."""
        self._start(self.floor.play())
        self.director.post(events.ListenerArrived())
        try:
            async with asyncio.timeout(3600):
                return await self.director.run()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.network.close()

    def whole(self) -> list[tuple[str, str]]:
        """(speaker, act) of every turn that was heard from its first to its last word."""
        acts = {n.turn: n.act for n in self.told if isinstance(n, notices.TurnStarted)}
        return [
            (n.speaker, acts[n.turn])
            for n in self.told
            if isinstance(n, notices.TurnEnded) and not n.interrupted and n.turn in acts
        ]

    def said(self, beside: Collection[str] = ()) -> list[str]:
        """What was heard of all voices, as one text for each act; without the acts `beside`."""
        acts = {n.turn: f"{n.speaker} {n.act}" for n in self.told if isinstance(n, notices.TurnStarted)}
        said: list[tuple[str, str]] = []
        for ended in self.of(notices.TurnEnded):
            act = acts[ended.turn]
            if act.split()[1] in beside:
                continue
            if said and said[-1][0] == act and not said[-1][1].endswith("ends."):
                said[-1] = (act, f"{said[-1][1]} {ended.text}".strip())
            else:
                said.append((act, ended.text))
        return [f"{act}: {text}" for act, text in said]

    def of(self, kind: type[N]) -> list[N]:
        return [notice for notice in self.told if isinstance(notice, kind)]

    def codes(self) -> list[str]:
        return [notice.code for notice in self.of(notices.Error)]

    def open_sessions(self) -> list[tuple[FakeService, Socket]]:
        """The sessions whose sockets are open now, newest last."""
        pairs = zip(self.service.sessions, self.service.sockets, strict=True)
        return [(session, socket) for session, socket in pairs if not cast(MemorySocket, socket).closed]

    def voices(self) -> list[tuple[FakeService, Socket]]:
        """All open sessions but the listening one."""
        return [pair for pair in self.open_sessions() if not _listens(pair[0])]

    def _ear(self) -> Socket:
        """The listening session's socket; raises IndexError while there is none."""
        return [socket for session, socket in self.open_sessions() if _listens(session)][-1]

    # ------------------------------------------------------------------ the world

    def _line(self, config: LineConfig, listener: LineListener) -> OpenAILine:
        return OpenAILine(self.network.dial, Hearing("asr"), config, listener, self._times)

    def _start(self, story: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(story)
        self._tasks.add(task)

    def _work(self, job: str, kind: str, payload: dict[str, object]) -> None:
        done = events.JobFinished(job, kind, RESULTS[kind])
        asyncio.get_running_loop().call_later(2.0, self.director.job_event, done)

    def _publish(self, notice: notices.Notice) -> None:
        self.told.append(notice)
        match notice:
            case notices.HumanListening(listening=True) if self._answers and not self._saying:
                self._start(self._say(self._answers.pop(0)))
            case notices.ApprovalRequested(approval=approval):
                decision = events.ApprovalDecided(approval, events.Decision.APPROVE)
                asyncio.get_running_loop().call_later(8.0, self.director.post, decision)

    async def _say(self, text: str) -> None:
        """Say it, and say it again when nobody seems to have heard."""
        self._saying = True
        heard = len(self._heard())
        while len(self._heard()) == heard:
            await asyncio.sleep(0.5)
            with suppress(ConnectionClosed, IndexError):
                await self._speak(text, self._ear())
            await self._patience(heard)
        self._saying = False

    async def _patience(self, heard: int) -> None:
        """Until something more was understood, for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while len(self._heard()) == heard:
                    await asyncio.sleep(0.02)

    async def _speak(self, text: str, socket: Socket) -> None:
        item = {"item_id": f"human_{len(self.told)}_{round(self.clock() * 1000)}"}
        buffer = "input_audio_buffer"
        completed = "conversation.item.input_audio_transcription.completed"
        usage = {"type": "duration", "seconds": 1.0}
        for wait_s, event in (
            (0.0, {"type": f"{buffer}.speech_started", "audio_start_ms": 0, **item}),
            (1.0, {"type": f"{buffer}.speech_stopped", "audio_end_ms": 1000, **item}),
            (0.0, {"type": f"{buffer}.committed", **item}),
            (0.1, {"type": completed, "content_index": 0, "transcript": text, "usage": usage, **item}),
        ):
            await asyncio.sleep(wait_s)
            await socket.send(json.dumps(check_server({"event_id": "srv", **event})))

    def _heard(self) -> list[notices.HumanHeard]:
        return self.of(notices.HumanHeard)
