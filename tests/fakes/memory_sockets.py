"""WebSockets without a network: both ends in one loop, so that whole hours of them pass in virtual time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.http11 import Request

from tests.fakes.openai_realtime import FakeRealtimeServer


class MemorySocket:
    """One end. `transport.abort()` breaks both; what was under way is lost, as in a network."""

    def __init__(self, delay_s: float) -> None:
        self.request: Request | None = None
        self.peer: MemorySocket = self
        self.closed = False
        self._delay_s = delay_s
        self._arrived: deque[tuple[float, str | bytes]] = deque()
        self._ready = asyncio.Event()

    @property
    def transport(self) -> MemorySocket:
        return self

    def abort(self) -> None:
        for end in (self, self.peer):
            end.closed = True
            end._arrived.clear()
            end._ready.set()

    async def send(self, message: str | bytes) -> None:
        if self.closed:
            raise ConnectionClosedError(None, None)
        now = asyncio.get_running_loop().time()
        self.peer._arrived.append((now + self._delay_s, message))
        self.peer._ready.set()

    async def recv(self, decode: bool | None = None) -> str | bytes:
        """Raises ConnectionClosed once nothing more can come."""
        loop = asyncio.get_running_loop()
        while True:
            if self._arrived:
                wait_s = self._arrived[0][0] - loop.time()
                if wait_s <= 0:
                    message = self._arrived.popleft()[1]
                    return message.encode() if isinstance(message, str) and decode is False else message
                await asyncio.sleep(wait_s)
            elif self.closed:
                raise ConnectionClosedError(None, None)
            else:
                self._ready.clear()
                await self._ready.wait()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        del code, reason
        for end in (self, self.peer):
            end.closed = True
            end._ready.set()

    async def wait_closed(self) -> None:
        while not self.closed:
            self._ready.clear()
            await self._ready.wait()

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            try:
                yield await self.recv()
            except ConnectionClosedError:
                return


class MemoryNetwork:
    """The way to a fake service; `dial` is what a Line needs. Close it: its servers' tasks end."""

    def __init__(self, service: FakeRealtimeServer, delay_s: float = 0.02, dial_s: float = 0.2) -> None:
        self.service = service
        self.reachable = True
        self.dialled: list[float] = []
        """When each attempt began, successful or not."""
        self.on_dialled: Callable[[], object] = lambda: None
        self._delay_s = delay_s
        self._dial_s = dial_s
        self._handlers: set[asyncio.Task[None]] = set()

    async def dial(self) -> AsyncRealtimeConnection:
        self.dialled.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._dial_s)
        if not self.reachable:
            raise ConnectionRefusedError
        mine, theirs = MemorySocket(self._delay_s), MemorySocket(self._delay_s)
        mine.peer, theirs.peer = theirs, mine
        theirs.request = Request("/v1/realtime?model=voice", Headers(Authorization="Bearer test"))
        handler = asyncio.create_task(self.service.handle(theirs))
        self._handlers.add(handler)
        self.on_dialled()
        return AsyncRealtimeConnection(mine)  # type: ignore[arg-type]

    async def close(self) -> None:
        """Raises what a handler failed with: a breach of the contract, mostly."""
        for handler in self._handlers:
            if not handler.done():
                handler.cancel()
        for end in await asyncio.gather(*self._handlers, return_exceptions=True):
            if isinstance(end, Exception):
                raise end
