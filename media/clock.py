"""The session's sample clock: one count of 24 kHz samples from the session's start, and RTP time with it."""

from __future__ import annotations

import secrets

from media.pcm import SAMPLE_RATE_HZ

RTP_RATE_HZ = 48_000
"""Opus counts RTP time at 48 kHz whatever it codes (RFC 7587 section 4.1)."""
RTP_TICKS_PER_SAMPLE = RTP_RATE_HZ // SAMPLE_RATE_HZ
_WRAP = 1 << 32


class SessionClock:
    """Positions are samples since the start; `now` is the event loop's time in seconds."""

    def __init__(self, start: float, rtp_origin: int | None = None) -> None:
        """`rtp_origin` is the RTP timestamp of position 0, random by default (RFC 3550 section 5.1)."""
        self.start = start
        self.rtp_origin = secrets.randbits(32) if rtp_origin is None else rtp_origin % _WRAP

    def position(self, now: float) -> int:
        return round((now - self.start) * SAMPLE_RATE_HZ)

    def time_of(self, position: int) -> float:
        return self.start + position / SAMPLE_RATE_HZ

    def rtp_timestamp(self, position: int) -> int:
        return (self.rtp_origin + position * RTP_TICKS_PER_SAMPLE) % _WRAP

    def rtp_timestamp_at(self, now: float) -> int:
        """RTP time at any instant, between samples too (for Sender Reports)."""
        return (self.rtp_origin + round((now - self.start) * RTP_RATE_HZ)) % _WRAP

    def position_of_rtp(self, rtp_timestamp: int, near: int) -> int:
        """The position that carries `rtp_timestamp`, of all wraps the one nearest to `near`."""
        ticks = (rtp_timestamp - self.rtp_timestamp(near)) % _WRAP
        if ticks >= _WRAP // 2:
            ticks -= _WRAP
        return near + ticks // RTP_TICKS_PER_SAMPLE
