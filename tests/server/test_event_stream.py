"""Server-sent events: everything, in order, from where the reader left off."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from pytest_aiohttp import AiohttpClient
from signalling_fakes import Client, Opened, fake_app, opened

from orchestration import notices
from server import eventstream
from server.settings import Settings


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path) -> Client:
    return await aiohttp_client(fake_app(Settings(data=tmp_path)))


@pytest.fixture
async def room(client: Client) -> Opened:
    return await opened(client)


async def read(response: ClientResponse, count: int) -> list[tuple[str, dict[str, object]]]:
    """The next `count` events: id and data."""
    events: list[tuple[str, dict[str, object]]] = []
    seq = ""
    async with asyncio.timeout(10):
        while len(events) < count:
            line = (await response.content.readline()).decode().rstrip("\n")
            if line.startswith("id: "):
                seq = line[4:]
            elif line.startswith("data: "):
                events.append((seq, json.loads(line[6:])))
    return events


async def test_every_type_comes_as_it_happens(room: Opened) -> None:
    async with room.client.get(f"{room.path}/events", headers=room.auth) as response:
        assert response.content_type == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        assert await response.content.readline() == b"retry: 1000\n"
        [(seq, created)] = await read(response, 1)
        assert (seq, created["type"]) == ("1", "session.state")
        room.session.publish(notices.JobProgress("job1", "website", 10, "<b>Working</b>\n\nid: 99"))
        room.session.publish(notices.HumanListening(True))
        events = await read(response, 2)
        assert [seq for seq, _ in events] == ["2", "3"]
        assert events[0][1]["data"]["message"] == "<b>Working</b>\n\nid: 99"  # type: ignore[index]


async def test_a_reader_goes_on_where_it_left_off(room: Opened) -> None:
    for n in range(5):
        room.session.publish(notices.HumanListening(n % 2 == 0))
    headers = {**room.auth, "Last-Event-ID": "4"}
    async with room.client.get(f"{room.path}/events", headers=headers) as response:
        assert [seq for seq, _ in await read(response, 2)] == ["5", "6"]
    async with room.client.get(f"{room.path}/events?after=5", headers=room.auth) as response:
        assert [seq for seq, _ in await read(response, 1)] == ["6"]


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "²", "9" * 16])
async def test_a_cursor_that_is_no_number_is_refused(room: Opened, after: str) -> None:
    response = await room.client.get(f"{room.path}/events", params={"after": after}, headers=room.auth)
    assert (response.status, (await response.json())["code"]) == (400, "bad_request")


async def test_a_spectator_reads_along_with_the_token_in_the_query(room: Opened) -> None:
    params = {"token": room.session.keys.spectator}
    async with room.client.get(f"{room.path}/events", params=params) as response:
        assert len(await read(response, 1)) == 1
    assert (await room.client.get(f"{room.path}/events")).status == 401


async def test_the_stream_ends_with_the_session_and_asks_not_to_come_back(room: Opened) -> None:
    async with room.client.get(f"{room.path}/events", headers=room.auth) as response:
        await read(response, 1)
        await room.client.delete(room.path, headers=room.auth)
        rest = await read(response, 1)
        assert rest[0][1]["data"] == {"state": "stopped", "reason": "human"}
        assert await response.content.read() == b"\n"
    async with room.client.get(f"{room.path}/events", headers=room.auth) as response:
        assert len(await read(response, 2)) == 2
    again = await room.client.get(f"{room.path}/events?after=2", headers=room.auth)
    assert again.status == 204


async def test_a_quiet_stream_shows_that_it_lives(room: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventstream, "HEARTBEAT_S", 0.05)
    async with room.client.get(f"{room.path}/events?after=1", headers=room.auth) as response:
        async with asyncio.timeout(10):
            await response.content.readuntil(b":\n\n")


async def test_streams_are_limited_and_a_reader_that_left_makes_room(
    room: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventstream, "MAX_STREAMS", 1)
    monkeypatch.setattr(eventstream, "HEARTBEAT_S", 0.05)
    async with room.client.get(f"{room.path}/events", headers=room.auth) as response:
        await read(response, 1)
        second = await room.client.get(f"{room.path}/events", headers=room.auth)
        assert (second.status, (await second.json())["code"]) == (429, "too_many")
    async with asyncio.timeout(10):
        while any(room.session.streams.values()):
            await asyncio.sleep(0.01)
