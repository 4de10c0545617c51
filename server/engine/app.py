"""The engine's HTTP side: `GET /v1/realtime` (WebSocket), `GET /v1/models`, `GET /healthz`."""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.typedefs import Handler, Middleware

from server.engine.brain import Brain
from server.engine.brain_chat import ChatBrain, Endpoint
from server.engine.hearing import Hearing
from server.engine.session import Parts, RealtimeSession
from server.engine.speaking import Speaking

log = logging.getLogger(__name__)
MODEL = "moentreprise-voice"
MAX_MESSAGE_BYTES = 24 * 1024 * 1024
"""15 MiB of audio in base64 and some; a longer frame closes the connection with 1009."""
HEARTBEAT_SECONDS = 30.0
SUBPROTOCOLS = ("realtime",)

_parts = web.AppKey("parts", Parts)
_open_sockets = web.AppKey("open_sockets", set[web.WebSocketResponse])


def create_app(parts: Parts, token: str = "") -> web.Application:
    """The application; it opens and closes the workers of `parts` with itself. No token: no check."""
    app = web.Application(middlewares=[_require_token(token)] if token else [])
    app[_parts] = parts
    app[_open_sockets] = set()
    app.cleanup_ctx.append(_workers)
    app.on_shutdown.append(_close_sockets)
    app.router.add_get("/v1/realtime", _realtime)
    app.router.add_get("/v1/models", _models)
    app.router.add_get("/healthz", _healthz)
    return app


def create_parts(hearing_workers: int, speaking_workers: int, endpoint: Endpoint | None = None) -> Parts:
    """With an endpoint its model answers, else templates do."""
    brain = ChatBrain(endpoint) if endpoint else Brain()
    return Parts(brain, Hearing(hearing_workers), Speaking(speaking_workers))


async def _workers(app: web.Application) -> AsyncIterator[None]:
    parts = app[_parts]
    try:
        await parts.speaking.open()
        await parts.hearing.open()
        await parts.brain.open()
        yield
    finally:
        await parts.brain.close()
        await parts.hearing.close()
        await parts.speaking.close()


async def _close_sockets(app: web.Application) -> None:
    sockets = app[_open_sockets]
    for socket in tuple(sockets):
        await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the engine stops")


def _require_token(token: str) -> Middleware:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if request.path != "/healthz" and not hmac.compare_digest(given, expected):
            return _problem(401, "unauthorized", "A valid bearer token is needed.")
        return await handler(request)

    return check


def _problem(status: int, name: str, detail: str) -> web.Response:
    """RFC 9457."""
    body = {"type": f"urn:moentreprise:engine:{name}", "title": detail, "status": status}
    return web.json_response(body, status=status, content_type="application/problem+json")


async def _healthz(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "sessions": len(request.app[_open_sockets])})


async def _models(request: web.Request) -> web.Response:
    """The one model; `brain` is ours and says what answers now: templates, or a chat endpoint's model."""
    brain = request.app[_parts].brain.state
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "moentreprise", "brain": brain}
    return web.json_response({"object": "list", "data": [model]})


class _Socket:
    """The session's view of an aiohttp WebSocket."""

    def __init__(self, request: web.Request, response: web.WebSocketResponse) -> None:
        self._transport = request.transport
        self._response = response

    async def send_str(self, data: str) -> None:
        await self._response.send_str(data)

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()


async def _realtime(request: web.Request) -> web.StreamResponse:
    response = web.WebSocketResponse(
        max_msg_size=MAX_MESSAGE_BYTES, compress=False, heartbeat=HEARTBEAT_SECONDS, protocols=SUBPROTOCOLS
    )
    if not response.can_prepare(request).ok:
        return _problem(426, "websocket_needed", "This is a WebSocket endpoint.")
    await response.prepare(request)
    sockets = request.app[_open_sockets]
    sockets.add(response)
    try:
        model = request.query.get("model", MODEL)
        transcription = request.query.get("intent") == "transcription"
        socket = _Socket(request, response)
        async with RealtimeSession(
            socket, request.app[_parts], model, transcription=transcription
        ) as session:
            await _converse(response, session)
    finally:
        sockets.discard(response)
    return response


async def _converse(response: web.WebSocketResponse, session: RealtimeSession) -> None:
    async for message in response:
        if message.type is WSMsgType.TEXT:
            await session.receive(message.data)
        elif message.type is WSMsgType.BINARY:
            session.refuse_binary()
        else:
            log.info("a connection broke", extra={"reason": str(response.exception())})
            return
