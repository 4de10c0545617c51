"""A small web of our own on the loopback: a public side, an inside that nobody may reach, and bad manners.

Tests call 127.0.0.80 public and everything else not, so that a request that gets through is seen: in
`inside` are the paths that were asked for where nobody may ask.
"""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from orchestration.adapters.web import Rules
from orchestration.adapters.web.addresses import Address

PUBLIC = "127.0.0.80"
PUBLIC_TOO = "127.0.0.81"
INSIDE = "127.0.0.1"
MIB = 1024 * 1024

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def stands_for_public(address: Address) -> bool:
    return address in (ipaddress.ip_address(PUBLIC), ipaddress.ip_address(PUBLIC_TOO))


@dataclass
class HostileWeb:
    """`names`: host → its addresses, one list for each time that it is asked (the last one stays)."""

    port: int = 0
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    pages: dict[str, web.Response | Handler] = field(default_factory=dict)
    """Path, or host + path → what the public side answers there."""
    asked: list[web.BaseRequest] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)

    def url(self, path: str = "/", host: str = PUBLIC) -> str:
        return f"http://{host}:{self.port}{path}"

    def rules(self, **more: float) -> Rules:
        seconds, most = more.get("seconds", 5.0), int(more.get("bytes_max", 2_000_000))
        return Rules(stands_for_public, None, self.resolve, seconds=seconds, bytes_max=most)

    async def resolve(self, host: str, port: int) -> list[str]:
        answers = self.names.get(host)
        if not answers:
            raise OSError("no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def _public(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(request)
        host = request.host.partition(":")[0]
        found = self.pages.get(f"{host}{request.path}") or self.pages.get(request.path)
        if found is None:
            return await _SIGHTS.get(request.path, _nothing)(request)
        if isinstance(found, web.Response):
            return web.Response(status=found.status, body=found.body, headers=found.headers)
        return await found(request)

    async def _inside(self, request: web.BaseRequest) -> web.StreamResponse:
        self.inside.append(request.path)
        return html("<title>secret</title>")


def html(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def redirect(place: str, status: int = 302) -> web.Response:
    return web.Response(status=status, headers={"Location": place})


async def _nothing(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=404, text="nothing here")


async def _huge(request: web.BaseRequest) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    answer.enable_chunked_encoding()
    return await _poured(request, answer, [b"x" * MIB] * 64)


async def _huge_told(request: web.BaseRequest) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html", "Content-Length": str(10**12)})
    return await _poured(request, answer, [])


async def _bomb(request: web.BaseRequest) -> web.StreamResponse:
    packed = gzip.compress(b"\0" * (32 * MIB), 1)
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    return await _poured(request, web.StreamResponse(headers=headers), [packed])


async def _slow(request: web.BaseRequest) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    await answer.prepare(request)
    try:
        while True:  # a byte now and then, so that no single read ever takes long
            await answer.write(b"x")
            await asyncio.sleep(0.02)
    except ConnectionError:
        return answer


async def _mute(request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(60)
    return html("late")


async def _poured(
    request: web.BaseRequest, answer: web.StreamResponse, parts: list[bytes]
) -> web.StreamResponse:
    await answer.prepare(request)
    try:
        for part in parts:
            await answer.write(part)
    except ConnectionError:
        pass
    return answer


_SIGHTS: dict[str, Handler] = {
    "/huge": _huge,
    "/huge-told": _huge_told,
    "/bomb": _bomb,
    "/slow": _slow,
    "/mute": _mute,
}


@asynccontextmanager
async def hostile_web() -> AsyncIterator[HostileWeb]:
    """Both sides on one port: only the address tells them apart."""
    fake = HostileWeb()
    runners = []
    for host, side in ((PUBLIC, fake._public), (PUBLIC_TOO, fake._public), (INSIDE, fake._inside)):
        runner = web.ServerRunner(web.Server(side), shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, host, fake.port).start()
        fake.port = fake.port or int(runner.addresses[0][1])
    try:
        yield fake
    finally:
        for runner in runners:
            await runner.cleanup()
