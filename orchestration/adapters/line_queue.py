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
    """What waits for the socket, in order. Old audio gives way, as it would be late; the rest never does.

    Audio that comes while no session can hear is held for the next one: a human who speaks while a
    session is exchanged is heard from the first syllable.
    """

    AUDIO_LIMIT = 150  # 3 s of 20 ms frames
    OVERLAP = 20  # 0.4 s: what a turn detection may have heard and not yet told
    LIMIT = 2000

    def __init__(self) -> None:
        self._messages: deque[tuple[bool, str]] = deque()
        self._audio_count = 0
        self._audio_open = False
        self._held: deque[str] = deque(maxlen=self.AUDIO_LIMIT)
        self._sent: deque[str] = deque(maxlen=self.OVERLAP)
        self._ready = asyncio.Event()

    def put(self, message: str) -> None:
        self._messages.append((False, message))
        self._ready.set()

    def put_audio(self, message: str) -> None:
        if not self._audio_open:
            self._held.append(message)
            return
        if self._audio_count >= self.AUDIO_LIMIT:
            oldest = next(n for n, (is_audio, _) in enumerate(self._messages) if is_audio)
            del self._messages[oldest]
            self._audio_count -= 1
        self._messages.append((True, message))
        self._audio_count += 1
        self._ready.set()

    def open_audio(self) -> None:
        """The session is configured: it hears what was held, and what comes."""
        self._audio_open = True
        while self._held:
            self.put_audio(self._held.popleft())

    def begin_again(self, overlap: bool) -> None:
        """For another session: what was not sent yet is dropped, but for audio, which it shall hear.

        With `overlap` (nobody is known to speak) it hears the last moment before, too: a word may have
        just begun there.
        """
        self._audio_open = False
        if overlap:
            self._held.extend(self._sent)
        self._sent.clear()
        self._held.extend(message for is_audio, message in self._messages if is_audio)
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
        if is_audio:
            self._audio_count -= 1
            self._sent.append(message)
        return message
