"""`make bench`: the product beside other servers, on one core, in one run.

`python -m tests.bench.run [SECTION ...] [--quick] [--servers a,b] [--extern NAME="command"]`. A full run
takes half an hour and writes `docs/benchmarks.{md,json,svg}`; `--quick` takes six minutes and prints the
page. Run it alone: it uses both cores. An extern command gets `--port N` and speaks the wire of
`tests/bench/front.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path

from tests.bench import report, soak
from tests.bench.sections import ON_DEMAND, QUICK, SECTIONS, Bench
from tests.bench.servers import KNOWN, PAGE, ROOT, TRACK, BenchError, Row, Server, extern

SOAK = "soak"
ALL = (*SECTIONS, *ON_DEMAND, SOAK)


async def measure(sections: list[str], bench: Bench, minutes: float) -> list[Row]:
    rows: list[Row] = []
    for name in sections:
        begin_s = time.monotonic()
        rows += await _soaked(minutes) if name == SOAK else await (SECTIONS | ON_DEMAND)[name](bench)
        print(f"{name} took {time.monotonic() - begin_s:.0f} s", file=sys.stderr, flush=True)
    return rows


async def _soaked(minutes: float) -> list[Row]:
    try:
        return [await soak.soak(minutes)]
    except BenchError as error:
        print(f"soak: {error}", file=sys.stderr)
        return []


def chosen(names: str, brought: list[Server], quick: bool) -> list[Server]:
    """The servers to measure: those named, or all that are installed. Raises KeyError for an unknown name."""
    wanted = [KNOWN[name] for name in names.split(",")] if names else list(KNOWN.values())
    if quick and not names:
        wanted = [server for server in wanted if server.name not in (PAGE, TRACK)]
    for server in wanted:
        if not server.installed:
            print(f"{server.name} is not installed (make bench-peers); going on without it", file=sys.stderr)
    return [server for server in wanted if server.installed] + brought


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(ALL))
    parser.add_argument("--quick", action="store_true", help="short windows, no repeats, no climb")
    parser.add_argument("--servers", default="", help="some of " + ", ".join(KNOWN))
    parser.add_argument("--extern", action="append", default=[], metavar="NAME=COMMAND", type=extern)
    parser.add_argument("--minutes", type=float, default=60.0, help="of the soak")
    parser.add_argument("--out", type=Path, help="the folder to write to; docs for a full run")
    given = parser.parse_args()
    sections = given.sections or list(QUICK if given.quick else SECTIONS)
    if unknown := set(sections) - set(ALL):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    if unknown := set(filter(None, given.servers.split(","))) - set(KNOWN):
        parser.error(f"no such server: {', '.join(sorted(unknown))}")
    bench = Bench(chosen(given.servers, given.extern, given.quick), given.quick)
    rows = asyncio.run(measure(sections, bench, given.minutes))
    out = given.out or (None if given.quick else ROOT / "docs")
    if out is None:
        print(report.page(rows))
    else:
        report.write(out, rows)
        print(f"written: {out / 'benchmarks.md'}")


if __name__ == "__main__":
    main()
