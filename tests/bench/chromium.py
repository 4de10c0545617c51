"""Chromium as a measuring instrument: peers to servers under test, each through a Link of its own."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import aiohttp
import numpy as np
from aiohttp import web
from numpy.typing import NDArray
from playwright.async_api import Browser, Page, async_playwright

from tests.bench.link import (
    Link,
    Network,
    candidate_address,
    running_network,
    with_candidate,
    without_candidates,
)
from tests.bench.relay import Address
from tests.browser.page_browser import launch

PAGE = Path(__file__).with_name("page")
RECORDED_HZ = 48_000
START_S, STOP_S = 30.0, 10.0
Counters = dict[str, float]


@dataclass(frozen=True, slots=True)
class Recording:
    """What a peer heard: float samples at 48 kHz."""

    samples: NDArray[np.float32]
    skipped: int
    """Samples that the recorder itself missed; a recording with some says nothing about the network."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An Opus packet that the browser sent."""

    timestamp: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Microphone:
    """What the server's microphone path passed on."""

    pcm: bytes
    chunks: tuple[tuple[float, int], ...]
    """When (`time.monotonic`), and how many samples, one after the other."""
    figures: dict[str, float]


class Server:
    """A server under test, in a process of its own."""

    def __init__(self, name: str, port: int, http: aiohttp.ClientSession) -> None:
        self.name = name
        self._url = f"http://127.0.0.1:{port}"
        self._http = http

    async def answer(self, sdp: str, sid: int) -> str:
        body = {"sdp": sdp, "type": "offer", "sid": sid, "mode": "idle"}
        async with self._http.post(f"{self._url}/offer", json=body) as response:
            response.raise_for_status()
            return str((await response.json())["sdp"])

    async def say(self, sid: int, pcm: bytes) -> None:
        """Speak one utterance; returns when it is handed over, long before it is heard."""
        async with self._http.post(f"{self._url}/say", params={"sid": sid}, data=io.BytesIO(pcm)) as response:
            response.raise_for_status()

    async def microphone(self, sid: int) -> Microphone:
        async with self._http.get(f"{self._url}/mic", params={"sid": sid}) as response:
            response.raise_for_status()
            heard = await response.json()
        chunks = tuple((float(time_s), int(samples)) for time_s, samples in heard["chunks"])
        return Microphone(base64.b64decode(heard["pcm"]), chunks, heard["figures"])


class Peer:
    """One connection from the page to a server."""

    def __init__(self, page: Page, name: str, sid: int, server: Server, link: Link) -> None:
        self.server = server
        self.link = link
        self.sid = sid
        self._page = page
        self.name = name

    async def say(self, pcm: bytes) -> None:
        await self.server.say(self.sid, pcm)

    async def inbound(self) -> Counters:
        """The received stream's counters (W3C webrtc-stats, RTCInboundRtpStreamStats)."""
        return cast(Counters, (await self._statistics())["inbound"])

    async def recording(self) -> Recording:
        """What was heard since the last call."""
        taken = await self._page.evaluate("(name) => bench.takeRecording(name)", self.name)
        samples = np.frombuffer(base64.b64decode(taken["pcm"]), "<f4")
        return Recording(samples, int(taken["skipped"]))

    async def sent(self) -> list[Sent]:
        """What the browser sent since the last call."""
        taken = await self._page.evaluate("(name) => bench.takeSent(name)", self.name)
        return [Sent(int(timestamp), base64.b64decode(payload)) for timestamp, payload in taken]

    async def microphone(self) -> Microphone:
        return await self.server.microphone(self.sid)

    async def sends_to(self) -> Address:
        """The other end of the selected candidate pair."""
        host, port = cast("list[str]", (await self._statistics())["remote"])
        return host, int(port)

    async def _statistics(self) -> dict[str, object]:
        return cast("dict[str, object]", await self._page.evaluate("(n) => bench.statistics(n)", self.name))


class Laboratory:
    """A page in Chromium, the bad network, and the servers that were asked for."""

    def __init__(self, page: Page, network: Network, servers: dict[str, Server]) -> None:
        self._page = page
        self._network = network
        self._servers = servers
        self._sids = 0

    async def connect(self, server: str, seed: int = 1, speaks: bool = False) -> Peer:
        """A peer to `server` over a link of its own. Peers with the same seed lose the same packets.

        Raises AssertionError when the packets do not go through the link.
        """
        self._sids += 1
        name = f"peer-{self._sids}"
        offer = await self._page.evaluate("([name, speaks]) => bench.open(name, speaks)", [name, speaks])
        answer = await self._servers[server].answer(without_candidates(offer), self._sids)
        link = await self._network.link(candidate_address(answer), seed)
        told = with_candidate(answer, link.address)
        await self._page.evaluate("([name, sdp]) => bench.accept(name, sdp)", [name, told])
        peer = Peer(self._page, name, self._sids, self._servers[server], link)
        assert await peer.sends_to() == link.address
        return peer

    async def hang_up(self, peer: Peer) -> None:
        await self._page.evaluate("(name) => bench.close(name)", peer.name)

    async def say(self, pcm: bytes) -> None:
        """Let the human speak, to all peers that were connected with `speaks`; returns when it is said."""
        await self._page.evaluate("(pcm) => bench.say(pcm)", base64.b64encode(pcm).decode())


@asynccontextmanager
async def laboratory(*servers: str) -> AsyncIterator[Laboratory]:
    """`servers` are modules of this package that call `front.serve`, by name."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        network = await stack.enter_async_context(running_network())
        started = {name: await stack.enter_async_context(_running(name, http)) for name in servers}
        playwright = await stack.enter_async_context(async_playwright())
        browser = await launch(playwright)
        stack.push_async_callback(browser.close)
        site = await stack.enter_async_context(_site())
        yield Laboratory(await _page(browser, site), network, started)


@asynccontextmanager
async def _running(name: str, http: aiohttp.ClientSession) -> AsyncIterator[Server]:
    module = f"tests.bench.{name}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--keep-microphone", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        async with asyncio.timeout(START_S):
            port = json.loads(await process.stdout.readline())["port"]
        yield Server(name, port, http)
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            await process.wait()


@asynccontextmanager
async def _site() -> AsyncIterator[str]:
    """The page's address: loopback is a secure context, which worklets demand."""
    application = web.Application()
    application.router.add_static("/", PAGE)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _page(browser: Browser, site: str) -> Page:
    page = await browser.new_page()
    await page.goto(f"{site}/page.html")
    await page.wait_for_function("globalThis.bench !== undefined")
    await page.evaluate("bench.start()")
    return page
