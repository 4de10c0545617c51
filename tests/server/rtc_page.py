"""A page without a browser: a real aiortc client that speaks our WHIP and our data channel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from signalling_fakes import Client

Message = dict[str, object]


class RtcPage:
    """`messages` is everything that came over the data channel, parsed, in order."""

    def __init__(self) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.messages: list[Message] = []
        self.location = ""
        self.etag = ""
        self.channel: RTCDataChannel | None = None
        self.channel_closed = asyncio.Event()

    def open_channel(self, label: str = "events") -> None:
        self.channel = self.pc.createDataChannel(label)
        self.channel.on("message", lambda raw: self.messages.append(json.loads(raw)))
        self.channel.on("close", self.channel_closed.set)

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def connect(self, client: Client, url: str, auth: dict[str, str]) -> None:
        headers = {**auth, "Content-Type": "application/sdp"}
        response = await client.post(url, data=await self.offer(), headers=headers)
        assert response.status == 201, await response.text()
        assert response.content_type == "application/sdp"
        self.location, self.etag = response.headers["Location"], response.headers["ETag"]
        await self.pc.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))

    async def live(self) -> None:
        """Until the data channel is open (or, without one, the connection stands)."""
        await until(lambda: self.pc.connectionState == "connected")
        await until(lambda: self.channel is None or self.channel.readyState == "open")

    def say(self, message: object) -> None:
        assert self.channel is not None
        self.channel.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def told(self, type: str, count: int = 1) -> Message:
        """The `count`-th message of this type."""
        await until(lambda: len(self.of(type)) >= count)
        return self.of(type)[count - 1]

    def of(self, type: str) -> list[Message]:
        return [message for message in self.messages if message["type"] == type]


async def until(true: Callable[[], object], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def rtc_page(
    microphone: bool = True, channel: bool = True, audio: bool = True
) -> AsyncIterator[RtcPage]:
    """Hangs up at the end, whatever happened."""
    page = RtcPage()
    if channel:
        page.open_channel()
    if microphone:
        page.pc.addTrack(AudioStreamTrack())
    elif audio:
        page.pc.addTransceiver("audio", direction="recvonly")
    try:
        yield page
    finally:
        await page.pc.close()
