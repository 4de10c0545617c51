"""The Line over a real WebSocket, against the strict fake service."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
from openai import AsyncOpenAI
from websockets.asyncio.server import serve

from orchestration.adapters.line_queue import SendQueue
from orchestration.adapters.openai_line import LineTimes, line_factory
from orchestration.events import ToolCall
from orchestration.ports import Line, LineConfig, ResponseRequest
from orchestration.realtime import LineError
from orchestration.realtime_outcomes import LineCode
from orchestration.usage import Usage
from tests.fakes.openai_realtime import FakeRealtimeServer, fake_openai
from tests.fakes.openai_service import Json, Reply, Speech

QUICK = LineTimes(open_s=5.0, first_retry_s=0.01, last_retry_s=0.05, give_up_s=0.2, tell_s=0.02)
PERSONA = LineConfig("marcus", "You are Marcus, the project manager.", "cedar")
LISTENER = LineConfig("listener", "You only listen.", None)


class Ear:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.audio_bytes = 0
        self.usage = Usage()
        self._changed = asyncio.Event()

    def _tell(self, *what: str) -> None:
        self.told.append(what)
        self._changed.set()

    def audio_received(self, turn: str, pcm: bytes) -> None:
        self.audio_bytes += len(pcm)

    def word_received(self, turn: str, text: str, audio_ms: int | None) -> None:
        self._tell("word", turn, text)

    def response_finished(self, turn: str, text: str, calls: tuple[ToolCall, ...]) -> None:
        self._tell("finished", turn, text)

    def response_failed(self, turn: str, code: str, retryable: bool) -> None:
        self._tell("failed", turn, code, str(retryable))

    def speech_started(self, item: str) -> None:
        self._tell("started", item)

    def speech_stopped(self, item: str) -> None:
        self._tell("stopped", item)

    def words_heard(self, item: str, text: str) -> None:
        self._tell("heard so far", text)

    def human_said(self, item: str, text: str, confidence: float) -> None:
        self._tell("said", text)

    def transcription_failed(self, item: str) -> None:
        self._tell("not understood", item)

    def line_lost(self, name: str, code: str) -> None:
        self._tell("lost", name, code)

    def line_restored(self, name: str) -> None:
        self._tell("restored", name)

    def usage_reported(self, name: str, usage: Usage) -> None:
        self.usage += usage

    async def until(self, *what: str, count: int = 1) -> None:
        """Until `count` things that begin like `what` were told."""
        async with asyncio.timeout(10):
            while sum(told[: len(what)] == what for told in self.told) < count:
                self._changed.clear()
                await self._changed.wait()


def sdk(base_url: str) -> AsyncOpenAI:
    return AsyncOpenAI(api_key="test", base_url=base_url)


@asynccontextmanager
async def opened(
    config: LineConfig = PERSONA,
    script: Callable[[Json], Reply] | None = None,
    times: LineTimes = QUICK,
) -> AsyncIterator[tuple[Line, Ear, FakeRealtimeServer]]:
    ear = Ear()
    async with fake_openai(script) as fake, sdk(fake.base_url) as client:
        line = line_factory(client, "voice-model", "asr-model", times)(config, ear)
        await line.open()
        try:
            yield line, ear, fake
        finally:
            await line.close()
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not any(name.startswith("line ") for name in names), "a closed Line left a task"


async def test_a_turn_comes_through_whole() -> None:
    async with opened() as (line, ear, fake):
        line.respond(ResponseRequest("t1", "greet", "Greet."))
        await ear.until("finished", "t1")
        assert ear.told[-1] == ("finished", "t1", "hello there")
        assert ear.audio_bytes == 200 * 48
        assert "openai-beta" not in fake.headers[0]
        assert fake.errors == []


async def test_audio_and_the_commit_after_it_stay_in_order() -> None:
    async with opened(LISTENER) as (line, ear, fake):
        for _ in range(10):
            line.hear(bytes(960))
        line.commit()
        await ear.until("said", "hello")
        kinds = [str(event["type"]) for event in fake.sessions[-1].received]
        assert kinds == ["session.update"] + ["input_audio_buffer.append"] * 10 + [
            "input_audio_buffer.commit"
        ]


async def test_a_service_that_closes_at_once_fails_to_open() -> None:
    async with fake_openai() as fake, sdk(fake.base_url) as client:
        beta = client.with_options(default_headers={"OpenAI-Beta": "realtime=v1"})
        line = line_factory(beta, "voice-model", "asr", QUICK)(PERSONA, Ear())
        with pytest.raises(LineError) as caught:
            await line.open()
        assert caught.value.code is LineCode.UNREACHABLE
        await line.close()


async def test_a_port_where_nobody_listens_fails_to_open() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with sdk(f"http://127.0.0.1:{unused.getsockname()[1]}/v1") as client:
            line = line_factory(client, "voice-model", "asr-model")(PERSONA, Ear())
            with pytest.raises(LineError) as caught:
                await line.open()
            await line.close()
    assert caught.value.code is LineCode.UNREACHABLE
    assert caught.value.retryable


async def test_a_line_that_could_not_open_goes_on_trying() -> None:
    ear = Ear()
    async with fake_openai() as fake, sdk(fake.base_url) as client:
        fake.silent = True
        line = line_factory(client, "m", "asr", LineTimes(open_s=0.2, first_retry_s=0.01))(PERSONA, ear)
        with pytest.raises(LineError):
            await line.open()
        fake.silent = False
        fake.sockets[-1].transport.abort()
        while len(fake.sessions) < 2 or not fake.sessions[-1].session:
            await asyncio.sleep(0.01)
        line.respond(ResponseRequest("t1", "ask", "Ask."))
        await ear.until("finished", "t1")
        await line.close()


async def test_a_service_that_says_nothing_fails_to_open_in_time() -> None:
    async with fake_openai() as fake, sdk(fake.base_url) as client:
        fake.silent = True
        line = line_factory(client, "m", "asr", LineTimes(open_s=0.2))(PERSONA, Ear())
        with pytest.raises(LineError) as caught:
            await line.open()
        await line.close()
    assert caught.value.code is LineCode.TIMEOUT


async def test_a_lost_line_fails_its_turn_comes_back_and_remembers() -> None:
    async with opened() as (line, ear, fake):
        line.add_context("system", 'team: {"names": ["Marcus"]}')
        line.respond(ResponseRequest("t1", "greet", "Greet."))
        await ear.until("finished", "t1")
        fake.hold()
        line.respond(ResponseRequest("t2", "ask", "Ask."))
        while not any(event["type"] == "response.create" for event in fake.sessions[-1].received[3:]):
            await asyncio.sleep(0.005)
        fake.sockets[-1].transport.abort()
        await ear.until("failed", "t2", "connection_lost", "True")
        fake.go_on()
        line.respond(ResponseRequest("t3", "ask", "Ask again."))
        await ear.until("finished", "t3")
        items = [item.body for item in fake.sessions[-1].items.values()]
        texts = [cast("list[Json]", item["content"])[0].get("text") for item in items]
        assert texts[:2] == ['team: {"names": ["Marcus"]}', "hello there"]
        assert fake.sessions[-1].session["instructions"] == PERSONA.instructions
        assert fake.errors == []


async def test_a_loss_that_is_noticed_is_told_and_so_is_its_end() -> None:
    async with opened() as (line, ear, fake):
        fake.silent = True
        fake.sockets[-1].transport.abort()
        await ear.until("lost", "marcus", "connection_lost")
        fake.silent = False
        fake.sockets[-1].transport.abort()
        await ear.until("restored", "marcus")
        assert [told[0] for told in ear.told] == ["lost", "restored"]


async def test_a_loss_that_is_repaired_at_once_is_not_told() -> None:
    async with opened(times=replace(QUICK, tell_s=10.0)) as (line, ear, fake):
        fake.sockets[-1].transport.abort()
        async with asyncio.timeout(10):
            while len(fake.sessions) < 2:
                await asyncio.sleep(0.01)
        line.respond(ResponseRequest("t1", "ask", "Ask."))
        await ear.until("finished", "t1")
        assert not any(told[0] in ("lost", "restored") for told in ear.told)


async def test_a_line_that_stays_lost_says_so_once_and_closes_cleanly() -> None:
    async with opened() as (line, ear, fake):
        assert fake.server is not None
        fake.server.close()
        await ear.until("lost")
        line.respond(ResponseRequest("t1", "ask", "Ask."))
        await ear.until("failed", "t1")
        await asyncio.sleep(0.1)
        assert sum(told[0] == "lost" for told in ear.told) == 1


async def test_a_turn_waits_for_a_lost_line_to_come_back() -> None:
    async with opened(times=replace(QUICK, give_up_s=10.0)) as (line, ear, fake):
        assert fake.server is not None
        port = next(iter(fake.server.sockets)).getsockname()[1]
        fake.server.close()
        await ear.until("lost")
        line.respond(ResponseRequest("t1", "ask", "Ask."))
        await asyncio.sleep(0.1)
        async with serve(fake.handle, "127.0.0.1", port, compression=None):
            await ear.until("finished", "t1")
        assert not any(told[0] == "failed" for told in ear.told)


async def test_an_old_session_is_renewed_without_a_word() -> None:
    async with opened(times=LineTimes(renew_s=0.05)) as (line, ear, fake):
        while len(fake.sessions) < 2:
            await asyncio.sleep(0.01)
        line.respond(ResponseRequest("t1", "ask", "Ask."))
        await ear.until("finished", "t1")
        assert not any(told[0] in ("lost", "failed") for told in ear.told)


async def test_a_message_that_is_not_json_is_passed_over() -> None:
    async with opened() as (line, ear, fake):
        await fake.sockets[-1].send("{nonsense")
        await fake.sockets[-1].send("[1, 2]")
        line.respond(ResponseRequest("t1", "ask", "Ask."))
        await ear.until("finished", "t1")


async def test_a_cancelled_turn_is_truncated_and_the_next_one_follows() -> None:
    def script(request: Json) -> Reply:
        return Reply([Speech(" ".join(["word"] * 40), 50)])

    async with opened(script=script) as (line, ear, fake):
        line.respond(ResponseRequest("t1", "ask", "Ask."))
        await ear.until("word", "t1", count=4)
        line.cancel("t1")
        line.truncate("t1", 120)
        line.respond(ResponseRequest("t2", "reply", "Reply."))
        await ear.until("finished", "t2")
        received = fake.sessions[-1].received
        cuts = [event["audio_end_ms"] for event in received if event["type"] == "conversation.item.truncate"]
        assert cuts == [120]
        assert not any(told[0] == "finished" and told[1] == "t1" for told in ear.told)
        assert [e for e in fake.errors if e["code"] != "response_cancel_not_active"] == []


async def test_old_audio_gives_way_when_the_socket_does_not_take_it() -> None:
    queue = SendQueue()
    queue.open_audio()
    for n in range(queue.AUDIO_LIMIT + 20):
        queue.put_audio(str(n))
    queue.put("commit")
    got = [await queue.get() for _ in range(queue.AUDIO_LIMIT + 1)]
    assert got[0] == "20"
    assert got[-1] == "commit"


async def test_a_session_hears_what_came_before_it_was_configured_after_its_configuration() -> None:
    queue = SendQueue()
    queue.put_audio("while there was no session")
    queue.put("session.update")
    assert await queue.get() == "session.update"
    queue.open_audio()
    queue.put_audio("now")
    assert [await queue.get() for _ in range(2)] == ["while there was no session", "now"]


@pytest.mark.parametrize(("silent", "heard"), [(True, ["sent", "unsent", "new"]), (False, ["unsent", "new"])])
async def test_another_session_hears_the_moment_before_the_change(silent: bool, heard: list[str]) -> None:
    queue = SendQueue()
    queue.open_audio()
    queue.put_audio("sent")
    assert await queue.get() == "sent"
    queue.put_audio("unsent")
    queue.put("for the old session")
    queue.begin_again(overlap=silent)
    queue.put_audio("new")
    queue.open_audio()
    assert [await queue.get() for _ in heard] == heard


async def test_renewal_waits_for_the_turn_that_runs() -> None:
    async with opened(times=LineTimes(renew_s=0.05)) as (line, ear, fake):
        fake.hold()
        line.respond(ResponseRequest("t1", "ask", "Ask."))
        await asyncio.sleep(0.3)
        fake.go_on()
        await ear.until("finished", "t1")
        assert not any(told[0] in ("lost", "failed") for told in ear.told)


HUMAN: tuple[Json, ...] = (
    {"type": "input_audio_buffer.speech_started", "item_id": "h1", "audio_start_ms": 0},
    {"type": "input_audio_buffer.speech_stopped", "item_id": "h1", "audio_end_ms": 900},
    {
        "type": "conversation.item.input_audio_transcription.completed",
        "item_id": "h1",
        "content_index": 0,
        "transcript": "bread",
    },
)


@pytest.mark.parametrize("told", [1, 2])
async def test_renewal_waits_for_the_human_to_finish_and_be_understood(told: int) -> None:
    async with opened(LISTENER, times=LineTimes(renew_s=0.3)) as (line, ear, fake):
        await fake.say(*HUMAN[:told])
        await asyncio.sleep(0.6)
        assert len(fake.sessions) == 1
        await fake.say(*HUMAN[told:])
        await ear.until("said", "bread")
        async with asyncio.timeout(10):
            while len(fake.sessions) < 2:
                await asyncio.sleep(0.01)
        assert ("not understood", "h1") not in ear.told


async def test_renewal_does_not_wait_for_ever() -> None:
    async with opened(LISTENER, times=LineTimes(renew_s=0.1, renew_latest_s=0.3)) as (line, ear, fake):
        await fake.say(HUMAN[0])
        await ear.until("not understood", "h1")
        assert not any(told[0] == "lost" for told in ear.told)
