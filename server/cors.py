"""Pages of the sites that the operator allows may call us from there (Fetch, section 3.3). No others may.

Our own page never needs this: it is of our origin. No cookies are involved, so no credentials are allowed.
"""

from __future__ import annotations

from aiohttp import web

from server.errors import Handler
from server.whip import SETTINGS

EXPOSED = "Location, ETag, Link, Retry-After"
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}


@web.middleware
async def preflight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer the browser's question before the call; `allow` adds whether the site may."""
    asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if asked and _allowed(request):
        return web.Response(status=204, headers=PREFLIGHT)
    return await handler(request)


async def allow(request: web.Request, response: web.StreamResponse) -> None:
    """An `on_response_prepare` signal."""
    if _allowed(request):
        response.headers.setdefault("Access-Control-Allow-Origin", request.headers["Origin"])
        response.headers.setdefault("Access-Control-Expose-Headers", EXPOSED)
        response.headers.add("Vary", "Origin")


def _allowed(request: web.Request) -> bool:
    return request.headers.get("Origin") in request.app[SETTINGS].allowed_origins
