"""The simulated human's voice: prepared answers, and the microphone track that sends them in real time."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from aiortc import MediaStreamTrack

from media.pcm import as_array, audible_end, first_audible

RATE_HZ = 24_000
FRAME_SAMPLES = 480
FRAME_S = 0.02
_SENTENCES_AT_ONCE = 2


class SpeechError(RuntimeError):
    """A text could not be spoken."""


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance as it sounded: PCM16 24 kHz from `started_s` (loop time) on."""

    text: str
    started_s: float
    pcm: bytes

    @property
    def audible_s(self) -> float:
        """When the first audible sample sounded."""
        return self.started_s + (first_audible(self.pcm) or 0) / RATE_HZ

    @property
    def ended_s(self) -> float:
        """When the last audible sample had sounded."""
        return self.started_s + audible_end(self.pcm) / RATE_HZ


class Mouth(MediaStreamTrack):
    """A microphone: silence, and what `say` is given, 20 ms at a time on the clock.

    As a microphone's, a packet leaves when its last sample has sounded.
    """

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Said] = []
        self._clock = asyncio.get_running_loop()
        self._start_s: float | None = None
        self._frames = 0
        self._text = ""
        self._pcm = b""
        self._at = 0
        self._spoken: asyncio.Future[None] | None = None

    async def say(self, text: str, pcm: bytes) -> None:
        """Speak; returns when the last sample was sent. One utterance at a time."""
        self._text, self._pcm, self._at = text, pcm, 0
        self._spoken = self._clock.create_future()
        await self._spoken

    async def recv(self) -> av.AudioFrame:
        now = self._clock.time()
        if self._start_s is None:
            self._start_s = now
        due_s = self._start_s + self._frames * FRAME_S
        if due_s > now:
            await asyncio.sleep(due_s - now)
        frame = av.AudioFrame.from_ndarray(as_array(self._next()).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts = self._frames * FRAME_SAMPLES
        frame.time_base = Fraction(1, RATE_HZ)
        self._frames += 1
        return frame

    def _next(self) -> bytes:
        size = FRAME_SAMPLES * 2
        part = self._pcm[self._at : self._at + size]
        if not part:
            return bytes(size)
        if self._at == 0:
            self.said.append(Said(self._text, self._clock.time() - FRAME_S, self._pcm))
        self._at += size
        if self._at >= len(self._pcm) and self._spoken is not None and not self._spoken.done():
            self._spoken.set_result(None)
        return part + bytes(size - len(part))


async def prepare(texts: dict[str, str], voice: str, folder: Path) -> dict[str, bytes]:
    """Speak every text with the engine's `say`, a few at once; key → PCM16 24 kHz. Raises SpeechError."""
    gate = asyncio.Semaphore(_SENTENCES_AT_ONCE)

    async def speak(key: str, text: str) -> bytes:
        async with gate:
            return await _speak(text, voice, folder / f"{key}.wav")

    spoken = await asyncio.gather(*(speak(key, text) for key, text in texts.items()))
    return dict(zip(texts, spoken, strict=True))


async def _speak(text: str, voice: str, out: Path) -> bytes:
    command = (sys.executable, "-m", "server.engine.say", "--voice", voice, "--out", str(out), text)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    if process.returncode:
        raise SpeechError(f"An answer cannot be spoken: {complaint.decode(errors='replace').strip()[-300:]}")
    return await asyncio.to_thread(_read, out)


def _read(path: Path) -> bytes:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate([frame.reshape(-1) for frame in frames]).astype("<i2").tobytes() if frames else b""
