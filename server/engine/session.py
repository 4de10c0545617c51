"""One connection: the protocol between a WebSocket and the turns, recognisers, brain and voices."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from server.engine.brain import Brain
from server.engine.hearing import Hearing
from server.engine.protocol import RealtimeProtocol
from server.engine.protocol_effects import (
    AppendAudio,
    AwaitSpeech,
    ClearAudio,
    CommitAudio,
    ConfigureTurns,
    Generate,
    Output,
    Send,
    StopGenerating,
    TranscribeItem,
)
from server.engine.session_input import SessionInput
from server.engine.session_output import SessionOutput
from server.engine.speaking import Speaking, SpeakingFailed

log = logging.getLogger(__name__)
ROOM_MESSAGES = 64
"""Responses wait while this many messages wait for the socket: about 10 s of audio."""
ROOM_SECONDS = 10.0
"""A client that takes nothing for so long is disconnected: its response holds a voice worker."""
MAX_WAITING_MESSAGES = 4_096
MAX_WAITING_CHARACTERS = 64 * 1024 * 1024
"""A client that asks for so much and reads none of it is disconnected."""


class Socket(Protocol):
    """What a session needs of a WebSocket."""

    async def send_str(self, data: str) -> None: ...

    def abort(self) -> None:
        """Cut the connection at once."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What all sessions share."""

    brain: Brain
    hearing: Hearing
    speaking: Speaking


class RealtimeSession:
    """Use as `async with`; give it what the client sends."""

    def __init__(self, socket: Socket, parts: Parts, model: str, *, transcription: bool = False) -> None:
        self._socket = socket
        self._protocol = RealtimeProtocol(model, transcription=transcription)
        self._output = SessionOutput(
            self._protocol, parts.brain, parts.speaking, self._flush, self._wait_for_room
        )
        settled = self._output.transcript_arrived
        self._input = SessionInput(self._protocol, parts.hearing, self._flush, settled)
        self._waiting: deque[str] = deque()
        self._waiting_characters = 0
        self._cut = False
        self._wake_writer = asyncio.Event()
        self._room = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> RealtimeSession:
        self._writer = asyncio.get_running_loop().create_task(self._write())
        self._flush()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._input.close()
        await self._output.close()
        if self._writer:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def receive(self, message: str) -> None:
        """One text frame from the client."""
        self._protocol.receive(message)
        for output in self._protocol.take():
            if isinstance(output, AppendAudio):
                await self._input.append(output.pcm)
            elif isinstance(output, TranscribeItem):
                await self._input.transcribe(output.item_id, output.pcm)
            else:
                self._do(output)
        self._flush()

    def refuse_binary(self) -> None:
        self._protocol.refuse("Binary frames are not part of the protocol; send JSON text.", "invalid_frame")
        self._flush()

    def _flush(self) -> None:
        """Carry out what the protocol wants now."""
        while outputs := self._protocol.take():
            for output in outputs:
                self._do(output)

    def _do(self, output: Output) -> None:
        match output:
            case Send():
                self._send(output.text)
            case Generate():
                self._output.start(output)
            case StopGenerating():
                self._output.stop(output.response_id)
            case ConfigureTurns():
                self._input.configure()
            case AwaitSpeech():
                self._input.await_speech(output.playback_ms)
            case CommitAudio():
                self._input.commit(output.event_id)
            case ClearAudio():
                self._input.clear()
            case _:
                raise AssertionError(f"{output} comes from the client only")

    def _send(self, text: str) -> None:
        if self._cut:
            return
        self._waiting_characters += len(text)
        if len(self._waiting) < MAX_WAITING_MESSAGES and self._waiting_characters <= MAX_WAITING_CHARACTERS:
            self._waiting.append(text)
            self._wake_writer.set()
        else:
            self._disconnect()

    def _disconnect(self) -> None:
        """Cut off a client that does not read, and keep nothing more for it."""
        if not self._cut:
            log.warning("a client that does not read is disconnected")
            self._cut = True
            self._socket.abort()

    async def _wait_for_room(self) -> None:
        await asyncio.sleep(0)
        while len(self._waiting) >= ROOM_MESSAGES:
            self._room.clear()
            try:
                async with asyncio.timeout(ROOM_SECONDS):
                    await self._room.wait()
            except TimeoutError:
                self._disconnect()
                raise SpeakingFailed("nobody listens") from None

    async def _write(self) -> None:
        """Sends what waits, in order, until the client is gone."""
        try:
            while True:
                while self._waiting:
                    await self._socket.send_str(self._waiting[0])
                    self._waiting_characters -= len(self._waiting.popleft())
                    if len(self._waiting) < ROOM_MESSAGES:
                        self._room.set()
                self._wake_writer.clear()
                await self._wake_writer.wait()
        except (ConnectionError, RuntimeError):
            log.debug("the client is gone")
        finally:
            self._waiting.clear()
            self._room.set()
