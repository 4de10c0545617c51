"""What waits for a Line's socket, and why a Line gives a socket up."""

from __future__ import annotations

import asyncio
from collections import deque

from orchestration.realtime_outcomes import LineCode


class Rejected(Exception):
    """The service does not accept this session's configuration, or nothing any more."""

    def __init__(self, code: LineCode) -> None:
        super().__init__(str(code))
        self.code = code


class SendQueue:
    """What waits for the socket, in order. Old audio gives way, as it would be late; the rest never does."""

    AUDIO_LIMIT = 150  # 3 s of 20 ms frames
    LIMIT = 2000

    def __init__(self) -> None:
        self._messages: deque[tuple[bool, str]] = deque()
        self._audio_count = 0
        self._audio_open = False
        self._ready = asyncio.Event()

    def put(self, message: str) -> None:
        self._messages.append((False, message))
        self._ready.set()

    def put_audio(self, message: str) -> None:
        """Audio counts only while there is a configured session to hear it."""
        if not self._audio_open:
            return
        if self._audio_count >= self.AUDIO_LIMIT:
            oldest = next(n for n, (is_audio, _) in enumerate(self._messages) if is_audio)
            del self._messages[oldest]
            self._audio_count -= 1
        self._messages.append((True, message))
        self._audio_count += 1
        self._ready.set()

    def open_audio(self) -> None:
        self._audio_open = True

    def clear(self) -> None:
        self._audio_open = False
        self._audio_count = 0
        self._messages.clear()

    async def get(self) -> str:
        """The next message; raises Rejected when the socket has stopped taking any."""
        if len(self._messages) > self.LIMIT:
            raise Rejected(LineCode.OVERLOADED)
        while not self._messages:
            self._ready.clear()
            await self._ready.wait()
        is_audio, message = self._messages.popleft()
        self._audio_count -= is_audio
        return message
