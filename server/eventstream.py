"""`GET /sessions/{id}/events`: every event as server-sent events (WHATWG HTML, section 9.2), with replay."""

from __future__ import annotations

import asyncio

from aiohttp import web

from server.auth import Role, token_of
from server.errors import Code, Problem
from server.events import EventLog
from server.session import Session
from server.sessions import session_of

HEARTBEAT_S = 10.0
RETRY_MS = 1000
MAX_STREAMS = 24
"""Per session and token: a browser has six connections for a whole host."""


def add_routes(app: web.Application) -> None:
    app.router.add_get("/sessions/{id}/events", _stream, allow_head=False)


async def _stream(request: web.Request) -> web.StreamResponse:
    session = session_of(request, Role.HUMAN, Role.SPECTATOR)
    cursor = _after(request)
    if session.events.closed and cursor >= session.events.last_seq:
        return web.Response(status=204)  # tells an EventSource not to come back
    role = session.keys.role(token_of(request)) or Role.SPECTATOR
    if session.streams[role] >= MAX_STREAMS:
        raise Problem(Code.TOO_MANY, headers={"Retry-After": "5"})
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    session.streams[role] += 1
    try:
        await _follow(response, session, cursor)
    except ConnectionResetError:
        pass  # the reader went away
    finally:
        session.streams[role] -= 1
    return response


async def _follow(response: web.StreamResponse, session: Session, cursor: int) -> None:
    """Write what came after `cursor`, then what comes, until the session's events end."""
    events: EventLog = session.events
    await response.write(f"retry: {RETRY_MS}\n\n".encode())
    while True:
        if not await _news_within(events, cursor, HEARTBEAT_S):
            if events.closed:
                return
            await response.write(b":\n\n")
            continue
        entries = events.after(cursor)
        text = "".join(f"id: {entry.seq}\ndata: {entry.text}\n\n" for entry in entries)
        cursor = entries[-1].seq if entries else events.last_seq
        await response.write(text.encode())


async def _news_within(events: EventLog, cursor: int, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await events.news(cursor)
    except TimeoutError:
        return False


def _after(request: web.Request) -> int:
    """The last `seq` that the reader has; 0 for none."""
    text = request.headers.get("Last-Event-ID") or request.query.get("after", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Problem(Code.BAD_REQUEST, "after must be a number.")
    return int(text)
