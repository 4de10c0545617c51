"""A loop without waiting, and sounds that can be recognised."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable

import numpy as np

from media.clock import SessionClock
from media.fanout import OutboundPacket
from media.floor import Floor, FloorEvent, PlayoutStarted
from media.opus import Decoder
from media.outbound import Outbound
from media.pcm import SAMPLE_RATE_HZ, Samples, as_array, ms_to_samples

START = 100.0


class VirtualTimer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualLoop:
    """Satisfies media.timing.Loop; `lag` makes the next callback run so much too late."""

    def __init__(self) -> None:
        self.now = START
        self.lag = 0.0
        self._due: list[tuple[float, int, VirtualTimer]] = []
        self._count = itertools.count()

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> VirtualTimer:
        timer = VirtualTimer(callback)
        heapq.heappush(self._due, (when, next(self._count), timer))
        return timer

    @property
    def waiting(self) -> int:
        return sum(timer.callback is not None for _, _, timer in self._due)

    def run_until(self, when: float) -> None:
        while self._due and self._due[0][0] <= when:
            due, _, timer = heapq.heappop(self._due)
            if timer.callback is not None:
                self.now = max(self.now, due + self.lag)
                self.lag = 0.0
                timer.callback()
        self.now = max(self.now, when)

    def run_ms(self, ms: float) -> None:
        self.run_until(self.now + ms / 1000)


def tone(ms: float, hz: float = 440.0, amplitude: float = 8000.0) -> bytes:
    """A cosine: loud from its first sample to (nearly) its last."""
    at = np.arange(ms_to_samples(ms))
    wave = amplitude * np.cos(2 * math.pi * hz * at / SAMPLE_RATE_HZ)
    return np.rint(wave).astype("<i2").tobytes()


def steady(ms: float, level: int = 8000) -> bytes:
    """The same sample again and again: shows gains, and every sample is loud."""
    return np.full(ms_to_samples(ms), level, "<i2").tobytes()


class Stage:
    """A Floor with its Outbound in virtual time, and a listener who keeps all packets with their times."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.clock = SessionClock(START)
        self.events: list[FloorEvent] = []
        self.packets: list[tuple[float, OutboundPacket]] = []
        self.floor = Floor(self.clock, self.report)
        self.outbound = Outbound(self.floor, self.clock, self.loop)
        self.outbound.subscribe(lambda packet: self.packets.append((self.loop.now, packet)))

    def report(self, event: FloorEvent) -> None:
        self.events.append(event)

    def say(self, turn: str, pcm: bytes, pause_ms: int = 0) -> None:
        lane = self.floor.lane(turn)
        lane.put(pcm)
        lane.finish()
        self.floor.give(turn, pause_ms)

    @property
    def ended(self) -> list[str]:
        return [event.turn for event in self.events if not isinstance(event, PlayoutStarted)]

    @property
    def positions(self) -> list[int]:
        return [packet.position for _, packet in self.packets]

    @property
    def marked(self) -> list[int]:
        return [packet.position for _, packet in self.packets if packet.marker]

    def sound(self) -> Samples:
        """What a listener plays, from position 0, the coder's delay (6.5 ms) taken out."""
        decoder = Decoder()
        end = self.positions[-1] + 960
        played = np.zeros(end, np.int16)
        for _, packet in self.packets:
            pcm = as_array(decoder.decode(packet.payload))
            played[packet.position : packet.position + pcm.size] = pcm
        return played[156:]
