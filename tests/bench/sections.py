"""What one benchmark measures, section by section; within each the servers take turns.

A section returns rows: a crowd's Report with the section, server, plan and date around it, or an `error`
where a server did not do its part.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

from tests.bench.capacity import Climb, healthy, hopeless
from tests.bench.crowd import Plan
from tests.bench.meter import cpu_s
from tests.bench.servers import (
    BESIDE,
    KNOWN,
    PAGE,
    PRODUCT,
    ROOT,
    TEXTBOOK,
    TRACK,
    BenchError,
    Row,
    Server,
    measured,
    running,
)
from tests.bench.split import split
from tests.server.processes import descendants

FEW = 3
"""Sessions where latencies are measured: so few that no server is short of time."""
AGAIN_AT = 20
FLOOR_SESSIONS, TEXTBOOK_SESSIONS = 40, 10
SPECTATORS = 20
LONG_S = 600.0
SPLIT_S = 8.0
WITH_ENGINE = (1, 2, 4, 8)
ENGINE_SETTLE_S = 12.0
"""The engine starts and its voices are loaded."""


@dataclass(frozen=True, slots=True)
class Bench:
    servers: Sequence[Server]
    quick: bool = False

    @property
    def window_s(self) -> float:
        return 8.0 if self.quick else 12.0

    @property
    def repeats(self) -> int:
        return 1 if self.quick else 2

    def without(self, *names: str) -> list[Server]:
        return [server for server in self.servers if server.name not in names]

    def ours(self) -> list[Server]:
        """The product, and what was brought along to be compared with it."""
        return [
            server for server in self.servers if server.name in (PRODUCT, PAGE) or server.name not in KNOWN
        ]

    def has(self, name: str) -> bool:
        return any(server.name == name for server in self.servers)


async def latency(bench: Bench) -> list[Row]:
    """First audio and flush."""
    return [
        await _measured("latency", server, Plan("", FEW, mode, bench.window_s))
        for _ in range(bench.repeats)
        for mode in ("latency", "interrupt")
        for server in bench.without(PAGE, TRACK)
    ]


async def content(bench: Bench) -> list[Row]:
    """Whether what is sent is what was handed over."""
    plan = Plan("", 1, "chirp", 15.0, settle_s=0.0)
    return [await _measured("content", server, plan) for server in bench.without(PAGE)]


async def capacity(bench: Bench) -> list[Row]:
    """Every server climbs the same ladder; then all are measured at 20 once more, for the spread.

    The product's public way only takes the first steps: it is there for its cost.
    """
    rows: list[Row] = []
    climbs = [(server, Climb(search=not bench.quick and server.name != TRACK)) for server in bench.servers]
    while any(climb.next_step() for _, climb in climbs):
        for server, climb in climbs:
            step = climb.next_step()
            if step is not None:
                rows.append(await _measured("capacity", server, Plan("", step, seconds=bench.window_s)))
                climb.took(step, healthy(rows[-1]), hopeless(rows[-1]))
    if not bench.quick:
        again = Plan("", AGAIN_AT, seconds=bench.window_s)
        rows += [await _measured("again", server, again) for server in bench.servers]
    return rows


async def switches(bench: Bench) -> list[Row]:
    """Another persona every 3 s, by 20 sessions: our own and those that were brought along."""
    plan = Plan("", AGAIN_AT, "switch", bench.window_s)
    servers = [
        server for server in bench.servers if server.name in (PRODUCT, PAGE) or server.name not in KNOWN
    ]
    return [await _measured("switches", server, plan) for _ in range(bench.repeats) for server in servers]


async def long(bench: Bench) -> list[Row]:
    """The same for ten minutes, our own, with pages: a session whose page says nothing ends after a while."""
    plan = Plan("", AGAIN_AT, "switch", LONG_S)
    return [await _measured("long", KNOWN[PAGE], plan)] if bench.has(PAGE) else []


async def floor(bench: Bench) -> list[Row]:
    """The primitives, before and after each round of 40 sessions, and where the CPU time goes."""
    plan = Plan("", FLOOR_SESSIONS, seconds=bench.window_s)
    rows = await _primitives()
    for _ in range(bench.repeats):
        rows += [await _measured("floor", server, plan) for server in bench.ours()]
        rows += await _primitives()
    if not bench.quick:
        splits = {PRODUCT: FLOOR_SESSIONS, TEXTBOOK: TEXTBOOK_SESSIONS}
        rows += [await _split(KNOWN[name], splits[name]) for name in splits if bench.has(name)]
    return rows


async def fanout(bench: Bench) -> list[Row]:
    """One session with 20 spectators against 20 sessions."""
    plans = (
        Plan("", 1, seconds=bench.window_s, spectators=SPECTATORS),
        Plan("", SPECTATORS, seconds=bench.window_s),
    )
    if not bench.has(PRODUCT):
        return []
    return [await _measured("fanout", KNOWN[PRODUCT], plan) for _ in range(bench.repeats) for plan in plans]


async def engine(bench: Bench) -> list[Row]:
    """The product and its embedded engine together on one core."""
    return [await _beside(sessions, 2 * bench.window_s) for sessions in WITH_ENGINE if bench.has(PRODUCT)]


async def _beside(sessions: int, seconds: float) -> Row:
    """`engine_cpu`: of all that the server's process started, as a share of a core."""
    head = _head("engine", BESIDE.name) | {"mode": "idle", "sessions": sessions, "spectators": 0}
    try:
        async with running(BESIDE) as standing:
            plan = Plan("", sessions, "idle", seconds, settle_s=ENGINE_SETTLE_S)
            crowd = asyncio.create_task(standing.measure(plan))
            await asyncio.sleep(ENGINE_SETTLE_S + seconds / 4)
            before_s = _family_cpu_s(standing.pid)
            await asyncio.sleep(seconds / 2)
            engine_cpu = (_family_cpu_s(standing.pid) - before_s) / (seconds / 2)
            row = head | await crowd | {"engine_cpu": round(engine_cpu, 4)}
    except BenchError as error:
        row = head | {"failed": sessions, "closed": 0, "error": str(error)[-500:]}
    print(_spoken(row), file=sys.stderr, flush=True)
    return row


def _family_cpu_s(pid: int) -> float:
    return sum(sum(cpu_s(child)) for child in descendants(pid))


SECTIONS: dict[str, Callable[[Bench], Awaitable[list[Row]]]] = {
    "latency": latency,
    "content": content,
    "capacity": capacity,
    "switches": switches,
    "floor": floor,
    "fanout": fanout,
    "engine": engine,
}
ON_DEMAND = {"long": long}
QUICK = ("latency", "capacity", "floor", "fanout")


async def _measured(section: str, server: Server, plan: Plan) -> Row:
    """One run as a row; a server that fails has an `error` in it."""
    head = _head(section, server.name) | {
        "mode": plan.mode,
        "sessions": plan.sessions,
        "spectators": plan.spectators,
    }
    try:
        row = head | await measured(server, plan)
    except BenchError as error:
        row = head | {"failed": plan.sessions, "closed": 0, "error": str(error)[-500:]}
    print(_spoken(row), file=sys.stderr, flush=True)
    return row


async def _primitives() -> list[Row]:
    """What they cost in a loop, and at the pace of forty sessions."""
    return [await _floor_row("primitives", "micro"), await _floor_row("paced", "paced")]


async def _floor_row(name: str, module: str) -> Row:
    micro = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.bench.{module}", stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    output, _ = await micro.communicate()
    row = _head("floor", name) | cast("Row", json.loads(output))
    print(f"floor {name}: {cast(float, row['floor']):.3%} of a core", file=sys.stderr, flush=True)
    return row


async def _split(server: Server, sessions: int) -> Row:
    """Not one of the measured runs: perf takes its share."""
    head = _head("split", server.name) | {"sessions": sessions}
    try:
        async with running(server) as standing:
            plan = Plan("", sessions, seconds=SPLIT_S + 4)
            crowd = asyncio.create_task(standing.measure(plan))
            await asyncio.sleep(plan.settle_s + 2 + sessions * 0.06)
            shares = await split(standing.pid, SPLIT_S)
            cost = (await crowd)["cost"]
    except BenchError as error:
        return head | {"error": str(error)[-500:]}
    return head | {"split": shares, "cost": cost}


def _head(section: str, server: str) -> Row:
    return {"section": section, "server": server, "date": datetime.date.today().isoformat()}


def _spoken(row: Row) -> str:
    """One line of progress."""
    place = f"{row['section']} {row['server']} {row['mode']} {row['sessions']}"
    if "error" in row:
        return f"{place}: {str(row['error']).strip().splitlines()[-1]}"
    cost = cast("dict[str, float]", row["cost"])
    figures = cast("dict[str, float | None]", row["figures"])
    shown = ("spacing_p99_ms", "lateness_p99_ms", "first_audio_p50_ms", "flush_p50_ms", "missing")
    said = ", ".join(f"{name} {figures[name]:g}" for name in shown if figures[name] is not None)
    verdict = "healthy" if healthy(row) else "NOT healthy"
    return f"{place}: CPU {cost['cpu']:.1%} (foreign {cost['foreign_cpu']:.0%}), {said}, {verdict}"
