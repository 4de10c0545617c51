"""`docs/benchmarks.md` and its plot from the rows of the last runs. Pure but for `write`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import cast

from tests.bench import tables
from tests.bench.capacity import LATENESS_MAX_MS, SPACING_MAX_MS
from tests.bench.cells import Rows, cost_of, figure_of, least, rows_of, servers
from tests.bench.plot import Panel, drawn
from tests.bench.servers import Row

TABLES = (
    tables.capacity_table,
    tables.at_twenty_table,
    tables.latency_table,
    tables.content_table,
    tables.switches_table,
    tables.floor_table,
    tables.split_table,
    tables.fanout_table,
    tables.engine_table,
    tables.soak_table,
)
METHOD = Path(__file__).with_name("method.md")
HEAD = """# Benchmarks

What `make bench` measured: the product's own session path beside other servers, in one run on one machine.
This page is written by the run (from `benchmarks.json`); do not edit it. `make bench-quick` takes six
minutes and only prints; `.venv/bin/python -m tests.bench.run SECTION ...` repeats a part.

{machine}

![Sessions against spacing, lateness and CPU](benchmarks.svg)
"""


def merged(known: Rows, fresh: Rows) -> list[Row]:
    """A section's fresh rows of a server stand in place of its known ones."""
    measured = {_place(row) for row in fresh}
    return [row for row in known if _place(row) not in measured] + list(fresh)


def _place(row: Row) -> tuple[str, str]:
    return str(row["section"]), str(row["server"])


def page(rows: Rows) -> str:
    made = [table(rows) for table in TABLES]
    parts = [HEAD.format(machine=_machine()), *made, METHOD.read_text(encoding="utf-8")]
    return "\n".join(part for part in parts if part)


def plot(rows: Rows) -> str:
    climbed = [row for row in rows_of(rows, "capacity") if "error" not in row]

    def lines(value: Callable[[Row], float | None]) -> dict[str, list[tuple[float, float]]]:
        found: dict[str, list[tuple[float, float]]] = {}
        for name in servers(climbed):
            own = [row for row in climbed if row["server"] == name]
            steps = sorted({cast(int, row["sessions"]) for row in own})
            best = [(step, least(value(row) for row in own if row["sessions"] == step)) for step in steps]
            found[name] = [(step, figure) for step, figure in best if figure is not None]
        return found

    return drawn(
        [
            Panel(
                "Packet spacing error, p99",
                "ms",
                lines(lambda r: figure_of(r, "spacing_p99_ms")),
                SPACING_MAX_MS,
            ),
            Panel("Lateness, p99", "ms", lines(lambda r: figure_of(r, "lateness_p99_ms")), LATENESS_MAX_MS),
            Panel("CPU of the server", "% of a core", lines(lambda r: 100 * cost_of(r, "cpu")), 100.0),
        ]
    )


def write(docs: Path, fresh: Rows) -> None:
    """Put the rows among those of earlier runs, and write all three files."""
    docs.mkdir(parents=True, exist_ok=True)
    file = docs / "benchmarks.json"
    known: list[Row] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    rows = merged(known, fresh)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    (docs / "benchmarks.md").write_text(page(rows), encoding="utf-8")
    (docs / "benchmarks.svg").write_text(plot(rows), encoding="utf-8")


def _machine() -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"Machine: {os.cpu_count()} cores ({model}), {system}."
