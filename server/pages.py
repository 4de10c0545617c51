"""The page itself, its files, and the probes. Nothing here needs a token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from server import sandboxed
from server.errors import Code, Problem
from server.sessions import SESSIONS
from server.settings import PRODUCT

CLIENT = Path(__file__).resolve().parent.parent / "client"
FRESH = {"Cache-Control": "no-cache"}
"""Asked for again each time, answered 304 when unchanged: the files' names carry no hash."""
SERVED = frozenset({".html", ".css", ".js", ".svg", ".png", ".webmanifest", ".woff2", ".json"})

READY: web.AppKey[Callable[[], bool]] = web.AppKey("ready")
"""Whether the voices can speak; the registry answers for the rest."""


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", _page)
    app.router.add_get("/mo-logo", _logo)
    app.router.add_get("/client/{path:.+}", _file)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready)


async def _page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(CLIENT / "index.html", headers=FRESH)


async def _logo(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(CLIENT / "logo.svg", headers=FRESH)


async def _file(request: web.Request) -> web.StreamResponse:
    parts = request.match_info["path"].split("/")
    found = CLIENT.joinpath(*parts)
    hidden = any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts)
    if hidden or found.suffix not in SERVED or not found.is_file():
        raise Problem(Code.NOT_FOUND)
    return web.FileResponse(found, headers=FRESH)


async def _alive(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "server": PRODUCT}, headers={"Cache-Control": "no-store"})


async def _ready(request: web.Request) -> web.Response:
    """503 while draining, and while the voices cannot speak. A missing sandbox is told, and no reason."""
    draining = request.app[SESSIONS].draining
    if draining or not request.app[READY]():
        raise Problem(Code.DRAINING if draining else Code.NOT_READY, headers={"Retry-After": "5"})
    found = {"status": "ready", "sandbox": sandboxed.detail(request.app)}
    return web.json_response(found, headers={"Cache-Control": "no-store"})
