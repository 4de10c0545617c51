"""The Director carries commands out, in order, on the Floor, the Lines and the jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from orchestration import events, notices
from orchestration.brief import Expects
from orchestration.director import LISTENER, Director
from orchestration.personas import Cast, load
from orchestration.ports import Jobs, LineConfig, LineListener, ResponseRequest
from orchestration.usage import Usage
from orchestration.workflow import MOENTREPRISE


@dataclass
class StubLane:
    pcm: bytes = b""
    whole: bool = False
    trimmed_ms: int = 100
    source_ms: int = 100
    broken_ms: int | None = None

    def put(self, pcm: bytes) -> None:
        self.pcm += pcm

    def finish(self) -> None:
        self.whole = True

    def break_off(self, received_ms: int) -> None:
        self.whole, self.broken_ms = True, received_ms


@dataclass(frozen=True)
class Sample:
    turn: str
    source: int


@dataclass
class StubFloor:
    log: list[tuple[str, object]] = field(default_factory=list)
    lanes: dict[str, StubLane] = field(default_factory=dict)
    sample: Sample | None = None
    began: float = 0.0

    def sent_at(self, rtp_timestamp: int) -> Sample | None:
        return self.sample

    def time_of(self, rtp_timestamp: int) -> float:
        """RTP time 0 is when the test's loop began."""
        return self.began + rtp_timestamp / 48_000

    def lane(self, turn: str) -> StubLane:
        return self.lanes.setdefault(turn, StubLane())

    def give(self, turn: str, pause_ms: int) -> None:
        self.log.append(("give", turn))

    def duck(self) -> None:
        self.log.append(("duck", None))

    def restore(self) -> None:
        self.log.append(("restore", None))

    def cut(self) -> None:
        self.log.append(("cut", None))

    def discard(self, turn: str) -> None:
        self.log.append(("discard", turn))

    def hold(self) -> None:
        self.log.append(("hold", None))

    def resume(self) -> None:
        self.log.append(("resume", None))


@dataclass
class StubLine:
    config: LineConfig
    log: list[tuple[str, object]] = field(default_factory=list)
    opened: bool = False

    async def open(self) -> None:
        self.opened = True

    async def close(self) -> None:
        self.opened = False

    def respond(self, request: ResponseRequest) -> None:
        self.log.append(("respond", request))

    def cancel(self, turn: str) -> None:
        self.log.append(("cancel", turn))

    def truncate(self, turn: str, audio_ms: int) -> None:
        self.log.append(("truncate", audio_ms))

    def forget(self, turn: str) -> None:
        self.log.append(("forget", turn))

    def add_context(self, role: str, text: str) -> None:
        self.log.append(("context", f"{role} {text}"))

    def answer_tool(self, call: str, output: dict[str, object]) -> None:
        self.log.append(("answer", call))

    def hear(self, pcm: bytes) -> None:
        self.log.append(("hear", pcm))

    def set_patience(self, silence_ms: int) -> None:
        self.log.append(("set_patience", silence_ms))

    def expect(self, what: Expects) -> None:
        self.log.append(("expect", what))

    def commit(self) -> None:
        self.log.append(("commit", None))

    def requests(self) -> list[ResponseRequest]:
        return [value for name, value in self.log if isinstance(value, ResponseRequest)]


@dataclass
class Stand:
    """A Director among stubs, with its task running."""

    director: Director
    floor: StubFloor
    lines: dict[str, StubLine]
    told: list[notices.Notice]

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@asynccontextmanager
async def stand(cast: Cast | None = None) -> AsyncIterator[Stand]:
    floor, lines, told = StubFloor(), {}, []

    def open_line(config: LineConfig, listener: LineListener) -> StubLine:
        return lines.setdefault(config.name, StubLine(config))

    director = Director(
        floor=floor,
        open_line=open_line,
        jobs=Jobs(lambda *_: None, lambda _: None),
        publish=told.append,
        cast=cast or load(),
        workflow=MOENTREPRISE,
        clock=asyncio.get_running_loop().time,
    )
    running = asyncio.create_task(director.run())
    here = Stand(director, floor, lines, told)
    await here.settle()
    try:
        yield here
    finally:
        director.post(events.StopRequested())
        director.playout_finished("turn1", 0)
        async with asyncio.timeout(5):
            assert await running == "stopped"
        assert not any(line.opened for line in lines.values())


async def begun(here: Stand) -> None:
    here.director.post(events.ListenerArrived())
    await here.settle()


async def test_six_lines_are_warm_and_only_the_listener_hears() -> None:
    async with stand() as here:
        assert set(here.lines) == {"marcus", "sarah", "maya", "alex", "sophie", LISTENER}
        assert all(line.opened for line in here.lines.values())
        here.director.hear(b"\0\0")
        assert [name for name, line in here.lines.items() if line.log] == [LISTENER]


async def test_facts_come_before_the_response_that_needs_them() -> None:
    async with stand() as here:
        await begun(here)
        names = [name for name, _ in here.lines["marcus"].log]
        assert names == ["context", "context", "context", "respond"]
        request = here.lines["marcus"].requests()[0]
        assert (request.act, [tool.name for tool in request.tools]) == ("greet", ["select_next_speaker"])


async def test_a_personas_own_limit_of_tokens_is_asked_for() -> None:
    cast = load()
    cast["marcus"] = replace(cast["marcus"], limits={"max_response_tokens": 77.0})
    async with stand(cast) as here:
        await begun(here)
        assert here.lines["marcus"].requests()[0].max_output_tokens == 77


async def test_audio_goes_straight_into_the_turns_lane_and_captions_follow_its_start() -> None:
    async with stand() as here:
        await begun(here)
        here.director.audio_received("turn1", b"\1\0")
        here.director.word_received("turn1", "Hello. ", 150)
        assert here.floor.lanes["turn1"].pcm == b"\1\0"
        assert not [n for n in here.told if isinstance(n, notices.Caption)]
        here.director.playout_started("turn1", 480_000)
        await here.settle()
        kinds = [type(n) for n in here.told]
        assert kinds.index(notices.TurnStarted) < kinds.index(notices.Caption)
        told = next(n for n in here.told if isinstance(n, notices.Caption))
        assert (told.start_ms, told.rtp_timestamp) == (50, 480_000 + 50 * 48)


async def test_words_without_times_are_told_at_the_times_that_the_audio_tells() -> None:
    """100 ms of lead, half a second each of sound, pause and sound; the words come as a model's tokens."""
    async with stand() as here:
        await begun(here)
        sound, pause = b"\0\x20\0\xe0" * 6000, bytes(24_000)
        here.director.audio_received("turn1", bytes(4800) + sound + pause + sound)
        for token in ("Wel", "come", ".", " To", " us", "."):
            here.director.word_received("turn1", token, None)
        here.director.response_finished("turn1", "Welcome. To us.", ())
        here.director.playout_started("turn1", 0)
        await here.settle()
        told = [(n.text, n.start_ms) for n in here.told if isinstance(n, notices.Caption)]
        assert told == [("Welcome.", 0), ("To us.", 1000)]
        here.director.playout_finished("turn1", 1500)
        await here.settle()
        words = here.director.conversation.transcript[0].words
        assert [word.text for word in words] == ["Welcome.", "To", "us."]
        assert words[-1].end_ms <= 1500


async def test_an_unheard_turn_is_cancelled_forgotten_and_discarded() -> None:
    async with stand() as here:
        await begun(here)
        here.director.speech_started("item")
        await here.settle()
        assert [name for name, _ in here.lines["marcus"].log[-2:]] == ["cancel", "forget"]
        assert ("discard", "turn1") in here.floor.log


async def spoken_and_lost(here: Stand, sample: Sample | None) -> notices.TurnEnded:
    await begun(here)
    for n in range(10):
        here.director.word_received("turn1", f"word{n} ", 100 + n * 300)
    here.director.playout_started("turn1", 0)
    await here.settle()
    here.floor.sample = sample
    here.director.post(events.ListenerLost(confirmed_rtp_timestamp=48_000))
    await here.settle()
    here.director.playout_interrupted("turn1", 2500, 2600)
    await here.settle()
    return next(n for n in here.told if isinstance(n, notices.TurnEnded))


async def test_lost_lines_are_told_once_and_so_is_that_all_are_back() -> None:
    async with stand() as here:
        for step in ("lost sarah", "lost maya", "restored maya", "restored alex", "restored sarah"):
            what, line = step.split()
            if what == "lost":
                here.director.line_lost(line, "connection_lost")
            else:
                here.director.line_restored(line)
            codes = [n.code for n in here.told if isinstance(n, notices.Error)]
            assert codes == (["line_lost", "line_restored"] if step == "restored sarah" else ["line_lost"])
        here.director.line_lost("sarah", "connection_lost")
        assert [n.code for n in here.told if isinstance(n, notices.Error)][2:] == ["line_lost"]


async def test_what_all_lines_used_is_summed_for_the_session() -> None:
    async with stand() as here:
        here.director.usage_reported("sarah", Usage(input_text=10, cached_audio=2))
        here.director.usage_reported("maya", Usage(input_text=5, output_audio=7))
        assert here.director.usage == Usage(input_text=15, cached_audio=2, output_audio=7)


async def test_a_lost_peer_has_heard_what_it_confirmed_and_no_more() -> None:
    async with stand() as here:
        ended = await spoken_and_lost(here, Sample("turn1", 24_000))
        assert (ended.heard_ms, ended.text) == (1000, "word0 word1 word2 word3")
        assert ("truncate", 1100) in here.lines["marcus"].log


async def test_a_turn_that_began_after_the_last_confirmation_was_not_heard() -> None:
    async with stand() as here:
        ended = await spoken_and_lost(here, None)
        assert (ended.heard_ms, ended.text) == (0, "")


def waterfalls(here: Stand) -> list[notices.TurnMetrics]:
    return [notice for notice in here.told if isinstance(notice, notices.TurnMetrics)]


async def greeted(here: Stand, after_s: float = 0.5) -> None:
    """The first turn sounds so long after the listener came."""
    await begun(here)
    here.floor.began = asyncio.get_running_loop().time() - 0.5 + after_s
    here.director.audio_received("turn1", b"\1\0")
    here.director.playout_started("turn1", 24_000)
    await here.settle()


async def test_the_way_of_a_turn_is_told_when_the_page_has_reported_its_first_sound() -> None:
    async with stand() as here:
        await greeted(here)
        here.director.post(events.PlayoutReported(23_000, None, 50.0, 40.0))
        assert waterfalls(here) == []
        here.director.post(events.PlayoutReported(72_000, None, 50.0, 40.0))
        here.director.post(events.PlayoutReported(120_000, None, 50.0, 40.0))
        here.director.playout_finished("turn1", 3000)
        (told,) = waterfalls(here)
        assert [part.part for part in told.parts] == ["decision", "first_delta", "first_packet", "heard"]
        assert (told.after, told.whole_ms) == ("start", sum(part.ms for part in told.parts))
        assert 560 <= (told.whole_ms or 0) <= 1500
        assert told.parts[-1].ms in (69, 70, 71)


async def test_a_turn_that_nobody_reported_is_told_at_its_end_as_far_as_it_is_known() -> None:
    async with stand() as here:
        await greeted(here)
        here.director.playout_finished("turn1", 3000)
        (told,) = waterfalls(here)
        assert told.parts[-1].part == "first_packet"


async def test_a_turn_that_a_lost_listener_never_heard_is_not_told_as_heard() -> None:
    async with stand() as here:
        await greeted(here)
        here.director.post(events.PlayoutReported(23_000, None, 50.0, 40.0))
        here.director.post(events.ListenerLost(confirmed_rtp_timestamp=23_000))
        await here.settle()
        here.director.playout_interrupted("turn1", 2500, 2600)
        (told,) = waterfalls(here)
        assert told.parts[-1].part == "first_packet"


async def test_an_answer_s_way_begins_with_the_human_s_last_sound() -> None:
    """From the last sound to the ear, through every step."""
    async with stand() as here:
        await greeted(here, after_s=0)
        here.director.playout_finished("turn1", 0)
        loop = asyncio.get_running_loop()
        here.director.post(events.SoundHeard())
        here.director.speech_started("item")
        ended = loop.time()
        here.director.post(events.SoundStopped(ended))
        await asyncio.sleep(0.1)
        here.director.speech_stopped("item")
        await asyncio.sleep(0.05)
        here.director.human_said("item", "Hello everybody in this room", 0.9)
        await here.settle()
        given = [turn for name, turn in here.floor.log if name == "give"][-1]
        here.director.audio_received(str(given), b"\1\0")
        rtp_timestamp = round((loop.time() - here.floor.began + 0.01) * 48_000)
        here.director.playout_started(str(given), rtp_timestamp)
        here.director.post(events.PlayoutReported(rtp_timestamp, None, 50.0, 40.0))
        here.director.playout_finished(str(given), 100)
        await here.settle()
        told = waterfalls(here)[-1]
        assert told.after == "human"
        names = [part.part for part in told.parts]
        assert names == ["end_of_speech", "transcript", "decision", "first_delta", "first_packet", "heard"]
        assert told.whole_ms == sum(part.ms for part in told.parts)
        spent = {part.part: part.ms for part in told.parts}
        assert spent["end_of_speech"] >= 99
        assert spent["transcript"] >= 49
