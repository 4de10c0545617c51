"""Incoming RTP packets back in order, without waiting longer than it is worth.

Nothing is played from here, so a packet in order leaves at once; only a hole makes the ones after it
wait, and only until patience ends. Pure: time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass

PATIENCE_S = 0.04
"""How long a hole is waited for at first; late packets raise it, true losses lower it."""
PATIENCE_MIN_S, PATIENCE_MAX_S = 0.02, 0.1
_RAISE, _LOWER = 1.5, 0.95
JUMP_MAX = 1000
"""A farther jump of the sequence number is another stream (RFC 3550 appendix A.1)."""
_LATE_RUN_MAX = 10
"""So many late packets in a row are a stream that began anew a little behind."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A packet in order."""

    payload: bytes
    timestamp: int
    lost: int
    """Packets given up just before this one."""
    restarted: bool
    """First of a stream: its timestamp says nothing about what came before."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    payload: bytes
    timestamp: int
    arrival: float


class JitterBuffer:
    def __init__(self) -> None:
        self.patience_s = PATIENCE_S
        self._waiting: dict[int, _Waiting] = {}
        self._next: int | None = None
        """The sequence number expected, unwrapped."""
        self._restarted = True
        self._late_run = 0

    def reset(self) -> None:
        """Another stream begins."""
        self._waiting.clear()
        self._next = None
        self._restarted = True
        self._late_run = 0

    def put(self, payload: bytes, sequence_number: int, timestamp: int, now: float) -> None:
        """Take a packet (16-bit sequence number, 32-bit RTP timestamp). The late and doubles are dropped."""
        number = self._unwrap(sequence_number)
        if self._next is not None and number < self._next:
            self._late_run += 1
            self.patience_s = min(PATIENCE_MAX_S, self.patience_s * _RAISE)
            if self._late_run < _LATE_RUN_MAX:
                return
            self.reset()
        self._late_run = 0
        if self._next is None:
            self._next = number
        self._waiting.setdefault(number, _Waiting(payload, timestamp, now))

    def pop(self, now: float) -> list[Ordered]:
        """All packets whose turn has come, in order."""
        ordered = []
        while self._waiting and self._next is not None:
            number = min(self._waiting)
            lost = number - self._next
            if lost and now < self._waiting[number].arrival + self.patience_s:
                break
            if lost:
                self.patience_s = max(PATIENCE_MIN_S, self.patience_s * _LOWER)
            packet = self._waiting.pop(number)
            self._next = number + 1
            ordered.append(Ordered(packet.payload, packet.timestamp, lost, self._restarted))
            self._restarted = False
        return ordered

    @property
    def deadline(self) -> float | None:
        """When the hole in front will be given up; None when nothing waits."""
        if not self._waiting:
            return None
        return self._waiting[min(self._waiting)].arrival + self.patience_s

    def _unwrap(self, sequence_number: int) -> int:
        if self._next is None:
            return sequence_number + (1 << 16)
        ahead = ((sequence_number - self._next + 0x8000) & 0xFFFF) - 0x8000
        if abs(ahead) > JUMP_MAX:
            self.reset()
            return sequence_number + (1 << 16)
        return self._next + ahead
