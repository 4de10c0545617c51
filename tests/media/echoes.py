"""Voices that come back through a loudspeaker: delayed, weaker, through a room, coded twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from media.echo import EchoGuard
from media.opus import Decoder, Encoder
from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, as_array, ms_to_samples

Sound = NDArray[np.float64]
BEGIN = 48_000
"""The session position of the first sample."""


def joined(*parts: Samples | int) -> Samples:
    """Sounds and pauses (in ms), in whole frames."""
    whole = np.concatenate(
        [np.zeros(ms_to_samples(part), np.int16) if isinstance(part, int) else part for part in parts]
    )
    return np.pad(whole, (0, -whole.size % FRAME_SAMPLES))


def coded(sound: Samples) -> Samples:
    """As it leaves the other end of an Opus connection."""
    return as_array(_coded(sound.tobytes()))


@lru_cache(16)
def _coded(pcm: bytes) -> bytes:
    """Most tests send the same voice, and each way costs half as much as what is tested with it."""
    encoder, decoder = Encoder(), Decoder()
    frames = (pcm[at : at + 2 * FRAME_SAMPLES] for at in range(0, len(pcm), 2 * FRAME_SAMPLES))
    return b"".join(decoder.decode(encoder.encode(frame)) for frame in frames)


def room(direct_db: float, reverberation_s: float = 0.4) -> Sound:
    """An impulse response whose first sound is louder by `direct_db` than all that follows."""
    at = np.arange(ms_to_samples(300))
    tail = np.random.default_rng(4).standard_normal(at.size) * 10 ** (
        -3 * at / SAMPLE_RATE_HZ / reverberation_s
    )
    tail[: ms_to_samples(2)] = 0
    tail *= np.sqrt(10 ** (-direct_db / 10) / np.sum(tail**2))
    tail[0] = 1
    return tail / np.sqrt(np.sum(tail**2))


def echo(
    voice: Samples, delay_ms: float, gain_db: float, walls: Sound | None = None, ppm: float = 0
) -> Sound:
    """What of `voice` comes to the microphone; `ppm`: the loudspeaker's clock runs fast."""
    back = coded(voice).astype(float) * 10 ** (gain_db / 20)
    if walls is not None:
        size = 1 << (back.size + walls.size).bit_length()
        back = np.fft.irfft(np.fft.rfft(back, size) * np.fft.rfft(walls, size), size)[: back.size]
    at = np.arange(voice.size)
    return np.interp(at * (1 + ppm * 1e-6) - ms_to_samples(delay_ms), at, back, left=0.0)


def mixed(*sounds: Sound | Samples) -> Samples:
    """Together, through a microphone and its coder."""
    size = max(sound.size for sound in sounds)
    whole = sum((np.pad(sound.astype(float), (0, size - sound.size)) for sound in sounds), np.zeros(size))
    return coded(np.clip(np.rint(whole), -32768, 32767).astype(np.int16))


def levels(sound: Samples | Sound) -> Sound:
    """The root mean square of each 20 ms."""
    return np.sqrt(np.mean(sound.astype(float).reshape(-1, FRAME_SAMPLES) ** 2, axis=1))


@dataclass
class Passed:
    """What a guard passed on, and the delay that it knew after each frame."""

    sound: Samples
    delays: list[int | None] = field(default_factory=list)

    @property
    def found_ms(self) -> int:
        """When it knew the echo. Raises StopIteration when it never did."""
        return 20 * next(at for at, delay in enumerate(self.delays) if delay is not None)


def guarded(voice: Samples, microphone: Samples, guard: EchoGuard | None = None, chunk: int = 1) -> Passed:
    """Frame by frame, the voice sent where it sounds; the microphone's come by `chunk` at once."""
    guard = guard or EchoGuard()
    passed, delays = [], []
    frames = zip(voice.reshape(-1, FRAME_SAMPLES), microphone.reshape(-1, FRAME_SAMPLES), strict=True)
    waiting = b""
    for at, (sent, heard) in enumerate(frames):
        if sent.any():
            guard.sent(BEGIN + at * FRAME_SAMPLES, sent.tobytes())
        waiting += heard.tobytes()
        if at % chunk == chunk - 1:
            passed.append(guard.hear(waiting, BEGIN + (at + 1 - chunk) * FRAME_SAMPLES))
            waiting = b""
        delays.append(guard.delay)
    return Passed(as_array(b"".join([*passed, waiting])), delays)
