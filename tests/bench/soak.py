"""Hours of sessions: no cost may grow with their age.

`python -m tests.bench.soak --minutes 60` (also a section of `tests.bench.run`, on demand). The sessions open
the page's data channel and say what a page says, else nobody would be there and they would end.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import time
from collections.abc import Sequence

import numpy as np

from tests.bench.crowd import Plan
from tests.bench.meter import cpu_s, descriptors, rss_mib, threads
from tests.bench.servers import KNOWN, PAGE, BenchError, Row, Running, running

SESSIONS = 20
SAMPLES = 120
EVENTS_KEPT = 1000
"""The log of the bench itself must not be what grows."""
QUANTITIES = ("rss_mib", "tasks", "threads", "descriptors", "cpu")
Sample = dict[str, float]


async def soak(minutes: float, sessions: int = SESSIONS) -> Row:
    """One long run of the product. Raises BenchError."""
    samples: list[Sample] = []
    async with running(KNOWN[PAGE], "--keep-events", str(EVENTS_KEPT)) as standing:
        plan = Plan("", sessions, seconds=minutes * 60, keep=False)
        crowd = asyncio.create_task(standing.measure(plan))
        begin_s = time.monotonic()
        before_s = sum(cpu_s(standing.pid))
        every_s = max(1.0, minutes * 60 / SAMPLES)
        while not (await asyncio.wait({crowd}, timeout=every_s))[0]:
            samples.append(await _sample(standing, begin_s))
        row = await crowd
    samples = [sample for sample in samples if sample["minute"] <= minutes]  # not of the crowd's farewell
    _cpu_shares(samples, before_s)
    return {
        "section": "soak",
        "server": standing.server.name,
        "date": datetime.date.today().isoformat(),
        "sessions": sessions,
        "minutes": minutes,
        "samples": samples,
        "slopes": {name: slope_per_hour(samples, name) for name in QUANTITIES},
        **row,
    }


async def _sample(standing: Running, begin_s: float) -> Sample:
    """After a collection of garbage, which `health` makes."""
    health = await standing.health()
    return {
        "minute": round((time.monotonic() - begin_s) / 60, 3),
        "rss_mib": round(rss_mib(standing.pid), 2),
        "tasks": health.get("tasks", 0),
        "threads": threads(standing.pid),
        "descriptors": descriptors(standing.pid),
        "cpu": round(sum(cpu_s(standing.pid)), 2),
    }


def _cpu_shares(samples: list[Sample], before_s: float) -> None:
    """From seconds so far to the share of a core since the sample before."""
    minute = 0.0
    for sample in samples:
        total_s, passed_s = sample["cpu"], (sample["minute"] - minute) * 60
        sample["cpu"] = round((total_s - before_s) / max(passed_s, 0.1), 4)
        before_s, minute = total_s, sample["minute"]


def slope_per_hour(samples: Sequence[Sample], name: str) -> float | None:
    """The least-squares slope over the last two thirds: what fills up at first is no growth."""
    settled = samples[len(samples) // 3 :]
    if len(settled) < 2:
        return None
    hours = np.array([sample["minute"] / 60 for sample in settled])
    values = np.array([sample[name] for sample in settled])
    return round(float(np.polyfit(hours, values, 1)[0]), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    given = parser.parse_args()
    try:
        row = asyncio.run(soak(given.minutes, given.sessions))
    except BenchError as error:
        raise SystemExit(str(error)) from error
    print(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()
