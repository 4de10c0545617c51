"""Speech to text for the engine's loop: the recogniser, in worker processes that all sessions share.

An utterance is pinned to one worker and streamed to it while the human speaks, so that little is left to do
when the turn ends. When all workers are busy its audio waits here, at most a turn long.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from server.engine.protocol_validation import float_in, text_in
from server.engine.worker_frames import Header
from server.engine.workers import Worker, WorkerLost, WorkerPool

RESULT_SECONDS = 20.0
"""A whole minute of speech decodes faster than this; a worker that needs longer is stuck."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A final transcript: words with their natural-log probabilities, and the audio's length."""

    words: tuple[tuple[str, float], ...]
    seconds: float
    mean: str
    """The speaker's cepstral mean: hand it to `begin` for the same speaker's next utterance."""


Done = Callable[["Utterance", Heard | None], None]
"""Called once with the transcript, or with None when the recogniser failed."""


class Hearing:
    """The recognisers of this engine."""

    def __init__(self, workers: int) -> None:
        self._pool = WorkerPool("server.engine.hearing_worker", workers)
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._pool.close()

    @property
    def pids(self) -> tuple[int, ...]:
        return self._pool.pids

    def begin(self, done: Done, mean: str = "") -> Utterance:
        """Start an utterance. `done` is called on the loop, unless the utterance is abandoned."""
        utterance = Utterance(mean)
        task = asyncio.get_running_loop().create_task(self._run(utterance, done))
        utterance.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return utterance

    async def _run(self, utterance: Utterance, done: Done) -> None:
        try:
            heard = await self._transcribe(utterance)
        except (WorkerLost, TimeoutError):
            heard = None
        done(utterance, heard)

    async def _transcribe(self, utterance: Utterance) -> Heard:
        async with self._pool.lend() as worker:
            worker.busy = True
            try:
                await _stream(utterance, worker)
                header = await _result(worker)
            except asyncio.CancelledError:
                with contextlib.suppress(WorkerLost, TimeoutError):
                    worker.send({"op": "drop"})
                    await _result(worker)
                raise
            words = cast("list[tuple[str, float]]", header["words"])
            return Heard(
                words=tuple((word, logprob) for word, logprob in words),
                seconds=float_in(header, "seconds", 0.0),
                mean=text_in(header, "mean"),
            )


class Utterance:
    """One turn's audio on its way to a recogniser. None of the methods blocks."""

    def __init__(self, mean: str) -> None:
        self.mean = mean
        self.task: asyncio.Task[None] | None = None
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        """Audio, b"" for a pause, None for the end."""

    def feed(self, pcm: bytes) -> None:
        """More audio: 16 kHz mono PCM16."""
        if pcm:
            self.waiting.put_nowait(pcm)

    def pause(self) -> None:
        """This may have been all: decode it now, so that `finish` has nothing left to wait for."""
        self.waiting.put_nowait(b"")

    def finish(self) -> None:
        """That was all: the transcript is due."""
        self.waiting.put_nowait(None)

    def abandon(self) -> None:
        """Nobody wants the transcript any more."""
        if self.task:
            self.task.cancel()


async def _stream(utterance: Utterance, worker: Worker) -> None:
    worker.send({"op": "begin", "mean": utterance.mean})
    while (pcm := await utterance.waiting.get()) is not None:
        worker.send({"op": "audio" if pcm else "pause"}, pcm)
    worker.send({"op": "end"})


async def _result(worker: Worker) -> Header:
    """The utterance's last frame; the worker is free after it."""
    async with asyncio.timeout(RESULT_SECONDS):
        header, _ = await worker.receive()
    worker.busy = False
    return header
