"""How often one client may do a thing: a token bucket per address, refusing with 429 and Retry-After."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from server.errors import Code, Problem

MAX_CLIENTS = 4096


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_s` a second."""

    burst: int
    per_s: float


class Bucket:
    """One token bucket. Times are the event loop's, in seconds."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._level = float(rate.burst)
        self._at = now

    def take(self, now: float) -> float:
        """Take one; 0.0 when it was there, else the seconds until the next one is (nothing is taken then)."""
        self._level = min(self._rate.burst, self._level + (now - self._at) * self._rate.per_s)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return 0.0
        return (1 - self._level) / self._rate.per_s


def refuse(wait_s: float) -> None:
    """Raises Problem 429 unless `wait_s` is 0."""
    if wait_s:
        raise Problem(Code.TOO_MANY, headers={"Retry-After": str(math.ceil(wait_s))})


class Limiter:
    """A bucket per client; the least recently seen are forgotten beyond 4096."""

    def __init__(self, rate: Rate, now: Callable[[], float]) -> None:
        self._rate = rate
        self._now = now
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def check(self, client: str) -> None:
        """Count one request of this client. Raises Problem 429."""
        now = self._now()
        bucket = self._buckets.setdefault(client, Bucket(self._rate, now))
        self._buckets.move_to_end(client)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        refuse(bucket.take(now))
