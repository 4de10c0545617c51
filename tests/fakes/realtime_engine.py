"""The real engine process, and the real `openai` SDK talking to it."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import get_args

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent

from server.engine.voices import Voices

SHAPES = {
    shape.model_fields["type"].annotation.__args__[0]: shape
    for shape in get_args(get_args(RealtimeServerEvent)[0])
}
"""Which class of the SDK each server event's `type` names."""
CHUNK_BYTES = 960
"""20 ms, as a microphone sends it."""


@asynccontextmanager
async def running_engine(*arguments: str) -> AsyncIterator[int]:
    """Start the engine; yields its port. It stops because its stdin ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.engine", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        yield json.loads(await process.stdout.readline())["port"]
    finally:
        process.stdin.close()
        async with asyncio.timeout(10):
            await process.wait()
            await process.stdin.wait_closed()


@asynccontextmanager
async def client(port: int, *, validate: bool = True) -> AsyncIterator[Client]:
    async with AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="x", max_retries=0) as openai:
        options = {"proxy": None}
        async with openai.realtime.connect(model="any", websocket_connection_options=options) as connection:
            yield Client(connection, validate)


class Client:
    """A connection that checks every event it receives against the SDK's type for it.

    Without `validate` it only notes them, which is cheap enough to measure with.
    """

    def __init__(self, connection: AsyncRealtimeConnection, validate: bool) -> None:
        self.sdk = connection
        self._validate = validate
        self.seen: list[RealtimeServerEvent] = []

    async def receive(self) -> RealtimeServerEvent:
        async with asyncio.timeout(20):
            raw = json.loads(await self.sdk.recv_bytes())
        shape = SHAPES[raw["type"]]
        event = shape.model_validate(raw) if self._validate else shape.model_construct(**raw)
        self.seen.append(event)
        return event

    async def until(self, event_type: str) -> RealtimeServerEvent:
        """The next event of that type; an unexpected error event fails."""
        while True:
            event = await self.receive()
            if event.type == event_type:
                return event
            assert event.type != "error", event

    async def configure(self, **session: object) -> None:
        await self.sdk.session.update(session={"type": "realtime", **session})
        await self.until("session.updated")

    def types(self) -> list[str]:
        return [event.type for event in self.seen]

    def audio(self) -> bytes:
        deltas = [event.delta for event in self.seen if event.type == "response.output_audio.delta"]
        return b"".join(base64.b64decode(delta) for delta in deltas)

    async def speak(self, pcm: bytes, *, seconds_per_second: float = 1.0) -> None:
        """Send microphone audio in its own time, or faster."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        for start in range(0, len(pcm), CHUNK_BYTES):
            audio = base64.b64encode(pcm[start : start + CHUNK_BYTES]).decode()
            await self.sdk.send_raw(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
            due += 0.02 / seconds_per_second
            await asyncio.sleep(max(0.0, due - loop.time()))


@cache
def speech(text: str, voice: str = "cedar", *, before_ms: int = 400, after_ms: int = 1_000) -> bytes:
    """Someone says `text`, between silences: 24 kHz PCM16."""
    said = b"".join(chunk.pcm for chunk in Voices().speak(text, voice))
    return bytes(48 * before_ms) + said + bytes(48 * after_ms)
