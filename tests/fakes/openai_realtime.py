"""A strict fake of OpenAI's Realtime service behind a real WebSocket on a free local port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.fakes.openai_service import FakeService, Json, Reply, Speech


class FakeRealtimeServer:
    """The service behind `ws://127.0.0.1:port/v1/realtime`. `hold` stops generation until cleared."""

    def __init__(self, script: Callable[[Json], Reply] | None = None) -> None:
        self.script = script or (lambda request: Reply([Speech("hello there")]))
        self.sessions: list[FakeService] = []
        self.sockets: list[ServerConnection] = []
        self.headers: list[dict[str, str]] = []
        self.silent = False
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

    async def handle(self, socket: ServerConnection) -> None:
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
        generator = asyncio.create_task(self._generate(socket, service))
        try:
            await _send(socket, service.greet())
            async for message in socket:
                await _send(socket, service.receive(json.loads(message)))
        except ConnectionClosed:
            pass
        finally:
            generator.cancel()
            await asyncio.gather(generator, return_exceptions=True)

    async def _generate(self, socket: ServerConnection, service: FakeService) -> None:
        while True:
            await self._running.wait()
            await _send(socket, service.step())
            await asyncio.sleep(0 if service.generating else 0.002)


@asynccontextmanager
async def fake_openai(script: Callable[[Json], Reply] | None = None) -> AsyncIterator[FakeRealtimeServer]:
    fake = FakeRealtimeServer(script)
    async with serve(fake.handle, "127.0.0.1", 0, compression=None) as server:
        fake.server = server
        yield fake


async def _send(socket: ServerConnection, events: list[Json]) -> None:
    for event in events:
        await socket.send(json.dumps(event))
