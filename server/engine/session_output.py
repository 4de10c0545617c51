"""A session's responses: what the brain says becomes words, audio and function calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from server.engine.brain import Brain
from server.engine.protocol import RealtimeProtocol
from server.engine.protocol_config import ResponseSettings
from server.engine.protocol_effects import Generate
from server.engine.protocol_items import PCM_BYTES_PER_MS
from server.engine.protocol_responses import Response
from server.engine.speaking import Speaking, SpeakingFailed
from server.engine.voices_types import Chunk, SpokenWord

log = logging.getLogger(__name__)
DELTA_BYTES = 200 * PCM_BYTES_PER_MS
"""No audio delta is longer than 200 ms."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words, and then the audio that they begin in."""

    words: tuple[SpokenWord, ...]
    pcm: bytes


def pieces(chunk: Chunk, chunk_start_ms: int) -> Iterator[Piece]:
    """Cut a chunk into deltas; the words that begin in a delta (or earlier) come with it."""
    waiting = list(chunk.words)
    for start in range(0, len(chunk.pcm), DELTA_BYTES):
        pcm = chunk.pcm[start : start + DELTA_BYTES]
        last = start + DELTA_BYTES >= len(chunk.pcm)
        end_ms = chunk_start_ms + (start + len(pcm)) // PCM_BYTES_PER_MS
        ready = [word for word in waiting if last or word.start_ms < end_ms]
        waiting = waiting[len(ready) :]
        yield Piece(tuple(ready), pcm)


class SessionOutput:
    """All responses of one session, a task each. `room` waits until the client has taken what was sent."""

    def __init__(
        self,
        protocol: RealtimeProtocol,
        brain: Brain,
        speaking: Speaking,
        flush: Callable[[], None],
        room: Callable[[], Awaitable[None]],
    ) -> None:
        self._protocol = protocol
        self._brain = brain
        self._speaking = speaking
        self._flush = flush
        self._room = room
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._transcribed = asyncio.Event()

    def start(self, effect: Generate) -> None:
        task = asyncio.get_running_loop().create_task(self._run(effect.response_id, effect.settings))
        self._tasks[effect.response_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(effect.response_id, None))

    def stop(self, response_id: str) -> None:
        """The response is over; its task may be the caller."""
        task = self._tasks.get(response_id)
        if task and task is not asyncio.current_task():
            task.cancel()

    def transcript_arrived(self) -> None:
        """A response may wait for what the human said."""
        self._transcribed.set()

    async def close(self) -> None:
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, response_id: str, settings: ResponseSettings) -> None:
        try:
            await self._generate(response_id, settings)
            self._protocol.finish(response_id, "completed")
        except SpeakingFailed as error:
            log.warning("speech synthesis failed", extra={"reason": str(error)})
            self._protocol.finish(response_id, "failed", error="Speech synthesis failed.")
        except Exception:  # task root: a response that breaks must be seen to end, and the session lives
            log.exception("a response broke")
            self._protocol.finish(response_id, "failed", error="The engine failed to make this response.")
        self._flush()

    async def _generate(self, response_id: str, settings: ResponseSettings) -> None:
        while self._protocol.awaits_transcripts(response_id):
            self._transcribed.clear()
            await self._transcribed.wait()
        items, request = self._protocol.context(response_id)
        reply = self._brain.respond(items, request)
        response = self._protocol.response(response_id)
        if response is None:
            return
        if reply.text:
            response.start_message()
            self._flush()
            await (self._speak if settings.modality == "audio" else self._write)(response, reply.text)
            response.end_message()
        for call in reply.calls:
            response.call(call.name, call.arguments)

    async def _write(self, response: Response, text: str) -> None:
        for index, word in enumerate(words := text.split(" ")):
            response.text(word if index == len(words) - 1 else f"{word} ")
            await self._after_delta(response)

    async def _speak(self, response: Response, text: str) -> None:
        settings = response.settings
        words_left = len(text.split())
        made_bytes = 0
        async with aclosing(self._speaking.speak(text, settings.voice, settings.speed)) as chunks:
            async for chunk in chunks:
                for piece in pieces(chunk, made_bytes // PCM_BYTES_PER_MS):
                    for word in piece.words:
                        words_left -= 1
                        response.word(f"{word.text} " if words_left else word.text, word.start_ms)
                    self._protocol.audio_made(response.id, piece.pcm)
                    await self._after_delta(response)
                    if response.is_finished:
                        return
                made_bytes += len(chunk.pcm)
        if not made_bytes:  # text without any sound still is what was said
            response.word(text, 0)
            self._flush()

    async def _after_delta(self, response: Response) -> None:
        """Send, let others run, and end a response that has used its tokens up."""
        if response.over_budget:
            self._protocol.finish(response.id, "incomplete", "max_output_tokens")
        self._flush()
        await self._room()
