"""Text to speech for the engine's loop: the voices, in worker processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import cast

from server.engine.protocol_validation import text_in
from server.engine.voices_types import Chunk, SpokenWord
from server.engine.worker_frames import Header
from server.engine.workers import Worker, WorkerLost, WorkerPool

LEND_SECONDS = 6.0
CHUNK_SECONDS = 6.0
"""A sentence takes a fraction of a second; whoever waits longer for a worker, or for its next chunk, is
better served by a failed response, which may be asked for again, than by silence."""
ABORT_SECONDS = 2.0
"""A worker that does not let go of an unwanted text by then is replaced."""


class SpeakingFailed(Exception):
    """The text could not be spoken."""


class Speaking:
    """Speaks several texts at a time, each in one worker."""

    def __init__(self, workers: int) -> None:
        self._pool = WorkerPool("server.engine.speaking_worker", workers)

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @property
    def pids(self) -> tuple[int, ...]:
        return self._pool.pids

    async def speak(self, text: str, voice: str, speed: float) -> AsyncGenerator[Chunk, None]:
        """Chunks as soon as they exist. Close the iterator to abort; raises SpeakingFailed."""
        try:
            async with self._pool.lend(LEND_SECONDS) as worker:
                worker.busy = True
                worker.send({"op": "speak", "text": text, "voice": voice, "speed": speed})
                try:
                    while (chunk := await _next(worker)) is not None:
                        yield chunk
                finally:
                    if worker.busy:
                        await _abort(worker)
        except TimeoutError:
            raise SpeakingFailed("the voice worker is stuck") from None
        except WorkerLost as error:
            raise SpeakingFailed(f"there is no voice worker: {error}") from None


async def _next(worker: Worker) -> Chunk | None:
    """The next chunk; None at the end of the text."""
    async with asyncio.timeout(CHUNK_SECONDS):
        header, pcm = await worker.receive()
    if header["op"] == "chunk":
        return Chunk(pcm, _words(header))
    worker.busy = False
    if header["op"] == "error":
        raise SpeakingFailed(text_in(header, "message"))
    return None


async def _abort(worker: Worker) -> None:
    """Let the worker go to its next sentence's end and drop what it says; it stays `busy` if it is lost."""
    worker.send({"op": "cancel"})
    with contextlib.suppress(WorkerLost, TimeoutError, SpeakingFailed):
        async with asyncio.timeout(ABORT_SECONDS):
            while await _next(worker) is not None:
                pass


def _words(header: Header) -> tuple[SpokenWord, ...]:
    words = cast("list[tuple[str, int, int]]", header["words"])
    return tuple(SpokenWord(text, start_ms, end_ms) for text, start_ms, end_ms in words)
