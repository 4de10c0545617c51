"""For tests of live previews: a dev server, and the part of a session that the preview needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient

from orchestration import notices
from server.live_preview import LivePreview

Client = TestClient[web.Request, web.Application]
ADDRESS = "0123456789abcdef" * 2
NAME = "live-0123456789abcdef"
BASE = f"/preview/{ADDRESS}/"
VITE = "vite-hmr"


@dataclass
class DevServer:
    """What stands in the sandbox: it remembers what it was told, and says what a test wants."""

    seen: list[web.Request] = field(default_factory=list)
    answer: Callable[[web.Request], web.StreamResponse] = lambda request: web.Response(text="live")
    said: list[str] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        if "Upgrade" not in request.headers:
            return self.answer(request)
        channel = web.WebSocketResponse(protocols=(VITE,))
        await channel.prepare(request)
        self.sockets.append(channel)
        async for message in channel:
            self.said.append(message.data)
            await channel.send_str(f"heard {message.data}")
        return channel


@dataclass
class Kept:
    """A session, as the preview needs it."""

    folder: Path
    live: LivePreview
    capability: str = "b"


@dataclass
class Registry:
    """The sessions, as the preview needs them."""

    kept: Kept

    def find_by_capability(self, capability: str) -> Kept | None:
        return self.kept if capability == self.kept.capability else None

    def find_by_live_address(self, address: str) -> Kept | None:
        return self.kept if self.kept.live.knows(address) else None


@dataclass
class House:
    client: Client
    live: LivePreview
    folder: Path
    told: list[notices.Notice]

    def open(self, name: str = NAME, address: str = ADDRESS, job: str = "j1") -> None:
        self.live.opened(job, name, address)
