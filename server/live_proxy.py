"""What goes to a dev server in the sandbox, and what comes back: nothing of us in, only content out.

The dev server may be hostile: it runs what others wrote. Its answers are read whole, within limits, and only
their status, their content and four harmless headers are passed on, under our own policy. Nothing that names
a human goes in: no cookie, no authorization, no address of theirs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from server.live_preview import HTTP_WAITING, SOCKETS_AT_ONCE, Standing

SENT = ("Accept", "If-None-Match", "Sec-Fetch-Dest")
"""Of the browser's headers, what Vite answers by."""
PASSED = ("Content-Type", "ETag", "Last-Modified", "Cache-Control")
BODY_BYTES_MAX = 8 * 1024 * 1024
PATH_MAX = 1000
PROTOCOLS = ("vite-hmr", "vite-ping")
"""Vite's words over its WebSocket, and its question whether the server is there."""
OUTWARD_BYTES_MAX = 1024 * 1024
INWARD_BYTES_MAX = 64 * 1024
OPENING_S = 5.0
HEARTBEAT_S = 20.0
CLOSING_S = 1.0
LINGER_S = 10.0
"""The browser's end is kept when the dev server's is gone, until the page gives way to the built site: else
Vite's script in it would look for its server, ever again."""
_PLAIN = re.compile(r"[\x20-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


class Unanswered(Exception):  # noqa: N818 - it is an answer, not an error
    """The dev server gave nothing that can be passed on. `status` is ours."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def policy(standing: Standing, built: str, *hosts: str) -> str:
    """The built site's policy, with a way to this preview's own WebSocket and to nothing else.

    `hosts` are the names that the browser may know us by. A path that ends with a slash matches what is below
    it (CSP level 3, section 6.7.2.8).
    """
    named = [host for host in hosts if _HOST.fullmatch(host)]
    ways = " ".join(f"{scheme}://{host}{standing.url}" for host in named for scheme in ("ws", "wss"))
    return built.replace("connect-src 'none'", f"connect-src {ways}") if ways else built


def hosts_of(request: web.Request, public_url: str) -> tuple[str, ...]:
    """Where the browser may have this page from."""
    return tuple(dict.fromkeys([request.host, urlsplit(public_url).netloc or request.host]))


async def page(standing: Standing, request: web.Request, headers: Mapping[str, str]) -> web.StreamResponse:
    """The dev server's answer to a GET, under `headers`. Raises Unanswered."""
    target = _target(standing, request)
    if standing.waiting >= HTTP_WAITING:
        raise Unanswered(503)
    standing.waiting += 1
    try:
        async with standing.turns:
            return await _asked(standing, request, target, headers)
    except (aiohttp.ClientError, TimeoutError, ValueError, RuntimeError) as error:
        # ValueError: what it says is no HTTP. RuntimeError: the preview was closed meanwhile.
        raise Unanswered(502) from error
    finally:
        standing.waiting -= 1


async def _asked(
    standing: Standing, request: web.Request, target: URL, headers: Mapping[str, str]
) -> web.Response:
    sent = {name: request.headers[name] for name in SENT if name in request.headers}
    sent |= {"Accept-Encoding": "identity", "User-Agent": "moentreprise"}
    async with standing.client.request(request.method, target, headers=sent, allow_redirects=False) as said:
        if not (200 <= said.status < 300 or said.status == 304 or 400 <= said.status < 600):
            raise Unanswered(502)
        body = b"" if request.method == "HEAD" else await said.content.read(BODY_BYTES_MAX + 1)
        while body and len(body) <= BODY_BYTES_MAX and (more := await said.content.read(BODY_BYTES_MAX + 1)):
            body += more
        if len(body) > BODY_BYTES_MAX:
            raise Unanswered(502)
        # What cannot be in a header of ours would end the answer after we are done.
        passed = {name: said.headers[name] for name in PASSED if _PLAIN.fullmatch(said.headers.get(name, ""))}
        return web.Response(status=said.status, body=body, headers={**headers, **passed})


async def channel(standing: Standing, request: web.Request) -> web.StreamResponse:
    """Vite's WebSocket, for as long as both ends and the preview stand. Raises Unanswered."""
    said = [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    words = [word for word in PROTOCOLS if word in said]
    if request.match_info["path"] or len(words) != 1:
        raise Unanswered(404)
    if standing.sockets >= SOCKETS_AT_ONCE:
        raise Unanswered(503)
    standing.sockets += 1
    try:
        return await _relay(standing, request, words)
    finally:
        standing.sockets -= 1


async def _relay(standing: Standing, request: web.Request, words: list[str]) -> web.StreamResponse:
    try:
        async with asyncio.timeout(OPENING_S):
            await standing.admit()
            inner = await standing.client.ws_connect(
                _target(standing, request),
                protocols=words,
                max_msg_size=OUTWARD_BYTES_MAX,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSING_S),
            )
    except (aiohttp.ClientError, TimeoutError, ValueError, RuntimeError) as error:
        raise Unanswered(502) from error
    outer = web.WebSocketResponse(
        protocols=words, max_msg_size=INWARD_BYTES_MAX, heartbeat=HEARTBEAT_S, timeout=CLOSING_S
    )
    ends: list[asyncio.Task[object]] = []
    try:
        await outer.prepare(request)
        ends = [
            asyncio.create_task(_tell(inner, outer), name="live-preview-out"),
            asyncio.create_task(_hear(standing, outer, inner), name="live-preview-in"),
            asyncio.create_task(standing.gone.wait(), name="live-preview-gone"),
        ]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not outer.closed:  # the dev server is gone, or about to go
            await _linger(standing, outer, ends)
        return outer
    finally:
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
        await inner.close()
        await outer.close(code=aiohttp.WSCloseCode.GOING_AWAY)


async def _linger(standing: Standing, outer: web.WebSocketResponse, ends: list[asyncio.Task[object]]) -> None:
    for task in ends:
        task.cancel()
    await asyncio.gather(*ends, return_exceptions=True)
    ends[:] = [
        asyncio.create_task(_hear(standing, outer, None), name="live-preview-lingers"),
        asyncio.create_task(standing.over.wait(), name="live-preview-over"),
    ]
    await asyncio.wait(ends, timeout=LINGER_S, return_when=asyncio.FIRST_COMPLETED)


async def _tell(inner: aiohttp.ClientWebSocketResponse, outer: web.WebSocketResponse) -> None:
    """Texts to the browser, until something else comes: Vite says nothing but texts."""
    while (message := await inner.receive()).type is aiohttp.WSMsgType.TEXT:
        await outer.send_str(message.data)


async def _hear(
    standing: Standing, outer: web.WebSocketResponse, inner: aiohttp.ClientWebSocketResponse | None
) -> None:
    """Texts of the browser, at the preview's pace: to the dev server, or to nobody."""
    while (message := await outer.receive()).type is aiohttp.WSMsgType.TEXT:
        await standing.admit()
        if inner is not None:
            await inner.send_str(message.data)


def _target(standing: Standing, request: web.Request) -> URL:
    """The same address inside. Raises Unanswered for what leads out of the preview, or is no address."""
    path = request.match_info["path"]  # decoded
    parts = re.split(r"[/\\]", path)
    if len(path) > PATH_MAX or ".." in parts or any(ord(character) < 32 for character in path):
        raise Unanswered(404)
    inside = URL.build(path=f"{standing.url}{path}").raw_path
    query = request.rel_url.raw_query_string  # as it came: to Vite "?raw" and "?raw=" are two things
    return URL(f"http://localhost{inside}{'?' if query else ''}{query}", encoded=True)
