"""Rows of results, and how a figure of them is shown. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from tests.bench.servers import KNOWN, PEERS, Row

NOISY_CPU = 0.4
"""Foreign load from which on a row judges the machine: it is marked."""
NOISE = "*"
UNKNOWN = "–"
Rows = Sequence[Row]


def rows_of(rows: Rows, section: str, server: str | None = None) -> list[Row]:
    return [row for row in rows if row["section"] == section and server in (None, row["server"])]


def of_server(rows: Rows, server: str) -> list[Row]:
    return [row for row in rows if row["server"] == server]


def servers(rows: Rows) -> list[str]:
    """Ours first, then the other makers', then what was brought along."""
    known = [name for name in KNOWN if name not in PEERS] + list(PEERS)
    names = {str(row["server"]) for row in rows}
    return [name for name in known if name in names] + sorted(names - set(known))


def figure_of(row: Row, name: str) -> float | None:
    figures = cast("dict[str, float | None] | None", row.get("figures"))
    return figures[name] if figures else None


def cost_of(row: Row, name: str) -> float:
    return cast("dict[str, float]", row["cost"])[name]


def cpu_of(row: Row) -> float:
    return cost_of(row, "cpu")


def cpu_per_session(row: Row) -> float:
    return cost_of(row, "cpu") / max(1, cast(int, row["connected"]))


def memory_per_session(row: Row) -> float:
    return (cost_of(row, "rss_mib") - cast(float, row["rss_before_mib"])) / max(
        1, cast(int, row["connected"])
    )


def each(rows: Rows, value: Callable[[Row], float]) -> list[float]:
    return [value(row) for row in rows if "error" not in row]


def median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def as_share(value: float) -> str:
    return f"{value:.3%}"


def in_percent(rows: Rows, name: str) -> str:
    return spread([cost_of(row, name) for row in rows], lambda share: f"{share:.1%}")


def in_ms(rows: Rows, name: str) -> str:
    return spread([figure_of(row, name) for row in rows], lambda value: f"{value:.1f} ms")


def spread(values: Iterable[float | None], shown: Callable[[float], str]) -> str:
    """The median of the repeats, and behind it their ends when they differ."""
    known = [value for value in values if value is not None]
    if not known:
        return UNKNOWN
    ends = [shown(min(known)), shown(max(known))]
    middle = shown(statistics.median(known))
    return middle if ends[0] == ends[1] else f"{middle} ({ends[0]} … {ends[1]})"


def noise_of(rows: Rows) -> str:
    """The highest foreign load of the runs, marked when it was too much."""
    most = max((cost_of(row, "foreign_cpu") for row in rows if "cost" in row), default=0.0)
    return f"{most:.0%}{NOISE if most > NOISY_CPU else ''}"


def date_of(rows: Rows) -> str:
    return max((str(row["date"]) for row in rows), default=UNKNOWN)


def table(title: str, note: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return ""
    rows = [head, ["---"] * len(head), *lines]
    cells = "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows)
    return f"## {title}\n\n{note}\n\n{cells}\n" if note else f"## {title}\n\n{cells}\n"
