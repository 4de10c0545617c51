"""A Line's way to its service: the SDK's WebSocket, opened and closed in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.exceptions import InvalidStatus, WebSocketException

from orchestration.realtime_outcomes import LineCode

if TYPE_CHECKING:
    from openai.types.websocket_connection_options import WebSocketConnectionOptions

Dial = Callable[[], Awaitable[AsyncRealtimeConnection]]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_STATUS_CODES = {
    401: LineCode.UNAUTHORISED,
    403: LineCode.UNAUTHORISED,
    404: LineCode.REJECTED,
    429: LineCode.RATE_LIMITED,
}


def dialler(client: AsyncOpenAI, model: str, open_s: float) -> Dial:
    """Connections to `client`'s service. Raises TimeoutError (an OSError) after `open_s` seconds."""

    async def dial() -> AsyncRealtimeConnection:
        options: dict[str, object] = {"max_size": 1 << 24, "compression": None, "close_timeout": 1.0}
        if client.base_url.host in _LOOPBACK:
            options["proxy"] = None
        manager = client.realtime.connect(
            model=model,
            websocket_connection_options=cast("WebSocketConnectionOptions", options),
        )
        async with asyncio.timeout(open_s):
            return await manager.enter()

    return dial


async def hang_up(connection: AsyncRealtimeConnection) -> None:
    with suppress(OSError, WebSocketException):
        await connection.close()


def refusal(error: InvalidStatus) -> LineCode:
    """Why the service did not accept the WebSocket."""
    return _STATUS_CODES.get(error.response.status_code, LineCode.UNREACHABLE)
