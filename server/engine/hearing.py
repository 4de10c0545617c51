"""Speech to text for the engine's loop: the recogniser, in worker processes that all sessions share.

A worker is lent for one stretch of speech, from its first sound to the next pause, and audio streams to it
while the human speaks: little is left to do when the turn ends, and the words so far are known. Who talks
without a pause (or has a television in the room) gives the worker up when others wait; nobody holds one
through silence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from server.engine.expecting import Expectation
from server.engine.protocol_validation import float_in, text_in
from server.engine.worker_frames import Header
from server.engine.workers import Worker, WorkerLost, WorkerPool

BYTES_PER_SECOND = 32_000
STRETCH_SECONDS = 20.0
"""Audio that a worker takes at most before somebody else may have it."""
SHARED_STRETCH_SECONDS = 5.0
"""The same while others wait: most answers are shorter, so few are cut within a word."""
STARVED_SECONDS = 1.0
"""A stretch whose audio stops coming for this long (a peer went away) is over."""
RESULT_SECONDS = 20.0
"""A whole stretch decodes faster than this, also on a busy machine; a worker that needs longer is stuck."""
DROP_SECONDS = 5.0
"""A worker that does not let go of an unwanted stretch by then is replaced."""
DUE_SECONDS = 20.0
"""After a turn's end (and the length of its audio) its transcript has failed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A final transcript: words with their natural-log probabilities, and the audio's length."""

    words: tuple[tuple[str, float], ...]
    seconds: float
    mean: str
    """The speaker's cepstral mean: hand it to `begin` for the same speaker's next utterance."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The words of an utterance so far.

    `settled` after a stretch, when all audio so far is decoded; else these are the words that two looks at
    the recogniser, 200 ms of audio apart, agree on. Earlier words may still change.
    """

    words: tuple[str, ...]
    settled: bool


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

    def begin(
        self,
        done: Done,
        mean: str = "",
        progress: Callable[[Progress], None] | None = None,
        expected: Expectation | None = None,
    ) -> Utterance:
        """Start an utterance. `done` and `progress` are called on the loop, unless it is abandoned."""
        utterance = Utterance(mean, progress, expected)
        task = asyncio.get_running_loop().create_task(self._run(utterance, done))
        utterance.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return utterance

    async def _run(self, utterance: Utterance, done: Done) -> None:
        heard: Heard | None = None
        with contextlib.suppress(WorkerLost, TimeoutError):
            async with asyncio.timeout_at(utterance.due_at) as utterance.limit:
                heard = await self._transcribe(utterance)
        done(utterance, heard)

    async def _transcribe(self, utterance: Utterance) -> Heard:
        words: list[tuple[str, float]] = []
        while await utterance.more():
            async with self._pool.lend() as worker:
                worker.busy = True
                header = await self._stretch(utterance, worker)
            words += [(word, logprob) for word, logprob in cast("list[tuple[str, float]]", header["words"])]
            utterance.settle([word for word, _ in words])
            utterance.mean = text_in(header, "mean") or utterance.mean
            utterance.gain = float_in(header, "gain", 0.0)
        return Heard(tuple(words), utterance.taken_bytes / BYTES_PER_SECOND, utterance.mean if words else "")

    async def _stretch(self, utterance: Utterance, worker: Worker) -> Header:
        """Stream until a pause, the end, or somebody else's turn; the worker's answer."""
        worker.send(utterance.beginning())
        answer = asyncio.get_running_loop().create_task(_answer(worker, utterance))
        try:
            await self._stream(utterance, worker)
            worker.send({"op": "end"})
            return await _within(answer, RESULT_SECONDS)
        except asyncio.CancelledError:
            utterance.wants_progress = False
            worker.send({"op": "drop"})
            with contextlib.suppress(WorkerLost, TimeoutError):
                await _within(answer, DROP_SECONDS)
            raise
        finally:
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)

    async def _stream(self, utterance: Utterance, worker: Worker) -> None:
        sent_bytes = 0
        while pcm := await utterance.next_audio():
            worker.send({"op": "audio"}, pcm)
            sent_bytes += len(pcm)
            limit = SHARED_STRETCH_SECONDS if self._pool.waiting else STRETCH_SECONDS
            if sent_bytes >= limit * BYTES_PER_SECOND:
                return


class Utterance:
    """One turn's audio on its way to a recogniser. None of its public methods for a session blocks."""

    def __init__(
        self,
        mean: str,
        progress: Callable[[Progress], None] | None = None,
        expected: Expectation | None = None,
    ) -> None:
        self.mean = mean
        self._expected = expected or Expectation()
        self.gain = 0.0
        """What evens its level out; 0 until its first stretch was heard."""
        self.task: asyncio.Task[None] | None = None
        self.limit: asyncio.Timeout | None = None
        self.due_at: float | None = None
        self.taken_bytes = 0
        self.wants_progress = progress is not None
        self._progress = progress
        self._settled: tuple[str, ...] = ()
        self._fed_bytes = 0
        self._finished = False
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        """Audio, b"" for a pause, None for the end."""
        self._first = b""

    def feed(self, pcm: bytes) -> None:
        """More audio: 16 kHz mono PCM16."""
        if pcm:
            self._fed_bytes += len(pcm)
            self._waiting.put_nowait(pcm)

    def pause(self) -> None:
        """This may have been all: decode it now, so that `finish` has nothing left to wait for."""
        self._waiting.put_nowait(b"")

    def finish(self) -> None:
        """That was all: the transcript is due."""
        self._waiting.put_nowait(None)
        audio_seconds = self._fed_bytes / BYTES_PER_SECOND
        self.due_at = asyncio.get_running_loop().time() + DUE_SECONDS + audio_seconds
        if self.limit:
            self.limit.reschedule(self.due_at)

    def abandon(self) -> None:
        """Nobody wants the transcript any more."""
        if self.task:
            self.task.cancel()

    # ------------------------------------------------------------------ for Hearing

    def beginning(self) -> Header:
        """What a worker must know before a stretch."""
        return {
            "op": "begin",
            "mean": self.mean,
            "gain": self.gain,
            "partials": self.wants_progress,
            "kinds": self._expected.kinds,
            "phrases": self._expected.phrases,
        }

    def understand(self, words: list[str]) -> None:
        """Words of the stretch under way."""
        self._tell(Progress((*self._settled, *words), settled=False))

    def settle(self, words: list[str]) -> None:
        """All words of all stretches so far."""
        self._settled = tuple(words)
        self._tell(Progress(self._settled, settled=True))

    def _tell(self, progress: Progress) -> None:
        if self._progress and self.wants_progress:
            self._progress(progress)

    async def more(self) -> bool:
        """Wait for audio; False at the end. Silence between two stretches needs no worker."""
        while not self._first and not self._finished:
            self._take(await self._waiting.get())
        return bool(self._first)

    async def next_audio(self) -> bytes:
        """The next audio of this stretch; empty when it is over."""
        if not self._first:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STARVED_SECONDS):
                    self._take(await self._waiting.get())
        pcm, self._first = self._first, b""
        self.taken_bytes += len(pcm)
        return pcm

    def _take(self, pcm: bytes | None) -> None:
        self._finished = pcm is None
        self._first = pcm or b""


async def _answer(worker: Worker, utterance: Utterance) -> Header:
    """The stretch's last frame, after any number of partial ones; the worker is free after it."""
    while True:
        header, _ = await worker.receive()
        if header["op"] == "heard":
            worker.busy = False
            return header
        utterance.understand(cast("list[str]", header["words"]))


async def _within(answer: asyncio.Task[Header], seconds: float) -> Header:
    """The answer; raises TimeoutError and leaves the task alone when it is not there in time."""
    await asyncio.wait({answer}, timeout=seconds)
    if not answer.done():
        raise TimeoutError
    return answer.result()
