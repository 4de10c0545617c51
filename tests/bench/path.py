"""One direction of a bad network, as arithmetic: a datagram comes in at `now` and leaves later, or never.

Pure: time is an argument and chance has a seed, so that a run can be repeated and a test needs no clock.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

HEADER_BYTES = 28
"""IPv4 and UDP: what a link carries beside the payload."""
QUEUE_BYTES = 4_000
"""A modem's queue: 320 ms at 100 kbit/s."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """How bad one direction is."""

    loss: float = 0.0
    """Share of the RTP and RTCP packets that vanish, each by its own chance (0 to 1)."""
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Added to the delay, evenly spread between 0 and this."""
    reorders: bool = False
    """Whether jitter may let a packet overtake another."""
    rate_bps: int = 0
    """Bits a second with IP and UDP headers, of everything; 0 for no limit."""
    burst_bytes: int = 0
    """What may pass at once after a pause: the depth of the token bucket. A modem has none."""
    queue_bytes: int = QUEUE_BYTES
    """What waits for the rate limit at most; more is dropped at its tail."""


def is_media(datagram: bytes) -> bool:
    """RTP or RTCP, by its first byte (RFC 7983 section 7)."""
    return bool(datagram) and 128 <= datagram[0] <= 191


def is_rtp(datagram: bytes) -> bool:
    """RTP alone: RTCP's packet types are 192 to 223 (RFC 5761 section 4)."""
    return len(datagram) >= 12 and is_media(datagram) and not 192 <= datagram[1] <= 223


class Bottleneck:
    """A rate limit with a bounded queue before it: a token bucket, counted in seconds of sending time."""

    def __init__(self) -> None:
        self._free_at = float("-inf")

    def pass_at(self, size_bytes: int, now: float, conditions: Conditions) -> float | None:
        """When the last bit of `size_bytes` is through; None when the queue is full."""
        if not conditions.rate_bps:
            return now
        bits_per_second = conditions.rate_bps
        start = max(self._free_at, now - conditions.burst_bytes * 8 / bits_per_second)
        if (start - now) * bits_per_second / 8 > conditions.queue_bytes:
            return None
        self._free_at = start + size_bytes * 8 / bits_per_second
        return max(now, self._free_at)


class Path:
    """One direction. Its conditions may change at any time."""

    def __init__(self, seed: int, conditions: Conditions | None = None) -> None:
        self.conditions = conditions or Conditions()
        self._losses = random.Random(f"losses {seed}")
        self._delays = random.Random(f"delays {seed}")
        self._bottleneck = Bottleneck()
        self._last_due = float("-inf")
        self._burst_packets = 0
        self._burst_until = float("-inf")

    def lose_packets(self, count: int) -> None:
        """The next `count` media packets vanish."""
        self._burst_packets = count

    def lose_until(self, when: float) -> None:
        """All media packets before `when` vanish."""
        self._burst_until = when

    def due(self, datagram: bytes, now: float) -> float | None:
        """When the datagram leaves, `now` at the earliest; None when it is lost."""
        if is_media(datagram) and self._vanishes(now):
            return None
        conditions = self.conditions
        through = self._bottleneck.pass_at(len(datagram) + HEADER_BYTES, now, conditions)
        if through is None:
            return None
        wait_ms = conditions.delay_ms
        if conditions.jitter_ms:
            wait_ms += self._delays.uniform(0, conditions.jitter_ms)
        due = through + wait_ms / 1000
        if not conditions.reorders:
            due = max(due, self._last_due)
        self._last_due = due
        return due

    def _vanishes(self, now: float) -> bool:
        """Chance is drawn for every packet, so that a burst does not move the losses after it."""
        by_chance = self._losses.random() < self.conditions.loss
        if self._burst_packets:
            self._burst_packets -= 1
            return True
        return by_chance or now < self._burst_until
