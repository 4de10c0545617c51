"""What humans do at the real product, and all that they take home from it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import aiohttp
from processes import alive
from product_guest import Guest, guest
from product_server import Product

from server.rehearsal.client import Event, Json
from server.rehearsal.packets import Packet

VISITOR = Path(__file__).with_name("product_visitor.py")
KAYAKS = (
    "Blue Heron Kayaks",
    "Guided kayak tours and paddle lessons",
    "Couples and photographers",
    "Our boats are silent",
    "Home, Tours, Prices",
    "Calm and green",
)
TATTOOS = (
    "Onyx <b>Tattoo</b> & Sons",
    'Portrait tattoos <script>alert("ink")</script>',
    "Collectors and drummers",
    "Vegan pigments <img src=x onerror=alert(1)>",
    "Home, Gallery, <i>Prices</i>",
    "Dark, \"bold\" and 'loud'</style><script>alert(2)</script>",
)
REMARK = "Make it <u onmouseover=alert(3)>louder</u> --> please"
LIKED = "I like it"
EDIT = 'Ink that stays. <script>alert("post")</script> & <img src=y onerror=alert(4)>'


@dataclass(frozen=True)
class Kept:
    """What one session left: told, heard, and made."""

    events: list[Event]
    packets: list[Packet]
    brief: Json
    files: dict[str, bytes]
    preview: dict[str, bytes]
    downloads: dict[str, bytes]

    def of(self, type: str) -> list[Json]:
        return [event.data for event in self.events if event.type == type]

    @property
    def everything(self) -> str:
        """All text of it, in lower case."""
        parts = [event.raw.encode() for event in self.events]
        parts += [json.dumps(self.brief).encode(), *self.files.values(), *self.preview.values()]
        return b"\n".join([*parts, *self.downloads.values()]).decode(errors="replace").lower()


async def approving(room: Product) -> Kept:
    """Six given answers, a word on the website, one tap."""
    async with guest(room.url, KAYAKS) as human:
        await like_it(human)
        request = await human.told("approval.requested")
        await human.approve(str(request.data["approval"]))
        await human.told("session.completed")
        return await keep(human, room)


async def meddling(room: Product) -> tuple[Kept, list[int]]:
    """Given answers full of markup, a remark over Alex, an edited post; and what the taps were answered."""
    async with guest(room.url, TATTOOS) as human:
        await human.turn("show_site")
        await human.type(REMARK)
        await like_it(human)
        first = str((await human.told("approval.requested")).data["approval"])
        await human.ask("PATCH", "/post", {"text": EDIT})
        second = str((await human.told("approval.requested")).data["approval"])
        taps = [(first, "approve"), (second, "approve"), (second, "approve"), (second, "reject")]
        statuses = []
        for approval, decision in taps:
            status, _ = await human.ask("POST", f"/approvals/{approval}", {"decision": decision})
            statuses.append(status)
        await human.told("session.completed")
        return await keep(human, room), statuses


async def like_it(human: Guest) -> None:
    """When Alex has asked."""
    await human.told("human.listening", lambda data: data["listening"])
    await human.type(LIKED)


async def keep(human: Guest, room: Product) -> Kept:
    """Everything, once the session is over."""
    while await human.next_event() is not None:
        pass
    site = human.of("site.ready")[-1].data
    pages = cast(list[Json], cast(Json, site["site"])["pages"])
    folder = room.data / "sessions" / human.id
    names = ("transcript.txt", "transcript.vtt", "transcript.json", "brief.json", "summary")
    return Kept(
        human.events,
        human.tap.packets,
        cast(Json, (await human.look())["brief"]),
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()},
        {str(page["path"]): await got(human, f"{site['url']}{page['path']}") for page in pages},
        {name: await got(human, name) for name in names} | {"summary.html": await summary(human)},
    )


async def got(human: Guest, path: str) -> bytes:
    body = await human.get(path)
    assert body is not None, path
    return body


async def summary(human: Guest) -> bytes:
    async with aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {human.created['token']}", "Accept": "text/html"}
        async with http.get(f"{human.address}/summary", headers=headers) as response:
            assert response.status == 200
            return await response.read()


# ---------------------------------------------------------------------- typing, and stopping


@dataclass(frozen=True)
class Stopped:
    """A session that was stopped in the middle of a sentence."""

    events: list[Event]
    seconds: float
    states: list[object]
    packets_before: int
    packets_after: int


async def typing(room: Product) -> Stopped:
    """A human without a microphone types the first answer, and stops the session while the next is asked."""
    async with guest(room.url, microphone=False) as human:
        await human.told("human.listening", lambda data: data["listening"])
        await human.type("We are called Quillback Bindery.")
        await human.told("question.asked", lambda data: data["n"] == 2)
        started = time.monotonic()
        status, body = await human.ask("DELETE")
        seconds = time.monotonic() - started
        packets = len(human.tap.packets)
        await asyncio.sleep(1.0)
        again = await human.look()
        states: list[object] = [status, body["state"], again["state"]]
        return Stopped(human.events, seconds, states, packets, len(human.tap.packets))


# ---------------------------------------------------------------------- vanishing


@dataclass(frozen=True)
class Vanished:
    """A session whose page's process was killed, and which then was entered again."""

    waiting_after_s: float
    events: list[Event]
    told_while_waiting: list[Event]
    resumed: list[Json]
    """The turns that sounded after the return."""
    stop_s: float
    worker_left: bool


async def vanishing(room: Product) -> Vanished:
    async with aiohttp.ClientSession() as http:
        human = Guest(http, room.url)
        try:
            async with http.post(f"{room.url}/sessions", json={"answers": list(KAYAKS)}) as response:
                human.watch(await response.json())
            async with visitor(room, human.created) as child:
                await human.told("job.started")
                child.kill()
                killed = time.monotonic()
                await human.told("session.state", lambda data: data["state"] == "waiting")
                waiting_after_s = time.monotonic() - killed
            return await _come_back(room, human, waiting_after_s)
        finally:
            await human.close()


async def _come_back(room: Product, human: Guest, waiting_after_s: float) -> Vanished:
    waiting_from = human.events[-1].seq
    await human.ask("PATCH", "/brief", {"audience": "Rowers of all ages"})
    await human.told("job.finished")
    await asyncio.sleep(1.5)
    told_while_waiting = [event for event in human.events if event.seq > waiting_from]
    await human.join(human.created)
    await human.told("session.state", lambda data: data["state"] == "live")
    resumed = [(await human.turn()).data for _ in range(2)]
    stop_s, worker_left = await _stop_in_the_middle_of_a_job(room, human)
    return Vanished(waiting_after_s, human.events, told_while_waiting, resumed, stop_s, worker_left)


async def _stop_in_the_middle_of_a_job(room: Product, human: Guest) -> tuple[float, bool]:
    """The job's worker is halted, so that it surely runs when the session is stopped."""
    spare = await _spare_of(room)
    os.kill(spare, signal.SIGSTOP)
    await human.ask("PATCH", "/brief", {"audience": "Schools on the river"})
    await human.told("job.started")
    await asyncio.sleep(1.5)  # it has left the queue
    started = time.monotonic()
    await human.ask("DELETE")
    return time.monotonic() - started, alive(spare)


async def _spare_of(room: Product) -> int:
    """The worker that has nothing to do yet: the youngest, once no other comes. Others build their sites."""
    workers: list[int] = []
    while not workers or workers != room.workers:
        workers = room.workers
        await asyncio.sleep(0.5)
    return max(workers)


@asynccontextmanager
async def visitor(room: Product, created: Json) -> AsyncIterator[asyncio.subprocess.Process]:
    """A page in a process of its own, so that it can vanish without a goodbye."""
    paths = os.pathsep.join([str(VISITOR.parent), str(VISITOR.parents[2])])
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(VISITOR), room.url, json.dumps(created), env={**os.environ, "PYTHONPATH": paths}
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
