"""pipecat-ai under the bench's front: SmallWebRTCTransport, as its own services would use it.

transport.input() -> Feed -> transport.output(): speech enters as TTSAudioRawFrames, an interrupt is
`broadcast_interruption()`. `python -m tests.bench.peers.pipecat_server --port N`, in an environment with
pipecat-ai[webrtc].
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transports.base_transport import TransportParams
from pipecat.transports.smallwebrtc.connection import SmallWebRTCConnection
from pipecat.transports.smallwebrtc.transport import SmallWebRTCTransport
from pipecat.workers.runner import WorkerRunner

from media.pcm import SAMPLE_RATE_HZ
from tests.bench.front import Call, Ear, serve

_running: set[asyncio.Task[None]] = set()


class Feed(FrameProcessor):
    """Takes the microphone's frames out of the pipeline, and lets speech into it."""

    def __init__(self, ear: Ear) -> None:
        super().__init__()
        self._ear = ear

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            self._ear.hear(frame.audio)
        else:
            await self.push_frame(frame, direction)


class PipecatVoice:
    """The front's Voice does not wait, Pipecat's processors must be awaited: a task hands over in order."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._acts: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()

    async def run(self) -> None:
        while True:
            act = await self._acts.get()
            await act()

    def begin(self) -> None:
        self._push(TTSStartedFrame())

    def push(self, pcm: bytes) -> None:
        self._push(TTSAudioRawFrame(audio=pcm, sample_rate=SAMPLE_RATE_HZ, num_channels=1))

    def end(self) -> None:
        self._push(TTSStoppedFrame())

    def interrupt(self) -> None:
        self._acts.put_nowait(self._feed.broadcast_interruption)

    def _push(self, frame: Frame) -> None:
        self._acts.put_nowait(lambda: self._feed.push_frame(frame))


async def answer(sdp: str, call: Call) -> str:
    connection = SmallWebRTCConnection()
    await connection.initialize(sdp, "offer")
    rates = {"audio_in_sample_rate": SAMPLE_RATE_HZ, "audio_out_sample_rate": SAMPLE_RATE_HZ}
    transport = SmallWebRTCTransport(
        connection, TransportParams(audio_in_enabled=True, audio_out_enabled=True, **rates)
    )
    feed = Feed(call.ear)
    voice = PipecatVoice(feed)
    worker = PipelineWorker(
        Pipeline([transport.input(), feed, transport.output()]),
        params=PipelineParams(**rates),
        idle_timeout_secs=None,
    )

    @transport.event_handler("on_client_connected")
    async def connected(transport: SmallWebRTCTransport, client: SmallWebRTCConnection) -> None:
        call.start(voice)

    @transport.event_handler("on_client_disconnected")
    async def disconnected(transport: SmallWebRTCTransport, client: SmallWebRTCConnection) -> None:
        call.stop()
        await worker.cancel()

    _keep(_work(worker))
    _keep(voice.run())
    return str(connection.get_answer()["sdp"])


async def _work(worker: PipelineWorker) -> None:
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def _keep(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    _running.add(task)
    task.add_done_callback(_running.discard)


if __name__ == "__main__":
    serve(answer)
