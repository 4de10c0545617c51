"""The fake is as strict as the service: it refuses what OpenAI refuses, and sends what OpenAI could send."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest
from openai import AsyncOpenAI
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.fakes.openai_contract import Breach, check_client, check_server
from tests.fakes.openai_realtime import FakeRealtimeServer, fake_openai
from tests.fakes.openai_service import FakeService, Json, Reply, Speech

VOICE: Json = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
OTHER: Json = {"type": "realtime", "audio": {"output": {"voice": "marin"}}}


def service(words: str = "one two") -> FakeService:
    return FakeService(lambda request: Reply([Speech(words, 100)]))


def codes(events: list[Json]) -> list[object]:
    return [event["error"]["code"] for event in events if event["type"] == "error"]  # type: ignore[index]


def spoken(session: FakeService) -> str:
    """One whole response; the id of what it said."""
    session.receive({"type": "response.create"})
    while session.generating:
        session.step()
    return next(iter(session.items))


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "session.updates"}, "invalid_value"),
        ({"type": "output_audio_buffer.clear"}, "invalid_value"),
        ({"type": "session.update"}, "invalid_type"),
        ({"type": "session.update", "session": {"type": "realtime", "voice": "cedar"}}, "unknown_parameter"),
        ({"type": "response.create", "response": {"temperature": 0.8}}, "unknown_parameter"),
        ({"type": "response.create", "response": {"max_output_tokens": 5000}}, "invalid_value"),
        ({"type": "response.create", "response": {"metadata": {"turn": "t" * 513}}}, "invalid_value"),
        ({"type": "response.cancel", "response_id": "resp_9"}, "response_cancel_not_active"),
        ({"type": "conversation.item.delete", "item_id": "gone"}, "item_not_found"),
        ({"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty"),
    ],
)
def test_a_clients_mistake_is_an_error_that_names_its_event(event: Json, code: str) -> None:
    answer = service().receive({"event_id": "mine", **event})
    assert codes(answer) == [code]
    assert answer[0]["error"]["event_id"] == "mine"  # type: ignore[index]


def test_the_voice_is_locked_after_the_first_audio() -> None:
    session = service()
    assert codes(session.receive({"type": "session.update", "session": VOICE})) == []
    assert codes(session.receive({"type": "session.update", "session": OTHER})) == []
    spoken(session)
    assert codes(session.receive({"type": "session.update", "session": OTHER})) == []
    assert codes(session.receive({"type": "session.update", "session": VOICE})) == ["cannot_update_voice"]


def test_one_response_at_a_time_writes_to_the_conversation_and_others_run_beside_it() -> None:
    session = service()
    assert codes(session.receive({"type": "response.create"})) == []
    refused = session.receive({"type": "response.create"})
    assert codes(refused) == ["conversation_already_has_active_response"]
    beside = session.receive({"type": "response.create", "response": {"conversation": "none"}})
    assert codes(beside) == []
    while session.generating:
        session.step()
    assert len(session.items) == 1


def test_truncation_beyond_the_audio_is_an_error_and_truncation_deletes_the_transcript() -> None:
    session = service()
    cut = {"type": "conversation.item.truncate", "item_id": spoken(session), "content_index": 0}
    assert codes(session.receive({**cut, "audio_end_ms": 201})) == ["invalid_value"]
    assert codes(session.receive({**cut, "audio_end_ms": 150})) == []
    assert codes(session.receive({**cut, "audio_end_ms": 200})) == ["invalid_value"]
    assert "one" not in json.dumps(next(iter(session.items.values())).body)


def test_assistant_audio_cannot_be_inserted() -> None:
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_audio", "transcript": "x"}]}
    assert codes(service().receive({"type": "conversation.item.create", "item": item})) == ["invalid_value"]


def test_what_the_fake_itself_sends_is_held_to_the_contract() -> None:
    with pytest.raises(Breach):
        check_server({"type": "response.audio.delta", "event_id": "e", "delta": ""})
    with pytest.raises(Breach):
        check_server({"type": "session.updated", "event_id": "e", "session": VOICE, "extra": 1})
    with pytest.raises(Breach):
        check_server({"type": "conversation.item.truncated", "event_id": "e", "item_id": "i"})
    check_client({"type": "session.update", "session": VOICE})


async def closed_by(fake: FakeRealtimeServer, **headers: str) -> tuple[int, str]:
    """How the service ends a connection."""
    url = fake.base_url.replace("http", "ws") + "/realtime?model=voice"
    async with connect(url, additional_headers={"Authorization": "Bearer x", **headers}) as socket:
        last = ""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    last = str(await socket.recv())
    return socket.close_code or 0, last


async def test_the_beta_header_is_refused() -> None:
    async with fake_openai() as fake:
        assert (await closed_by(fake, **{"OpenAI-Beta": "realtime=v1"}))[0] == 4000


async def test_a_session_ends_when_it_is_too_old() -> None:
    async with fake_openai(session_s=0.05) as fake:
        code, last = await closed_by(fake)
        assert (code, json.loads(last)["error"]["code"]) == (1001, "session_expired")


async def test_the_sdk_reads_every_event_of_a_response() -> None:
    async with fake_openai() as fake, AsyncOpenAI(api_key="x", base_url=fake.base_url) as client:
        async with client.realtime.connect(
            model="voice", websocket_connection_options={"proxy": None}
        ) as connection:
            await connection.response.create()
            seen = []
            async with asyncio.timeout(10):
                async for event in connection:
                    seen.append(event.type)
                    if event.type == "response.done":
                        assert event.response.usage is not None
                        break
    assert {"session.created", "response.content_part.added", "response.output_audio.done"} <= set(seen)
    assert fake.errors == []


@pytest.mark.parametrize("events", [1, 5, 9])
async def test_a_session_can_break_in_the_middle(events: int) -> None:
    async with fake_openai() as fake:
        fake.breaks_after = events
        url = fake.base_url.replace("http", "ws") + "/realtime?model=voice"
        async with connect(url, additional_headers={"Authorization": "Bearer x"}) as socket:
            await socket.send(json.dumps({"type": "response.create"}))
            async with asyncio.timeout(10):
                for _ in range(events):
                    await socket.recv()
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
