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
_OLD_RUN_MAX = 10
"""So many packets in a row from before what was passed on are a stream that began anew a little behind."""
WAITING_MAX = 100
"""More than two seconds of packets behind one hole: it is given up, whatever the clock says."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A packet in order."""

    payload: bytes
    timestamp: int
    arrival: float
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
        self.late = 0
        """Packets that came after they were given up."""
        self._waiting: dict[int, _Waiting] = {}
        """In the order of arrival: the first says since when the hole in front is known."""
        self._given_up: set[int] = set()
        self._next: int | None = None
        """The sequence number expected, unwrapped."""
        self._restarted = True
        self._old_run = 0

    def reset(self) -> None:
        """Another stream begins."""
        self._waiting.clear()
        self._given_up.clear()
        self._next = None
        self._restarted = True
        self._old_run = 0

    def passes(self, sequence_number: int) -> bool:
        """Whether it is the next one and nothing waits; then it counts as passed on and need not be put."""
        expected = self._next
        if expected is None or self._waiting or sequence_number != expected & 0xFFFF:
            return False
        self._next = expected + 1
        self._old_run = 0
        return True

    def put(self, payload: bytes, sequence_number: int, timestamp: int, now: float) -> None:
        """Take a packet (16-bit sequence number, 32-bit RTP timestamp). The late and doubles are dropped."""
        number = self._unwrap(sequence_number)
        if self._next is not None and number < self._next and not self._restarts(number):
            return
        self._old_run = 0
        if self._next is None:
            self._next = number
        self._waiting.setdefault(number, _Waiting(payload, timestamp, now))

    def pop(self, now: float) -> list[Ordered]:
        """All packets whose turn has come, in order."""
        ordered = []
        while self._waiting and self._next is not None:
            number = min(self._waiting)
            lost = number - self._next
            if lost and now < self._hole_ends() and len(self._waiting) < WAITING_MAX:
                break
            if lost:
                self._give_up(number)
            packet = self._waiting.pop(number)
            self._next = number + 1
            ordered.append(Ordered(packet.payload, packet.timestamp, packet.arrival, lost, self._restarted))
            self._restarted = False
        return ordered

    @property
    def deadline(self) -> float | None:
        """When the hole in front will be given up; None when nothing waits."""
        return self._hole_ends() if self._waiting else None

    def _hole_ends(self) -> float:
        return next(iter(self._waiting.values())).arrival + self.patience_s

    def _give_up(self, number: int) -> None:
        """Everything before `number`. What is too old to be told from another stream is forgotten."""
        assert self._next is not None
        self.patience_s = max(PATIENCE_MIN_S, self.patience_s * _LOWER)
        self._given_up = {old for old in self._given_up if old >= number - JUMP_MAX}
        self._given_up.update(range(self._next, number))

    def _restarts(self, number: int) -> bool:
        """Whether this old packet is a new stream's, and neither a late one nor a double."""
        if number in self._given_up:
            self._given_up.remove(number)
            self.late += 1
            self.patience_s = min(PATIENCE_MAX_S, self.patience_s * _RAISE)
            return False
        self._old_run += 1
        if self._old_run < _OLD_RUN_MAX:
            return False
        self.reset()
        return True

    def _unwrap(self, sequence_number: int) -> int:
        if self._next is None:
            return sequence_number + (1 << 16)
        ahead = ((sequence_number - self._next + 0x8000) & 0xFFFF) - 0x8000
        if abs(ahead) > JUMP_MAX:
            self.reset()
            return sequence_number + (1 << 16)
        return self._next + ahead
