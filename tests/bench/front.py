"""What every server under test shares: a small HTTP front, a source of speech, a log, and an ear.

| call | answer |
|---|---|
| `POST /offer {sdp, type, sid, mode}` | `{sdp, type}`; once the peer stands, speech as `mode` says |
| `POST /say?sid=` (PCM16 24 kHz mono) | speaks it as one utterance; answers when all is handed over |
| `GET /events` | the log: `{s, k, t, ...}`, `s` the sid, `k` the kind, `t` by `time.monotonic` |
| `POST /offer {sdp, type, sid, of}` | a spectator of the session `of`, where the server knows spectators |
| `GET /mic?sid=` | what the microphone path passed on: `{pcm (base64), chunks: [[t, samples]], figures}` |
| `GET /mics` | `{bytes}`: how much all of them passed on |
| `GET /health` | `{pid, tasks}`, after a garbage collection |

An adapter is one coroutine, `answer(sdp, call) -> sdp`, and a call of `serve`.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import os
import random
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import aioice.ice
from aiohttp import web

from media.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ
from tests.bench.sounds import chirp, speechlike

BYTES_PER_SECOND = SAMPLE_RATE_HZ * BYTES_PER_SAMPLE
BODY_BYTES_MAX = 1 << 26
SENTENCE_S, PAUSE_S = 6.0, 1.0
DELTAS_MS = (100, 200, 300, 400)
Event = dict[str, int | float | str | bool]
Log = deque[Event]


class Voice(Protocol):
    """What an application can do to the transport under test. Nothing here waits."""

    def begin(self) -> None:
        """An utterance begins."""

    def push(self, pcm: bytes) -> None:
        """More of it: PCM16 24 kHz mono, faster than real time."""

    def end(self) -> None:
        """That was all of it."""

    def interrupt(self) -> None:
        """Nobody wants the rest of it."""


class Ear:
    """What a microphone path passed on, and when."""

    def __init__(self, keep: bool) -> None:
        self.bytes = 0
        self.figures: Callable[[], dict[str, float]] = dict
        """The server's own figures of its path, if it has some."""
        self._keep = keep
        self.pcm = bytearray()
        self.chunks: list[tuple[float, int]] = []
        """When (`time.monotonic`) how many samples were passed on."""

    def hear(self, pcm: bytes) -> None:
        self.bytes += len(pcm)
        if self._keep:
            self.pcm += pcm
            self.chunks.append((time.monotonic(), len(pcm) // BYTES_PER_SAMPLE))

    def report(self) -> dict[str, object]:
        pcm = base64.b64encode(self.pcm).decode()
        return {"pcm": pcm, "chunks": self.chunks, "figures": self.figures()}


class Source:
    """Speech as a model hands it over: deltas of 100 to 400 ms, 3 to 10 times faster than real time."""

    def __init__(self, sid: int, voice: Voice, log: Log) -> None:
        self._sid = sid
        self._voice = voice
        self._log = log
        self._random = random.Random(sid)
        self._utterance = -1

    async def utter(self, pcm: bytes, delta_ms: int = 0, speed: float = 0.0) -> None:
        """One utterance; `delta_ms` and `speed` are chosen at random when 0."""
        self._utterance += 1
        self._voice.begin()
        due, sent, index = time.monotonic(), 0, 0
        while sent < len(pcm):
            part = pcm[sent : sent + BYTES_PER_SECOND * (delta_ms or self._random.choice(DELTAS_MS)) // 1000]
            sent += len(part)
            self._note("delta", i=index, n=len(part), last=sent >= len(pcm))
            self._voice.push(part)
            index += 1
            due += len(part) / BYTES_PER_SECOND / (speed or self._random.uniform(3, 10))
            await _sleep_until(due)
        self._voice.end()

    async def run(self, mode: str) -> None:
        """Speak until cancelled: stream, switch (another persona every 3 s), chirp, latency or interrupt.

        `idle` waits for `utter`.
        """
        await asyncio.sleep(0.3 + self._random.random() * 0.5)
        start = time.monotonic()
        while mode != "idle":
            start += await self._round(mode, start)
            await _sleep_until(start)

    async def _round(self, mode: str, start: float) -> float:
        """One utterance and what follows it; returns how long after `start` the next one begins."""
        if mode == "latency":
            await self.utter(speechlike(SENTENCE_S)[: BYTES_PER_SECOND * 6 // 10], 200, 5)
            return 1.3 + self._random.random() * 0.1
        if mode == "interrupt":
            await self.utter(speechlike(SENTENCE_S), 200, 8)
            await _sleep_until(start + 0.9 + self._random.random() * 0.3)
            self._note("interrupt")
            self._voice.interrupt()
            return 2.4
        if mode == "switch":
            await self.utter(speechlike(SENTENCE_S)[: BYTES_PER_SECOND * 28 // 10])
            return 3.0
        await self.utter(chirp(SENTENCE_S) if mode == "chirp" else speechlike(SENTENCE_S))
        return SENTENCE_S + PAUSE_S + self._random.random() * 0.02

    def _note(self, kind: str, **more: int | bool) -> None:
        self._log.append({"s": self._sid, "k": kind, "t": time.monotonic(), "u": self._utterance, **more})


async def _sleep_until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - time.monotonic()))


@dataclass(slots=True)
class Call:
    """One peer, for the adapter: `start` its source when it stands, `stop` it when it is gone."""

    sid: int
    ear: Ear
    _mode: str
    _log: Log
    source: Source | None = None
    _speaking: asyncio.Task[None] | None = None

    def start(self, voice: Voice) -> None:
        """Idempotent."""
        if self.source is None:
            self.source = Source(self.sid, voice, self._log)
            self._speaking = asyncio.create_task(self.source.run(self._mode))

    def stop(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()

    def note(self, kind: str, **more: int | bool) -> None:
        """Write into the log what an adapter with a source of its own (mode `idle`) was handed."""
        self._log.append({"s": self.sid, "k": kind, "t": time.monotonic(), **more})


Answer = Callable[[str, Call], Awaitable[str]]
"""Takes an offer's SDP and its call; returns the answer's SDP, with all candidates."""
Watch = Callable[[str, int], Awaitable[str]]
"""The same for a spectator of the session with this sid."""


class Front:
    def __init__(
        self, answer: Answer, watch: Watch | None, keep_microphone: bool, keep_events: int | None
    ) -> None:
        self._answer = answer
        self._watch = watch
        self._keep = keep_microphone
        self._log: Log = deque(maxlen=keep_events)
        self._calls: dict[int, Call] = {}

    def application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.add_routes(
            [
                web.post("/offer", self.offer),
                web.post("/say", self.say),
                web.get("/events", self.events),
                web.get("/mic", self.microphone),
                web.get("/mics", self.microphones),
                web.get("/health", self.health),
            ]
        )
        return application

    async def offer(self, request: web.Request) -> web.Response:
        body = await request.json()
        if "of" in body:
            watched = await self._watched(body["sdp"], int(body["of"]))
            return web.json_response({"sdp": watched, "type": "answer"})
        call = Call(int(body["sid"]), Ear(self._keep), str(body.get("mode", "stream")), self._log)
        self._calls[call.sid] = call
        return web.json_response({"sdp": await self._answer(body["sdp"], call), "type": "answer"})

    async def _watched(self, sdp: str, sid: int) -> str:
        if self._watch is None:
            raise web.HTTPNotImplemented(text="this server knows no spectators")
        return await self._watch(sdp, sid)

    async def say(self, request: web.Request) -> web.Response:
        source = self._call(request).source
        if source is None:
            raise web.HTTPConflict(text="the peer does not stand yet")
        await source.utter(await request.read())
        return web.json_response({})

    async def events(self, request: web.Request) -> web.Response:
        return web.json_response(list(self._log))

    async def microphone(self, request: web.Request) -> web.Response:
        return web.json_response(self._call(request).ear.report())

    async def microphones(self, request: web.Request) -> web.Response:
        return web.json_response({"bytes": sum(call.ear.bytes for call in self._calls.values())})

    async def health(self, request: web.Request) -> web.Response:
        gc.collect()
        return web.json_response({"pid": os.getpid(), "tasks": len(asyncio.all_tasks())})

    def _call(self, request: web.Request) -> Call:
        return self._calls[int(request.query["sid"])]


def loopback_only() -> None:
    """Gather no candidate but 127.0.0.1: nothing of a measurement leaves the machine."""

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return ["127.0.0.1"]

    aioice.ice.get_host_addresses = addresses


def serve(answer: Answer, watch: Watch | None = None) -> None:
    """Run the server under test until SIGTERM; says `{"port": n}` on stdout when it listens.

    `--port` (0 for any), `--keep-microphone` and `--keep-events` come from the command line.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--keep-microphone", action="store_true", help="for GET /mic; grows with time")
    parser.add_argument("--keep-events", type=int, help="how many at most; all when not given")
    given = parser.parse_args()
    speechlike(SENTENCE_S)  # made before anybody measures memory
    chirp(SENTENCE_S)
    loopback_only()
    front = Front(answer, watch, given.keep_microphone, given.keep_events)
    asyncio.run(_serve(front, given.port))


async def _serve(front: Front, port: int) -> None:
    runner = web.AppRunner(front.application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(f'{{"port": {runner.addresses[0][1]}}}', flush=True)
    await stop.wait()
    os._exit(0)  # whatever the server under test left open or running ends with the process
