"""A Stage whose packets are their own PCM, and sounds that tell every sample from every other."""

from __future__ import annotations

import numpy as np
from virtual_media import Stage

from media.floor import FloorEvent, PlayoutStarted
from media.opus import Encoder
from media.outbound import HURRY_S, Outbound
from media.pcm import FRAME_SAMPLES, Samples, as_array, ms_to_samples

HUSH = 100
"""Not zero and yet below what counts as audible: a synthesizer's silence, seen where zeros are not."""
LOUD_MIN, LOUD_MAX = 1000, 8000


class Transparent(Encoder):
    """Hands the PCM through. Whatever else Outbound does with an encoder is done for real."""

    def encode(self, pcm: bytes) -> bytes:
        assert len(pcm) == FRAME_SAMPLES * 2
        return pcm


class TransparentStage(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.outbound.close()
        self.outbound = Outbound(self.floor, self.clock, self.loop, Transparent())
        self.outbound.subscribe(lambda packet: self.packets.append((self.loop.now, packet)))

    def rest(self) -> None:
        """Run until nothing is planned any more."""
        self.loop.lag = 0.0
        for _ in range(1000):
            if not self.loop.waiting:
                return
            self.loop.run_ms(50)
        raise AssertionError("the stream never comes to rest")

    def timeline(self) -> Samples:
        """What was sent, each sample at its position on the session clock; zeros where nothing was."""
        line = np.zeros(self.positions[-1] + FRAME_SAMPLES if self.packets else 0, np.int16)
        for _, packet in self.packets:
            line[packet.position : packet.position + FRAME_SAMPLES] = as_array(packet.payload)
        return line

    def spurts(self) -> list[list[int]]:
        """Indices of the packets, by talk spurt."""
        spurts: list[list[int]] = []
        for index, (_, packet) in enumerate(self.packets):
            if packet.marker or not spurts:
                spurts.append([])
            spurts[-1].append(index)
        return spurts


def voice(rng: np.random.Generator, ms: float) -> bytes:
    """Noise of which every sample is loud."""
    count = ms_to_samples(ms)
    sizes = rng.integers(LOUD_MIN, LOUD_MAX, count) * rng.choice((-1, 1), count)
    return sizes.astype("<i2").tobytes()


def hush(rng: np.random.Generator, ms: float) -> bytes:
    return (HUSH * rng.choice((-1, 1), ms_to_samples(ms))).astype("<i2").tobytes()


def starts(events: list[FloorEvent]) -> dict[str, int]:
    """The RTP time at which each turn started."""
    return {event.turn: event.rtp_timestamp for event in events if isinstance(event, PlayoutStarted)}


def check_the_stream(stage: Stage, late_max_s: float = 1e-4, whole: bool = True) -> None:
    """RTP as RFC 3550 section 5.1 and RFC 7587 want it, RTP time = session clock, one silent packet a spurt.

    `whole` is False where the loop stalled so long that a spurt was broken off and moved.
    """
    before = None
    for time, packet in stage.packets:
        assert packet.timestamp == stage.clock.rtp_timestamp(packet.position)
        assert -HURRY_S - 1e-4 <= time - stage.clock.time_of(packet.position) <= late_max_s
        if before is None:
            assert packet.marker
        else:
            assert packet.sequence_number == (before.sequence_number + 1) & 0xFFFF
            step = packet.position - before.position
            assert step == FRAME_SAMPLES or (packet.marker and step > FRAME_SAMPLES)
            ended = before.level_dbov == -127 and not any(before.payload)
            assert packet.marker == ended or (packet.marker and not whole)
        before = packet
    if before is not None:
        assert before.level_dbov == -127
