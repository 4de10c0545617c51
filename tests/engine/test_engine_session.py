"""One session between a fake socket and fake parts: what it does when they are slow, broken or gone."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

import pytest

from server.engine.brain import Brain
from server.engine.brain_types import BrainRequest, Call, Item, Part, Reply
from server.engine.expecting import Expectation
from server.engine.hearing import Heard, Hearing, Progress, Utterance
from server.engine.session import MAX_WAITING_MESSAGES, ROOM_MESSAGES, Parts, RealtimeSession
from server.engine.speaking import Speaking, SpeakingFailed
from server.engine.voices_types import Chunk, SpokenWord
from tests.fakes.realtime_engine import speech

Json = dict[str, object]
SECOND = bytes(48_000)


class FakeSocket:
    """Takes messages as long as `open` is set."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.open = asyncio.Event()
        self.open.set()
        self.aborted = False

    async def send_str(self, data: str) -> None:
        await self.open.wait()
        self.events.append(json.loads(data))

    def abort(self) -> None:
        self.aborted = True

    def types(self) -> list[object]:
        return [event["type"] for event in self.events]

    async def until(self, event_type: str) -> Json:
        async with asyncio.timeout(5):
            while True:
                for event in self.events:
                    if event["type"] == event_type:
                        return event
                await asyncio.sleep(0.005)


class FakeBrain(Brain):
    def __init__(self, reply: Callable[[Sequence[Item]], Reply]) -> None:
        self._reply = reply

    def respond(self, items: Sequence[Item], request: BrainRequest) -> Reply:
        return self._reply(items)


class SlowBrain(Brain):
    """Gives its parts one by one, each when it is let."""

    def __init__(self, *parts: Part) -> None:
        self.parts = parts
        self.let = asyncio.Semaphore(0)
        self.stopped = False

    async def think(self, items: Sequence[Item], request: BrainRequest) -> AsyncGenerator[Part, None]:
        try:
            for part in self.parts:
                await self.let.acquire()
                yield part
        finally:
            self.stopped = True


class FakeSpeaking:
    """One second a chunk, `chunks` of them."""

    def __init__(self, chunks: int = 2, fails: bool = False) -> None:
        self.chunks = chunks
        self.fails = fails
        self.made = 0
        self.closed = False

    async def speak(self, text: str, voice: str, speed: float) -> AsyncGenerator[Chunk, None]:
        try:
            for index in range(self.chunks):
                if self.fails:
                    raise SpeakingFailed("no voice")
                self.made += 1
                yield Chunk(SECOND, (SpokenWord(f"word{index}", index * 1000, index * 1000 + 900),))
        finally:
            self.closed = True


class FakeHearing:
    """Understands one word, as soon as the turn ends, or fails."""

    def __init__(self, fails: bool = False, so_far: str = "") -> None:
        self.fails = fails
        self.so_far = tuple(so_far.split())
        """What it understood when the human pauses."""
        self.abandoned = 0
        self.fed_bytes = 0
        self.late: Callable[[], object] | None = None
        """Set, it is called in place of what was understood at a pause."""
        self.settle: Callable[[], object] = lambda: None
        """Tells what was understood."""

    def begin(
        self,
        done: Callable[[Utterance, Heard | None], None],
        mean: str = "",
        progress: Callable[[Progress], None] | None = None,
        expected: Expectation | None = None,
    ) -> Utterance:
        hearing = self
        loop = asyncio.get_running_loop()

        class Fake(Utterance):
            def feed(self, pcm: bytes) -> None:
                hearing.fed_bytes += len(pcm)

            def pause(self) -> None:
                if progress:
                    hearing.settle = partial(progress, Progress(hearing.so_far, settled=True))
                    loop.call_soon(hearing.late or hearing.settle)

            def finish(self) -> None:
                heard = None if hearing.fails else Heard((("bread", -0.1),), 1.0, "")
                loop.call_soon(done, self, heard)

            def abandon(self) -> None:
                hearing.abandoned += 1

        return Fake(mean)


@asynccontextmanager
async def session(
    socket: FakeSocket,
    speaking: FakeSpeaking | None = None,
    hearing: FakeHearing | None = None,
    reply: Callable[[Sequence[Item]], Reply] = lambda items: Reply("Hello there."),
    brain: Brain | None = None,
) -> AsyncIterator[Callable[..., object]]:
    """A running session; yields `send(type, **fields)`."""
    parts = Parts(
        brain or FakeBrain(reply),
        cast(Hearing, hearing or FakeHearing()),
        cast(Speaking, speaking or FakeSpeaking()),
    )
    before = asyncio.all_tasks()
    async with RealtimeSession(socket, parts, "m") as running:

        async def send(event_type: str, **fields: object) -> None:
            await running.receive(json.dumps({"type": event_type, **fields}))

        yield send
    assert asyncio.all_tasks() == before


async def test_a_client_that_reads_slowly_stops_the_synthesis_until_it_reads() -> None:
    socket, speaking = FakeSocket(), FakeSpeaking(chunks=100)
    async with session(socket, speaking) as send:
        socket.open.clear()
        await send("response.create")
        await asyncio.sleep(0.1)
        assert speaking.made * 5 <= ROOM_MESSAGES + 5
        socket.open.set()
        await socket.until("response.done")
        assert speaking.made == 100


async def test_a_cancel_stops_the_synthesis() -> None:
    socket, speaking = FakeSocket(), FakeSpeaking(chunks=10_000)
    async with session(socket, speaking) as send:
        await send("response.create")
        await socket.until("response.output_audio.delta")
        await send("response.cancel")
        await socket.until("response.done")
        await asyncio.sleep(0.01)
        assert speaking.closed
        assert socket.types()[-1] == "response.done"


async def test_a_closed_session_stops_the_synthesis() -> None:
    socket, speaking = FakeSocket(), FakeSpeaking(chunks=10_000)
    async with session(socket, speaking) as send:
        await send("response.create")
        await socket.until("response.output_audio.delta")
    assert speaking.closed


async def test_a_client_that_never_reads_is_disconnected() -> None:
    socket = FakeSocket()
    async with session(socket) as send:
        socket.open.clear()
        for _ in range(MAX_WAITING_MESSAGES + 2):
            await send("input_audio_buffer.clear")
        assert socket.aborted


async def test_a_client_that_asks_for_much_and_reads_nothing_is_disconnected_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A short question may have a long answer."""
    monkeypatch.setattr("server.engine.session.MAX_WAITING_CHARACTERS", 1_000_000)
    socket = FakeSocket()
    part = {"type": "input_text", "text": "a" * 100_000}
    async with session(socket) as send:
        item = {"type": "message", "role": "user", "id": "long", "content": [part]}
        await send("conversation.item.create", item=item)
        await socket.until("conversation.item.done")
        for _ in range(30):
            await send("conversation.item.retrieve", item_id="long")
            await asyncio.sleep(0.001)
        assert not socket.aborted
        socket.open.clear()
        for _ in range(30):
            await send("conversation.item.retrieve", item_id="long")
        assert socket.aborted
    assert caplog.text.count("does not read") == 1


async def test_what_is_said_after_a_pause_is_heard_though_the_client_ends_the_turn() -> None:
    """Turn detection is switched off while the human pauses, and they go on."""
    socket, hearing = FakeSocket(), FakeHearing()
    said = speech("I sell bread.", after_ms=600)
    pcm = base64.b64encode(said).decode()
    patient = {"type": "server_vad", "silence_duration_ms": 5_000}
    async with session(socket, hearing=hearing) as send:
        await send("session.update", session=turns_by(patient))
        await send("input_audio_buffer.append", audio=pcm)
        await send("session.update", session=turns_by(None))
        before = hearing.fed_bytes
        await send("input_audio_buffer.append", audio=pcm)
        assert hearing.fed_bytes - before >= len(said) * 2 // 3 - 2_048
        await send("input_audio_buffer.commit")
        await socket.until("input_audio_buffer.committed")


async def test_what_was_never_ended_is_no_turn_once_detection_is_switched_on() -> None:
    socket, hearing = FakeSocket(), FakeHearing()
    async with session(socket, hearing=hearing) as send:
        await send("session.update", session=turns_by(None))
        await send("input_audio_buffer.append", audio=base64.b64encode(SECOND * 3).decode())
        await send("session.update", session=turns_by({"type": "server_vad"}))
        await send("input_audio_buffer.append", audio=base64.b64encode(SECOND * 3).decode())
        assert hearing.abandoned == 1
        assert "input_audio_buffer.committed" not in socket.types()
        await send("input_audio_buffer.append", audio=base64.b64encode(speech("Hello.")).decode())
        await socket.until("response.done")
    kinds = socket.types()
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("input_audio_buffer.committed")


def turns_by(detection: Json | None) -> Json:
    return {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}


async def test_a_client_that_stops_reading_gives_the_voice_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.engine.session.ROOM_SECONDS", 0.05)
    socket, speaking = FakeSocket(), FakeSpeaking(chunks=100)
    async with session(socket, speaking) as send:
        socket.open.clear()
        await send("response.create")
        async with asyncio.timeout(5):
            while not speaking.closed:
                await asyncio.sleep(0.005)
        assert socket.aborted


@pytest.mark.parametrize("broken", ["voice", "brain"])
async def test_a_response_that_cannot_be_made_fails_and_the_session_lives(broken: str) -> None:
    def reply(items: Sequence[Item]) -> Reply:
        if broken == "brain":
            raise ValueError("odd")
        return Reply("Hello.")

    socket = FakeSocket()
    async with session(socket, FakeSpeaking(fails=broken == "voice"), reply=reply) as send:
        await send("response.create")
        done = cast(Json, (await socket.until("response.done"))["response"])
        assert done["status"] == "failed"
        await send("input_audio_buffer.clear")
        await socket.until("input_audio_buffer.cleared")


async def test_a_response_ends_where_its_tokens_end() -> None:
    socket, speaking = FakeSocket(), FakeSpeaking(chunks=100)
    async with session(socket, speaking) as send:
        await send("response.create", response={"max_output_tokens": 50})
        done = cast(Json, (await socket.until("response.done"))["response"])
        assert done["status"] == "incomplete"
        assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
        assert speaking.made <= 4


async def test_no_delta_is_longer_than_200_ms() -> None:
    socket = FakeSocket()
    async with session(socket) as send:
        await send("response.create")
        await socket.until("response.done")
    deltas = [event["delta"] for event in socket.events if event["type"] == "response.output_audio.delta"]
    assert len(deltas) == 10
    assert all(len(str(delta)) == 12_800 for delta in deltas)


async def test_a_reply_may_be_calls_alone() -> None:
    socket = FakeSocket()
    async with session(socket, reply=lambda items: Reply("", (Call("go", "{}"),))) as send:
        await send("response.create")
        await socket.until("response.done")
    assert "response.function_call_arguments.done" in socket.types()
    assert "response.content_part.added" not in socket.types()


@pytest.mark.parametrize(("fails", "heard"), [(False, "bread"), (True, "")])
async def test_a_response_waits_for_what_the_human_said(fails: bool, heard: str) -> None:
    read: list[str] = []

    def reply(items: Sequence[Item]) -> Reply:
        read.append(items[-1].text)
        return Reply("I see.")

    socket = FakeSocket()
    async with session(socket, hearing=FakeHearing(fails), reply=reply) as send:
        turns = {"audio": {"input": {"turn_detection": None}}}
        await send("session.update", session={"type": "realtime", **turns})
        await send("input_audio_buffer.append", audio="A" * 12_800)
        await send("input_audio_buffer.commit")
        await send("response.create")
        await socket.until("response.done")
    assert read == [heard]


@pytest.mark.parametrize("end", ["clear", "close"])
async def test_audio_that_nobody_wants_frees_its_recogniser(end: str) -> None:
    socket, hearing = FakeSocket(), FakeHearing()
    async with session(socket, hearing=hearing) as send:
        await send(
            "session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": None}}}
        )
        await send("input_audio_buffer.append", audio="A" * 12_800)
        if end == "clear":
            await send("input_audio_buffer.clear")
            assert hearing.abandoned == 1
    assert hearing.abandoned == 1


async def test_a_human_who_stays_silent_is_asked_again() -> None:
    """7 s of silence: 2 s of playback, then the timeout."""
    socket = FakeSocket()
    async with session(socket) as send:
        turns = {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5_000}}
        await send("session.update", session={"type": "realtime", "audio": {"input": turns}})
        await send("response.create")
        await socket.until("response.done")
        await send("input_audio_buffer.append", audio=base64.b64encode(bytes(48 * 6_900)).decode())
        assert "input_audio_buffer.timeout_triggered" not in socket.types()
        await send("input_audio_buffer.append", audio=base64.b64encode(bytes(48 * 200)).decode())
        idle = await socket.until("input_audio_buffer.timeout_triggered")
        assert idle["audio_start_ms"] == 2_000
        async with asyncio.timeout(5):
            while socket.types().count("response.done") < 2:
                await asyncio.sleep(0.005)


async def test_the_first_sentence_is_heard_while_the_second_is_thought() -> None:
    socket, brain = FakeSocket(), SlowBrain("One.", "Two.", Call("go", "{}"))
    async with session(socket, brain=brain) as send:
        await send("response.create")
        brain.let.release()
        await socket.until("response.output_audio.delta")
        await asyncio.sleep(0.05)
        first = socket.types().count("response.output_audio.delta")
        assert first == 10
        assert "response.content_part.done" not in socket.types()
        brain.let.release()
        brain.let.release()
        await socket.until("response.done")
    assert socket.types().count("response.output_audio.delta") == 21, "a pause stands between them"
    words = [event for event in socket.events if event["type"] == "response.output_audio_transcript.delta"]
    assert [event["audio_start_ms"] for event in words] == [0, 1_000, 2_200, 3_200]
    done = next(e for e in socket.events if e["type"] == "response.output_audio_transcript.done")
    assert done["transcript"] == "".join(str(event["delta"]) for event in words)
    assert " " in str(done["transcript"])
    assert socket.types().count("response.content_part.done") == 1
    assert "response.function_call_arguments.done" in socket.types()


async def test_written_parts_join_with_a_blank() -> None:
    socket, brain = FakeSocket(), SlowBrain("One and.", "Two.")
    brain.let = asyncio.Semaphore(2)
    async with session(socket, brain=brain) as send:
        await send("response.create", response={"output_modalities": ["text"]})
        done = await socket.until("response.output_text.done")
    assert done["text"] == "One and. Two."


@pytest.mark.parametrize("end", ["response.cancel", "close"])
async def test_a_response_that_nobody_wants_is_not_thought_to_its_end(end: str) -> None:
    socket, brain = FakeSocket(), SlowBrain("One.", "Two.")
    async with session(socket, brain=brain) as send:
        await send("response.create")
        brain.let.release()
        await socket.until("response.output_audio.delta")
        if end == "response.cancel":
            await send(end)
            await socket.until("response.done")
            await asyncio.sleep(0.01)
            assert brain.stopped
    assert brain.stopped


@pytest.mark.parametrize(
    ("so_far", "silence_ms"),
    [("we sell fresh bread", 500), ("", 900), ("we sell fresh bread and", 4_000)],
)
async def test_what_was_said_decides_how_long_semantic_detection_waits(so_far: str, silence_ms: int) -> None:
    socket = FakeSocket()
    async with session(socket, hearing=FakeHearing(so_far=so_far)) as send:
        turns = {"turn_detection": {"type": "semantic_vad", "create_response": False}}
        await send("session.update", session={"type": "realtime", "audio": {"input": turns}})
        pcm = speech("We sell fresh bread.", after_ms=4_500)
        await send("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())
        stopped = await socket.until("input_audio_buffer.speech_stopped")
    speech_end_ms = len(pcm) // 48 - 4_500
    assert -100 <= int(str(stopped["audio_end_ms"])) - speech_end_ms - silence_ms <= 250


@pytest.mark.parametrize(
    ("so_far", "silence_ms"),
    [("we sell fresh bread", 1_100), ("we sell fresh bread because", 2_000), ("", 1_500)],
)
async def test_semantic_detection_waits_for_a_recogniser_that_is_behind(so_far: str, silence_ms: int) -> None:
    socket, hearing = FakeSocket(), FakeHearing(so_far=so_far)
    hearing.late = lambda: None
    async with session(socket, hearing=hearing) as send:
        turns = {"type": "semantic_vad", "eagerness": "high", "create_response": False}
        audio = {"input": {"turn_detection": turns}}
        await send("session.update", session={"type": "realtime", "audio": audio})
        pcm = speech("We sell fresh bread.", after_ms=4_500)
        words_ms = len(pcm) // 48 - 4_500 + 1_000
        pieces = (pcm[: words_ms * 48], pcm[words_ms * 48 :])
        await send("input_audio_buffer.append", audio=base64.b64encode(pieces[0]).decode())
        if so_far:
            hearing.settle()
        await send("input_audio_buffer.append", audio=base64.b64encode(pieces[1]).decode())
        stopped = await socket.until("input_audio_buffer.speech_stopped")
    assert -100 <= int(str(stopped["audio_end_ms"])) - (words_ms - 1_000) - silence_ms <= 250
