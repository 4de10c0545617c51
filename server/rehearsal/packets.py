"""RTP packets as the listener got them, and the sound that they make on the RTP clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.opus import Decoder, OpusError
from media.pcm import AUDIBLE_PEAK

RTP_HZ = 48_000
PCM_HZ = 24_000
STEP = 960
"""RTP time of one 20 ms packet."""

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Packet:
    """`sequence` and `timestamp` are unwrapped: they only grow. `arrival_s` is the event loop's time."""

    arrival_s: float
    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """A Sender Report (RFC 3550 section 6.4.1): the server's session clock, on RTP time, as it was sent.

    `timestamp` is unwrapped like the packets'; `arrival_s` is the event loop's time.
    """

    arrival_s: float
    timestamp: int


def unwrap(value: int, last: int | None, modulus: int) -> int:
    """The unwrapped counter nearest to `last` (RFC 3550, section A.1); the first one stays as it is."""
    if last is None:
        return value
    step = (value - last) % modulus
    return last + (step if step < modulus // 2 else step - modulus)


@dataclass(frozen=True, slots=True)
class Sound:
    """PCM16 24 kHz from RTP time `start` on; silence where no packet came."""

    start: int
    pcm: Samples

    def index(self, rtp_timestamp: int) -> int:
        """Where a timestamp of the wire (32 bit) lies in `pcm`; may be before its start."""
        return (unwrap(rtp_timestamp, self.start, 1 << 32) - self.start) // 2

    def audible(self, first: int, end: int) -> tuple[int, int] | None:
        """Indices of the first and the last audible sample of pcm[first:end], None when it is silent."""
        first = max(0, first)
        loud = np.flatnonzero(np.abs(self.pcm[first:end].astype(np.int32)) >= AUDIBLE_PEAK)
        return (first + int(loud[0]), first + int(loud[-1])) if loud.size else None


def decode(packets: list[Packet]) -> Sound:
    """Each packet once, at its own RTP time. A packet that cannot be decoded is silent."""
    if not packets:
        return Sound(0, np.zeros(0, np.int16))
    ordered = sorted({packet.sequence: packet for packet in packets}.values(), key=lambda p: p.sequence)
    start = min(packet.timestamp for packet in ordered)
    length = (max(packet.timestamp for packet in ordered) - start + STEP * 6) // 2
    pcm = np.zeros(length, np.int16)
    decoder = Decoder()
    for packet in ordered:
        try:
            part = np.frombuffer(decoder.decode(packet.payload), np.int16)
        except OpusError:
            continue
        at = (packet.timestamp - start) // 2
        pcm[at : at + part.size] = part[: pcm.size - at]
    decoder.close()
    return Sound(start, pcm)
