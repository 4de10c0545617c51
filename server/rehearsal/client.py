"""The page's side of the wire without a page: HTTP, WHIP, the data channel, server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import aiohttp
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from server.rehearsal.mouth import Mouth
from server.rehearsal.rtp_tap import RtpTap

CONNECT_S = 20.0
PLAYOUT_S = 1.0
FRESH_S = 0.5
"""Older than this, nothing is sounding."""

Json = dict[str, object]


class RehearsalError(RuntimeError):
    """The session could not be held; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the wire. `arrival_s` is the event loop's time at its first arrival."""

    seq: int
    type: str
    at_ms: int
    data: Json
    arrival_s: float
    raw: str


class Visit:
    """One session, connected like a page: one Peer, one data channel, one event stream."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, microphone: bool = True, mouth: Mouth | None = None
    ) -> None:
        """Without a microphone the human reads, hears and types. `mouth`: another one than the usual."""
        self._http = http
        self._url = url.rstrip("/")
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._seen: set[int] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._token = ""
        self._resource = ""
        self._stream_over = False
        self.id = ""
        self.events: list[Event] = []
        self.connected_s = 0.0
        self.mouth = mouth or Mouth()
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel: RTCDataChannel = self.pc.createDataChannel("events", ordered=True)
        self.channel.on("open", self._channel_open)
        self.channel.on("message", self._message)
        if microphone:
            self.pc.addTrack(self.mouth)
        else:
            self.pc.addTransceiver("audio", direction="recvonly")
        self.tap = RtpTap.attach(self.pc.getReceivers()[0])

    async def open(self, given_answers: Sequence[str] = ()) -> Json:
        """Create the session and connect; returns what its creation was answered. Raises RehearsalError."""
        created = await self._json(
            "POST", "/sessions", {"answers": list(given_answers)} if given_answers else {}
        )
        await self.join(created)
        return created

    async def join(self, created: Json) -> None:
        """Connect to a session that was created (by whomever holds its token). Raises RehearsalError."""
        self.id, self._token = str(created["id"]), str(created["token"])
        self._tasks.append(asyncio.create_task(self._stream(str(created["events"])), name="events"))
        await self.pc.setLocalDescription(await self.pc.createOffer())
        await self._connect(str(created["whip"]))
        self._tasks.append(asyncio.create_task(self._tell_playout(), name="playout"))

    async def next_event(self) -> Event | None:
        """The next event, each once; None when the session's events have ended."""
        return await self._queue.get()

    async def say(self, text: str, pcm: bytes) -> None:
        await self.mouth.say(text, pcm)

    async def type(self, text: str) -> None:
        await self._json("POST", f"/sessions/{self.id}/messages", {"text": text})

    async def correct(self, key: str, text: str) -> None:
        await self._json("PATCH", f"/sessions/{self.id}/brief", {key: text})

    async def approve(self, approval: str) -> None:
        await self._json("POST", f"/sessions/{self.id}/approvals/{approval}", {"decision": "approve"})

    async def get(self, path: str) -> bytes | None:
        """A download, by its whole path or its name under the session; None when there is none."""
        full = path if path.startswith("/") else f"/sessions/{self.id}/{path}"
        async with self._http.get(self._url + full, headers=self._headers()) as response:
            return await response.read() if response.status == 200 else None

    async def close(self) -> None:
        """Hang up; no task is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._resource:
            try:
                async with self._http.delete(self._resource, headers=self._headers()):
                    pass
            except aiohttp.ClientError:
                pass  # the server is gone, and with it the connection
        self.mouth.stop()
        await self.pc.close()

    # ------------------------------------------------------------------ signalling

    async def _connect(self, whip: str) -> None:
        headers = {**self._headers(), "Content-Type": "application/sdp"}
        offer = self.pc.localDescription.sdp
        async with self._http.post(self._url + whip, data=offer, headers=headers) as response:
            answer = await response.text()
            if response.status != 201:
                raise RehearsalError(f"The offer was answered {response.status}: {answer[:200]}")
            location = response.headers["Location"]
            self._resource = location if "://" in location else self._url + location
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        try:
            async with asyncio.timeout(CONNECT_S):
                while self.channel.readyState != "open":
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise RehearsalError(f"No connection within {CONNECT_S:.0f} s.") from None
        self.connected_s = self._loop.time()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    async def _json(self, method: str, path: str, body: Json) -> Json:
        async with self._http.request(
            method, self._url + path, json=body, headers=self._headers()
        ) as response:
            text = await response.text()
            if response.status >= 400:
                raise RehearsalError(
                    f"{method} {path.split('/')[-1]} was answered {response.status}: {text[:200]}"
                )
            value: object = json.loads(text) if text else {}
            return value if isinstance(value, dict) else {}

    # ------------------------------------------------------------------ what the page hears and tells

    def _channel_open(self) -> None:
        self.channel.send(json.dumps({"type": "resume", "after": 0}))

    def _message(self, raw: str | bytes) -> None:
        self._take(raw if isinstance(raw, str) else raw.decode())

    async def _tell_playout(self) -> None:
        """Once a second what sounds, as the page tells it, or a ping in silence."""
        while True:
            if self.channel.readyState == "open":
                newest = self.tap.packets[-1] if self.tap.packets else None
                message: Json = {"type": "ping"}
                if newest is not None and self._loop.time() - newest.arrival_s < FRESH_S:
                    message = {
                        "type": "playout",
                        "rtp_timestamp": self.tap.newest,
                        "at_ms": round(newest.arrival_s * 1000),
                        "jitter_buffer_ms": 0,
                        "rtt_ms": 0,
                    }
                self.channel.send(json.dumps(message))
            await asyncio.sleep(PLAYOUT_S)

    async def _stream(self, path: str) -> None:
        """Server-sent events, with a new request after each break until the server says that it is over."""
        while not self._stream_over:
            try:
                await self._read_stream(path)
            except aiohttp.ClientError:
                await asyncio.sleep(0.5)
        self._queue.put_nowait(None)

    async def _read_stream(self, path: str) -> None:
        last = str(max(self._seen, default=0))
        headers = {**self._headers(), "Last-Event-ID": last}
        unlimited = aiohttp.ClientTimeout(total=None, sock_read=60)
        async with self._http.get(self._url + path, headers=headers, timeout=unlimited) as response:
            if response.status != 200:
                self._stream_over = True
                return
            async for line in _lines(response.content):
                if line.startswith("data:"):
                    self._take(line[5:].strip())

    def _take(self, raw: str) -> None:
        value: object = json.loads(raw)
        if not isinstance(value, dict) or not isinstance(value.get("seq"), int) or value["seq"] in self._seen:
            return
        self._seen.add(value["seq"])
        data = value.get("data")
        event = Event(
            value["seq"],
            str(value.get("type")),
            int(value.get("at_ms", 0)),
            data if isinstance(data, dict) else {},
            self._loop.time(),
            raw,
        )
        self.events.append(event)
        self._queue.put_nowait(event)


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[str]:
    """Lines of any length: the reader's own `readline` has a limit."""
    rest = b""
    async for chunk in content.iter_any():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode()
