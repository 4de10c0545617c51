"""A double of the server that speaks the wire, so that the page can be tested alone.

It serves the client's files with the product's own headers, opens sessions, answers WebRTC offers (a track
that hums while `sounding`, and the data channel), streams events, and remembers every request.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from unittest import mock

import av
import numpy as np
from aiohttp import web
from aiortc import MediaStreamTrack, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from orchestration import personas
from orchestration.notices import Notice
from orchestration.workflow import MOENTREPRISE
from server.events import is_prompt
from server.headers import secure
from server.team import Team

CLIENT = Path(__file__).resolve().parents[2] / "client"
RATE_HZ = 48_000
FRAME_SAMPLES = 960
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630"><rect width="1200" height="630" '
    'fill="#6b4226"/><circle cx="930" cy="320" r="190" fill="#e9c79a"/><text x="90" y="350" font-size="84" '
    'font-family="serif" fill="#fff6e8">Lantern and Loaf</text></svg>'
)
SITE = (
    "<!doctype html><html lang=en><title>Lantern and Loaf</title><body style='margin:0;"
    "font:18px Georgia,serif;background:#fbf3e6;color:#3b2617'>"
    "<header style='background:#6b4226;color:#fff6e8;padding:3rem 2rem'>"
    "<h1>Lantern and Loaf</h1><p>Sourdough bread and slow breakfasts</p></header><main style='padding:2rem'>"
    "<h2>Baked every night</h2><p>We mill our own heritage grain.</p></main></body></html>"
)


class Hum(MediaStreamTrack):
    """20 ms frames in real time: a hum while `sounding`, else silence."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.sounding = False
        self.sent_samples = 0
        self._started: float | None = None

    async def recv(self) -> av.AudioFrame:
        now = asyncio.get_running_loop().time()
        if self._started is None:
            self._started = now
        await asyncio.sleep(max(0.0, self._started + self.sent_samples / RATE_HZ - now))
        times = (np.arange(FRAME_SAMPLES) + self.sent_samples) / RATE_HZ
        swell = 0.35 + 0.25 * np.sin(2 * np.pi * 3.1 * times)
        wave = np.sin(2 * np.pi * 180 * times) * swell * 32767 * self.sounding
        frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts = self.sent_samples
        self.sent_samples += FRAME_SAMPLES
        return frame


@dataclass
class Request:
    method: str
    path: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Refusal:
    status: int
    code: str
    detail: str


class WireDouble:
    """Start it, drive it with `tell`, look at `requests`, stop it. One session at a time."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.said: list[dict[str, object]] = []
        """What the page sent over the data channel."""
        self.refusals: dict[tuple[str, str], Refusal] = {}
        """(method, end of the path) → how such a request is refused."""
        self.state = "live"
        self.summary: dict[str, object] = {}
        """What was done so far."""
        self.slow_s = 0.0
        """How long everything takes that has no answer of its own."""
        self.team = Team(personas.load(), MOENTREPRISE)
        self.peers: list[RTCPeerConnection] = []
        self.channels: list[RTCDataChannel] = []
        self.hum: Hum | None = None
        self._log: list[tuple[str, str]] = []
        self._news = asyncio.Condition()
        self._over = False
        self._runner: web.AppRunner | None = None
        self._small = mock.patch(
            "aiortc.rtcrtpsender.random32", side_effect=itertools.count(1).__next__
        )  # so that RTP time begins near 0 and a test can tell it
        self.url = ""

    # ------------------------------------------------------------------ life

    async def start(self) -> WireDouble:
        app = web.Application(middlewares=[self._remember])
        app.on_response_prepare.append(secure)
        get, post = app.router.add_get, app.router.add_post
        get("/", _file)
        get("/mo-logo", _file)
        get("/team", self._team)
        get("/client/{path:.+}", _file)
        get("/preview/demo/", _preview)
        get("/preview/live/", _preview)
        post("/sessions", self._open)
        get("/sessions/{id}", self._look)
        get("/sessions/{id}/events", self._stream)
        get("/sessions/{id}/assets/{name}", _picture)
        post("/sessions/{id}/whip", self._whip)
        app.router.add_patch("/sessions/{id}/whip/{peer}", self._trickle)
        get("/sessions/{id}/summary", self._summary)
        app.router.add_route("*", "/sessions/{id}/{rest:.+}", self._accepted)
        app.router.add_delete("/sessions/{id}", self._accepted)
        self._small.start()
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"
        return self

    async def stop(self) -> None:
        self._small.stop()
        async with self._news:
            self._over = True
            self._news.notify_all()
        await self.drop_peers()
        if self._runner is not None:
            await self._runner.cleanup()

    async def drop_peers(self) -> None:
        """As when the network goes: every connection ends."""
        peers, self.peers, self.channels = self.peers, [], []
        await asyncio.gather(*(peer.close() for peer in peers))

    # ------------------------------------------------------------------ what tests say and see

    async def tell(self, *notices: Notice) -> int:
        """Publish, as the server does: all over the stream, the prompt ones over the channel too."""
        for notice in notices:
            data = {name: value for name, value in asdict(notice).items() if name != "type"}
            await self.tell_raw(notice.type, data)
        return len(self._log)

    async def tell_raw(self, type: str, data: dict[str, object]) -> None:
        seq = len(self._log) + 1
        text = json.dumps({"seq": seq, "type": type, "at_ms": seq * 10, "data": data})
        async with self._news:
            self._log.append((type, text))
            self._news.notify_all()
        if is_prompt(type):
            self._send(text)

    def complain(self, code: str, message: str) -> None:
        """An error for the connected page alone."""
        self._send(json.dumps({"type": "error", "data": {"code": code, "message": message}}))

    def rtp_now(self) -> int:
        """The RTP time of the sample that is sent now; the page hears it some tens of ms later."""
        return self.hum.sent_samples if self.hum else 0

    def asked(self, method: str, ending: str) -> list[Request]:
        return [one for one in self.requests if one.method == method and one.path.endswith(ending)]

    def _send(self, text: str) -> None:
        for channel in self.channels:
            if channel.readyState == "open":
                channel.send(text)

    # ------------------------------------------------------------------ HTTP

    @web.middleware
    async def _remember(
        self, request: web.Request, handler: Callable[[web.Request], object]
    ) -> web.StreamResponse:
        body = await request.text()
        self.requests.append(Request(request.method, request.path, body, dict(request.headers)))
        for (method, ending), refusal in self.refusals.items():
            if request.method == method and request.path.endswith(ending):
                return _problem(refusal)
        answer = handler(request)
        assert asyncio.iscoroutine(answer)
        response = await answer
        assert isinstance(response, web.StreamResponse)
        return response

    async def _team(self, request: web.Request) -> web.Response:
        return web.json_response(self.team.body())

    async def _open(self, request: web.Request) -> web.Response:
        path = "/sessions/s1"
        ticket = {
            "id": "s1",
            "token": "secret",
            "spectator_token": "other",
            "whip": f"{path}/whip",
            "whep": f"{path}/whep",
            "events": f"{path}/events",
            "ice_servers": [],
        }
        return web.json_response(ticket, status=201)

    async def _look(self, request: web.Request) -> web.Response:
        return web.json_response({"id": "s1", "state": self.state})

    async def _summary(self, request: web.Request) -> web.Response:
        return web.json_response({"state": self.state, **self.summary})

    async def _accepted(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.slow_s)
        return web.json_response({})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        cursor = int(request.headers.get("Last-Event-ID", "0"))
        try:
            while not self._over:
                for seq in range(cursor + 1, len(self._log) + 1):
                    await response.write(f"id: {seq}\ndata: {self._log[seq - 1][1]}\n\n".encode())
                cursor = len(self._log)
                async with self._news:
                    while len(self._log) <= cursor and not self._over:
                        await self._news.wait()
            return response
        except (ConnectionResetError, asyncio.CancelledError):
            return response

    async def _whip(self, request: web.Request) -> web.Response:
        peer = RTCPeerConnection()
        peer.on("datachannel", self._adopt)
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        self.hum = Hum()
        peer.addTrack(self.hum)
        await peer.setLocalDescription(await peer.createAnswer())
        self.peers.append(peer)
        number = len(self.asked("POST", "/whip"))
        headers = {"Location": f"/sessions/s1/whip/{number}", "ETag": f'"e{number}"'}
        return web.Response(
            status=201, text=peer.localDescription.sdp, content_type="application/sdp", headers=headers
        )

    def _adopt(self, channel: RTCDataChannel) -> None:
        self.channels.append(channel)
        channel.on("message", lambda text: self.said.append(json.loads(text)))

    async def _trickle(self, request: web.Request) -> web.Response:
        for line in (await request.text()).splitlines():
            if line.startswith("a=candidate:") and self.peers:
                candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
                candidate.sdpMLineIndex = 0
                await self.peers[-1].addIceCandidate(candidate)
        return web.Response(status=204)


async def _file(request: web.Request) -> web.StreamResponse:
    known = {"/": "index.html", "/mo-logo": "logo.svg"}
    name = known.get(request.path) or request.match_info["path"]
    return web.FileResponse(CLIENT / name, headers={"Cache-Control": "no-cache"})


async def _picture(request: web.Request) -> web.Response:
    return web.Response(text=PICTURE, content_type="image/svg+xml")


async def _preview(request: web.Request) -> web.Response:
    policy = "default-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    headers = {"Content-Security-Policy": policy}
    return web.Response(text=SITE, content_type="text/html", headers=headers)


def _problem(refusal: Refusal) -> web.Response:
    body = {"status": refusal.status, "code": refusal.code, "title": refusal.detail, "detail": refusal.detail}
    return web.json_response(body, status=refusal.status, content_type="application/problem+json")
