"""A talker with a clock of its own, and a network that loses, delays and reorders, in virtual time."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from virtual_media import START, VirtualLoop

from media.clock import SessionClock
from media.microphone import Microphone
from media.opus import Encoder
from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, ms_to_samples, samples_to_ms

FRAME_BYTES = FRAME_SAMPLES * 2
FASTEST_S = 0.025
"""The way from the talker to us when nothing is in it."""


def speechlike(ms: int, pause_ms: int = 400, seed: int = 1) -> bytes:
    """Words of four syllables a second with harmonics of 120 Hz, a pause after each 1.2 s, a quiet room."""
    at = np.arange(ms_to_samples(ms)) / SAMPLE_RATE_HZ
    voice = sum(np.sin(2 * math.pi * 120 * harmonic * at) / harmonic for harmonic in range(1, 12))
    syllables = np.clip(np.sin(2 * math.pi * 4 * at), 0, None)
    spoken = (at % (1.2 + pause_ms / 1000)) < 1.2
    room = np.random.default_rng(seed).normal(0, 8, at.size)
    return np.rint(4000 * voice * syllables * spoken + room).astype("<i2").tobytes()


@cache
def coded(ms: int, pause_ms: int = 400, expected_loss_percent: int = 10) -> tuple[bytes, ...]:
    """Packets of 20 ms of it, with FEC."""
    encoder = Encoder()
    encoder.expected_loss_percent = expected_loss_percent
    pcm = speechlike(ms, pause_ms)
    return tuple(encoder.encode(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm), FRAME_BYTES))


@dataclass(frozen=True)
class Sent:
    """A packet on its way; `end_s` is the true time of its last sample, in seconds from the start."""

    payload: bytes
    sequence_number: int
    timestamp: int
    end_s: float
    delay_s: float = 0.0


def sending(
    payloads: tuple[bytes, ...], seconds: float, ppm: float = 0.0, sequence_number: int = 65_000
) -> Iterator[Sent]:
    """The payloads over and over, by a clock that runs `ppm` fast."""
    timestamp = 2**32 - 960 * 500
    for index, payload in enumerate(itertools.cycle(payloads)):
        end_s = (index + 1) * 0.02 / (1 + ppm * 1e-6)
        if end_s > seconds:
            return
        number = (sequence_number + index) & 0xFFFF
        yield Sent(payload, number, (timestamp + index * 960) & 0xFFFFFFFF, end_s)


@dataclass
class Call:
    """A microphone at the end of the network; remembers what became of the sound and when."""

    loop: VirtualLoop = field(default_factory=VirtualLoop)

    def __post_init__(self) -> None:
        self.clock = SessionClock(START)
        self.microphone = Microphone(self.pass_on, loop=self.loop, clock=self.clock)
        self.microphone.on_packet = self.packet
        self.chunks: list[tuple[float, int, int]] = []
        """Time, samples, position of the end."""
        self.positions: list[tuple[bytes, int]] = []
        self.pcm = bytearray()
        self.keep_pcm = False

    def pass_on(self, pcm: bytes) -> None:
        self.chunks.append((self.loop.now, len(pcm) // 2, self.microphone.position))
        if self.keep_pcm:
            self.pcm += pcm

    def packet(self, payload: bytes, position: int) -> None:
        self.positions.append((payload, position))

    def carry(self, packets: list[Sent]) -> None:
        """Deliver them in the order of their arrival, each as late as it says."""
        arrivals = sorted(
            (START + sent.end_s + FASTEST_S + sent.delay_s, n) for n, sent in enumerate(packets)
        )
        for arrival, n in arrivals:
            self.loop.run_until(arrival)
            self.deliver(packets[n])

    def deliver(self, sent: Sent, ssrc: int = 7) -> None:
        self.microphone.receive(sent.payload, sent.sequence_number, sent.timestamp, ssrc, self.loop.now)

    def off_ms(self, sent: Sent) -> float:
        """By how much the stream is ahead of the truth, just after this packet was passed on."""
        return samples_to_ms(self.microphone.position - self.truth(sent))

    def truth(self, sent: Sent) -> int:
        """Where the end of this packet belongs."""
        return self.clock.position(START + sent.end_s + FASTEST_S)


def without(packets: list[Sent], share: float, seed: int = 1) -> list[Sent]:
    """Independent loss."""
    dice = random.Random(seed)
    return [sent for sent in packets if dice.random() >= share]


def jittered(packets: list[Sent], most_s: float, seed: int = 2) -> list[Sent]:
    """Each delayed by itself, which reorders them when `most_s` is more than a packet's length."""
    dice = random.Random(seed)
    return [
        Sent(p.payload, p.sequence_number, p.timestamp, p.end_s, dice.uniform(0, most_s)) for p in packets
    ]
