"""The real crew in one process with the test: what a session used is given back when it ends."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import TCPConnector
from aiohttp.test_utils import TestServer
from processes import children, descendants, descriptors
from product_server import ENGINE
from rtc_page import RtcPage, rtc_page, until
from signalling_fakes import Client

from server.app import create_app
from server.sessions import SESSIONS
from server.settings import Settings

pytestmark = pytest.mark.timeout(150)

SESSIONS_IN_ALL = 50
BATCH = 10


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    # Ten that come in one moment may make packets late, which is not what is looked at here.
    app = create_app(Settings(data=tmp_path, max_load_percent=1000))
    app[SESSIONS].max_unentered = BATCH  # here one client is many humans
    # Connections that are kept for the next request are the client's, and no leftovers.
    async with Client(TestServer(app), connector=TCPConnector(force_close=True)) as client:
        yield client


@dataclass(frozen=True)
class Room:
    path: str
    auth: dict[str, str]
    spectator_auth: dict[str, str]


async def open_room(client: Client) -> Room:
    response = await client.post("/sessions")
    assert response.status == 201, await response.text()
    body = await response.json()
    return Room(f"/sessions/{body['id']}", bearer(body["token"]), bearer(body["spectator_token"]))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def greeted(client: Client, room: Room, page: RtcPage) -> None:
    """Connect and wait for the first word."""
    await page.connect(client, f"{room.path}/whip", room.auth)
    await page.live()
    page.say({"type": "resume", "after": 0})
    async with asyncio.timeout(30.0):
        while not page.of("turn.started"):
            page.say({"type": "ping"})  # a page that says nothing for 3 s counts as gone
            await asyncio.sleep(0.5)


async def batch(client: Client, size: int) -> None:
    """Sessions that are opened together, entered, and stopped at their first word."""
    rooms = [await open_room(client) for _ in range(size)]
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(rtc_page(microphone=n % 2 == 0)) for n in range(size)]
        await asyncio.gather(*(greeted(client, room, page) for room, page in zip(rooms, pages, strict=True)))
        for response in await asyncio.gather(
            *(client.delete(room.path, headers=room.auth) for room in rooms)
        ):
            assert (await response.json())["state"] == "stopped"


@dataclass(frozen=True)
class Holdings:
    """What this process and the engine hold."""

    tasks: Counter[str]
    threads: int
    descriptors: int
    engine_descriptors: int
    processes: int

    @classmethod
    def now(cls) -> Holdings:
        gc.collect()
        (engine,) = children(os.getpid(), ENGINE)
        return cls(
            Counter(name(task) for task in asyncio.all_tasks()),
            # The event loop's own pool grows to a few threads, and keeps them.
            sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate()),
            descriptors(os.getpid()),
            descriptors(engine),
            len(descendants(os.getpid())),
        )

    def beyond(self, base: Holdings) -> dict[str, object]:
        """What there is more of than in `base`."""
        counts = ("threads", "descriptors", "engine_descriptors", "processes")
        more = {kind: getattr(self, kind) - getattr(base, kind) for kind in counts}
        return {kind: count for kind, count in more.items() if count > 0} | dict(self.tasks - base.tasks)


def name(task: asyncio.Task[object]) -> str:
    """A task by what it does: numbered names are all alike."""
    return getattr(task.get_coro(), "__qualname__", "?")


async def test_fifty_sessions_leave_nothing_behind(client: Client) -> None:
    await batch(client, 3)  # what is made once for all is made now
    await asyncio.sleep(1.0)
    base = Holdings.now()
    for _ in range(SESSIONS_IN_ALL // BATCH):
        await batch(client, BATCH)
    deadline = asyncio.get_running_loop().time() + 20.0
    while (left := Holdings.now().beyond(base)) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.2)
    assert not left
    assert client.app[SESSIONS].running == 0
    figures = await (await client.get("/metrics")).text()
    assert f'moentreprise_sessions{{state="stopped"}} {SESSIONS_IN_ALL + 3}.0' in figures


async def test_a_spectators_token_opens_what_is_watched_and_nothing_else(client: Client) -> None:
    room = await open_room(client)
    watched = {"/sessions/{id}/events", "/sessions/{id}/whep", "/sessions/{id}/whep/{peer}"}
    tried = 0
    for route in client.app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if not path.startswith("/sessions/{id}") or path in watched or route.method == "OPTIONS":
            continue
        names = {name: "x" for name in ("peer", "job", "approval", "name")}
        concrete = path.format(id=room.path.split("/")[-1], form="txt", **names)
        response = await client.request(route.method, concrete, headers=room.spectator_auth, json={})
        assert response.status == 403, (route.method, path, response.status)
        tried += 1
    assert tried >= 15
    assert (await client.delete(room.path, headers=room.auth)).status == 200


async def test_nonsense_on_the_data_channel_does_not_disturb_the_voice(client: Client) -> None:
    room = await open_room(client)
    async with rtc_page() as page, rtc_page(microphone=False) as second:
        await greeted(client, room, page)
        for bad in ("{", b"\xff\x00", "[]", '{"type": "turn.started"}', "x" * 17 * 1024):
            page.say(bad)
        await until(lambda: len(page.of("error")) == 5)
        assert not page.of("turn.ended")
        await greeted(client, room, second)
        error = await page.told("error", 6)
        assert error["data"]["code"] == "replaced"  # type: ignore[index]
        again = second.of("turn.started")[-1]["data"]
        assert again["act"] == "greet"  # type: ignore[index]
        look = await (await client.get(room.path, headers=room.auth)).json()
        assert look["state"] == "live"
    assert (await client.delete(room.path, headers=room.auth)).status == 200
