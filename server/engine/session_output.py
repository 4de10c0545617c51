"""A session's responses: what the brain says becomes words, audio and function calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from server.engine.brain import Brain, Call
from server.engine.protocol import RealtimeProtocol
from server.engine.protocol_config import ResponseSettings
from server.engine.protocol_effects import Generate
from server.engine.protocol_items import PCM_BYTES_PER_MS
from server.engine.protocol_responses import Response
from server.engine.speaking import Speaking, SpeakingFailed
from server.engine.voices_types import PAUSE_MS, Chunk, SpokenWord

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


@dataclass(slots=True)
class Message:
    """How far the open message is. The brain gives its text in parts, and each part is spoken at once."""

    begun: bool = False
    made_bytes: int = 0

    def joined(self, delta: str) -> str:
        """A part's first words come after a blank, except those of the first part."""
        joined = f" {delta}" if self.begun else delta
        self.begun = True
        return joined

    def placed(self, chunk: Chunk, first_of_part: bool, part_start_ms: int) -> Chunk:
        """The chunk with its times in the message; a pause stands before each part but the first."""
        pause = bytes(PAUSE_MS * PCM_BYTES_PER_MS) if first_of_part and self.made_bytes else b""
        later = part_start_ms
        words = (SpokenWord(word.text, word.start_ms + later, word.end_ms + later) for word in chunk.words)
        return Chunk(pause + chunk.pcm, tuple(words))

    @property
    def next_part_ms(self) -> int:
        return self.made_bytes // PCM_BYTES_PER_MS + (PAUSE_MS if self.made_bytes else 0)


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
        response = self._protocol.response(response_id)
        if response is None:
            return
        say = self._speak if settings.modality == "audio" else self._write
        message = Message()
        async with aclosing(self._brain.think(items, request)) as parts:
            async for part in parts:
                if response.is_finished:
                    return
                if isinstance(part, Call):
                    response.call(part.name, part.arguments)
                    message = Message()
                else:
                    response.start_message()
                    self._flush()
                    await say(response, part, message)
        response.end_message()

    async def _write(self, response: Response, text: str, message: Message) -> None:
        for index, word in enumerate(words := text.split(" ")):
            delta = word if index else message.joined(word)
            response.text(delta if index == len(words) - 1 else f"{delta} ")
            await self._after_delta(response)

    async def _speak(self, response: Response, text: str, message: Message) -> None:
        settings = response.settings
        words_left = words = len(text.split())
        start_ms, before = message.next_part_ms, message.made_bytes
        async with aclosing(self._speaking.speak(text, settings.voice, settings.speed)) as chunks:
            async for chunk in chunks:
                chunk = message.placed(chunk, message.made_bytes == before, start_ms)
                for piece in pieces(chunk, message.made_bytes // PCM_BYTES_PER_MS):
                    for word in piece.words:
                        delta = message.joined(word.text) if words_left == words else word.text
                        words_left -= 1
                        response.word(f"{delta} " if words_left else delta, word.start_ms)
                    self._protocol.audio_made(response.id, piece.pcm)
                    await self._after_delta(response)
                    if response.is_finished:
                        return
                message.made_bytes += len(chunk.pcm)
        if message.made_bytes == before:  # text without any sound still is what was said
            response.word(message.joined(text), start_ms)
            self._flush()

    async def _after_delta(self, response: Response) -> None:
        """Send, let others run, and end a response that has used its tokens up."""
        if response.over_budget:
            self._protocol.finish(response.id, "incomplete", "max_output_tokens")
        self._flush()
        await self._room()
