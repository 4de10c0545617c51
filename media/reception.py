"""What a receiver report says of one source: how many packets came, how many did not, how evenly."""

from __future__ import annotations

from dataclasses import dataclass

from media.clock import RTP_RATE_HZ

RESTART_JUMP = 3000
"""A farther jump of the sequence number is a source that began anew (RFC 3550 appendix A.1, MAX_DROPOUT)."""
_LOST_MIN, _LOST_MAX = -(1 << 23), (1 << 23) - 1


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """RFC 3550 section 6.4.1, its fields in the units of the wire."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    lsr: int
    dlsr: int


class Reception:
    """The books on one SSRC. `now` is the event loop's time in seconds."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.received = 0
        self._base: int | None = None
        self._highest = 0
        """Extended by the wraps (RFC 3550 appendix A.1)."""
        self._jitter = 0.0
        self._last_timestamp = 0
        self.last_arrival = 0.0
        self._expected_before = 0
        self._received_before = 0
        self._sender_report: tuple[int, float] | None = None

    def add(self, sequence_number: int, timestamp: int, now: float) -> None:
        """Count a packet that arrived at `now`."""
        ahead = ((sequence_number - self._highest + 0x8000) & 0xFFFF) - 0x8000
        if self._base is None or not -RESTART_JUMP < ahead < RESTART_JUMP:
            self._begin(sequence_number)
        elif ahead > 0:
            self._highest += ahead
            ticks = ((timestamp - self._last_timestamp + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
            late = abs((now - self.last_arrival) * RTP_RATE_HZ - ticks)
            self._jitter += (late - self._jitter) / 16  # RFC 3550 section 6.4.1
        self.received += 1
        if ahead > 0 or self.received == 1:
            self._last_timestamp, self.last_arrival = timestamp, now

    def sender_report(self, ntp_timestamp: int, now: float) -> None:
        """The source's Sender Report came: its middle 32 bits of NTP time go into our next report."""
        self._sender_report = ((ntp_timestamp >> 16) & 0xFFFFFFFF, now)

    @property
    def expected(self) -> int:
        return 0 if self._base is None else self._highest - self._base + 1

    @property
    def lost(self) -> int:
        """Negative when more came than were sent: doubles count."""
        return self.expected - self.received

    def report(self, now: float) -> ReportBlock:
        """The block for a report that is sent now; `fraction_lost` is since the last one (appendix A.3)."""
        expected = self.expected - self._expected_before
        lost = expected - (self.received - self._received_before)
        self._expected_before, self._received_before = self.expected, self.received
        lsr, since = self._sender_report or (0, now)
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0,
            packets_lost=max(_LOST_MIN, min(_LOST_MAX, self.lost)),
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=int(self._jitter),
            lsr=lsr,
            dlsr=min(0xFFFFFFFF, int((now - since) * 65536)) if lsr else 0,
        )

    def _begin(self, sequence_number: int) -> None:
        self._base = self._highest = sequence_number
        self.received = self._expected_before = self._received_before = 0
