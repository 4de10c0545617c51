"""The textbook aiortc server: a queue behind a MediaStreamTrack that paces itself by sleeping.

It is what the examples of many a voice service do, done well: an absolute schedule, a remote track that is
always read, nothing that blocks. `python -m tests.bench.textbook --port N`.
"""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE_HZ
from tests.bench.front import Call, Ear, serve

FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
_connections: set[RTCPeerConnection] = set()
_listening: set[asyncio.Task[None]] = set()


class VoiceTrack(MediaStreamTrack):
    """Plays what was pushed, silence otherwise."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._queue = bytearray()
        self._start: float | None = None
        self._sent = 0

    async def recv(self) -> av.AudioFrame:
        if self._start is None:
            self._start = time.monotonic()
        await asyncio.sleep(max(0.0, self._start + self._sent / SAMPLE_RATE_HZ - time.monotonic()))
        pcm = bytes(self._queue[:FRAME_BYTES])
        del self._queue[:FRAME_BYTES]
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.planes[0].update(pcm + bytes(FRAME_BYTES - len(pcm)))
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        frame.pts = self._sent
        self._sent += FRAME_SAMPLES
        return frame

    def begin(self) -> None:
        pass

    def push(self, pcm: bytes) -> None:
        self._queue += pcm

    def end(self) -> None:
        pass

    def interrupt(self) -> None:
        self._queue.clear()


async def listen(track: MediaStreamTrack, ear: Ear) -> None:
    """Read the remote track for ever, resampled to what a speech service wants."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
    try:
        while True:
            frame = await track.recv()
            assert isinstance(frame, av.AudioFrame)
            for one in resampler.resample(frame):
                ear.hear(bytes(one.planes[0])[: one.samples * BYTES_PER_SAMPLE])
    except MediaStreamError:
        pass


async def answer(sdp: str, call: Call) -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    _connections.add(connection)
    voice = VoiceTrack()
    connection.addTrack(voice)

    @connection.on("track")
    def heard(track: MediaStreamTrack) -> None:
        task = asyncio.create_task(listen(track, call.ear))
        _listening.add(task)
        task.add_done_callback(_listening.discard)

    @connection.on("connectionstatechange")
    async def changed() -> None:
        if connection.connectionState == "connected":
            call.start(voice)
        elif connection.connectionState in ("failed", "closed"):
            call.stop()
            await connection.close()
            _connections.discard(connection)

    await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    return connection.localDescription.sdp


if __name__ == "__main__":
    serve(answer)
