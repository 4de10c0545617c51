"""A strict fake of OpenAI's Realtime service: its sockets' manners around `FakeService`'s sessions.

Behind a real WebSocket of the `websockets` library on a free local port (`fake_openai`), or behind sockets
in memory (`memory_sockets`) where time is virtual.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from websockets.asyncio.server import Server, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request

from tests.fakes.openai_service import FakeService, Json, Reply, Speech

SESSION_S = 3600.0


class Transport(Protocol):
    def abort(self) -> None: ...


class Socket(Protocol):
    """What is used of `websockets`' ServerConnection."""

    request: Request | None
    transport: Transport

    async def send(self, message: str) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...

    async def wait_closed(self) -> None: ...

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...


class FakeRealtimeServer:
    """The service behind `/v1/realtime`. `hold` stops generation until cleared."""

    def __init__(self, script: Callable[[Json], Reply] | None = None, session_s: float = SESSION_S) -> None:
        self.script = script or (lambda request: Reply([Speech("hello there")]))
        self.session_s = session_s
        self.sessions: list[FakeService] = []
        self.sockets: list[Socket] = []
        self.headers: list[dict[str, str]] = []
        self.silent = False
        self.step_s = 0.0
        """From one step of a generation to the next; as fast as the socket takes it when 0."""
        self.breaks_after: int | None = None
        """The newest socket breaks after that many more events, wherever that is."""
        self.broken = asyncio.Event()
        self.ended_by_age = 0
        self._running = asyncio.Event()
        self._running.set()
        self.server: Server | None = None

    @property
    def base_url(self) -> str:
        assert self.server is not None
        port = next(iter(self.server.sockets)).getsockname()[1]
        return f"http://127.0.0.1:{port}/v1"

    @property
    def errors(self) -> list[Json]:
        return [error for session in self.sessions for error in session.errors]

    def hold(self) -> None:
        self._running.clear()

    def go_on(self) -> None:
        self._running.set()

    async def say(self, *events: Json) -> None:
        """Send server events on the newest socket, as they are."""
        for event in events:
            await self.sockets[-1].send(json.dumps({"event_id": "srv_x", **event}))

    async def handle(self, socket: Socket) -> None:
        assert socket.request is not None
        headers = socket.request.headers
        self.headers.append({name.lower(): value for name, value in headers.raw_items()})
        if "OpenAI-Beta" in headers:
            await socket.close(4000, "beta_api_shape_disabled")
            return
        if not headers.get("Authorization", "").startswith("Bearer ") or "model=" not in socket.request.path:
            await socket.close(4001, "unauthorised")
            return
        service = FakeService(self.script)
        self.sessions.append(service)
        self.sockets.append(socket)
        if self.silent:
            await socket.wait_closed()
            return
        asked = asyncio.Event()
        tasks = [
            asyncio.create_task(self._generate(socket, service, asked)),
            asyncio.create_task(self._grow_old(socket, service)),
        ]
        try:
            await self._send(socket, service.greet())
            async for message in socket:
                await self._send(socket, service.receive(json.loads(message)))
                asked.set()
        except ConnectionClosed:
            pass
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, ConnectionClosed):
                raise end

    async def _generate(self, socket: Socket, service: FakeService, asked: asyncio.Event) -> None:
        while True:
            await asked.wait()
            asked.clear()
            while service.generating:
                await self._running.wait()
                await self._send(socket, service.step())
                await asyncio.sleep(self.step_s)

    async def _grow_old(self, socket: Socket, service: FakeService) -> None:
        await asyncio.sleep(self.session_s)
        self.ended_by_age += 1
        await self._send(socket, service.expire())
        await socket.close(1001, "session_expired")

    async def _send(self, socket: Socket, events: list[Json]) -> None:
        for event in events:
            if self.breaks_after is not None and socket is self.sockets[-1]:
                if self.breaks_after <= 0:
                    self.breaks_after = None
                    self.broken.set()
                    socket.transport.abort()
                else:
                    self.breaks_after -= 1
            await socket.send(json.dumps(event))


@asynccontextmanager
async def fake_openai(
    script: Callable[[Json], Reply] | None = None, session_s: float = SESSION_S
) -> AsyncIterator[FakeRealtimeServer]:
    fake = FakeRealtimeServer(script, session_s)
    async with serve(fake.handle, "127.0.0.1", 0, compression=None) as server:
        fake.server = server
        yield fake
