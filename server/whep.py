"""A spectator's connection: receive only, with the spectator's token (shaped as WHIP, RFC 9725)."""

from __future__ import annotations

from aiohttp import web

from server import whip
from server.auth import Role
from server.load import LOAD
from server.session import Session
from server.sessions import session_of


def add_routes(app: web.Application) -> None:
    app.router.add_post("/sessions/{id}/whep", _connect)
    app.router.add_options("/sessions/{id}/whep", whip.options)
    app.router.add_patch("/sessions/{id}/whep/{peer}", _trickle)
    app.router.add_delete("/sessions/{id}/whep/{peer}", _hang_up)


def _session(request: web.Request) -> Session:
    return session_of(request, Role.SPECTATOR, Role.HUMAN)


async def _connect(request: web.Request) -> web.Response:
    session = _session(request)
    request.app[LOAD].refuse()
    return await whip.answer(request, session, Role.SPECTATOR, "whep")


async def _trickle(request: web.Request) -> web.Response:
    return await whip.trickle(request, _session(request), Role.SPECTATOR)


async def _hang_up(request: web.Request) -> web.Response:
    return await whip.hang_up(request, _session(request), Role.SPECTATOR)
