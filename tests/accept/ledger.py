"""The committed figures: one row a test, kept until the test runs again."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, replace
from pathlib import Path

HEAD = """# Acceptance figures

What `make accept` measured: the real product, in real time, on one machine. Each row is the last run of its
test; one alone is repeated by `.venv/bin/python -m pytest -m accept --timeout 1200 tests/accept/<test>`.
This page is written by the run (from `acceptance.json`); do not edit it.

{machine}

| point | required | measured | passed | date | load | test |
|---|---|---|---|---|---|---|
"""

METHOD = Path(__file__).with_name("method.md")


@dataclass(frozen=True, slots=True)
class Row:
    """`load_percent` is below zero while it is not known."""

    test: str
    point: str
    required: str
    measured: str
    passed: bool
    date: str
    load_percent: float


def with_load(row: Row, percent: float) -> Row:
    return replace(row, load_percent=percent) if row.load_percent < 0 else row


def spoken(nodeid: str) -> str:
    """A test's name as a sentence."""
    return nodeid.rsplit("::", 1)[-1].removeprefix("test_").replace("_", " ").capitalize()


def write(docs: Path, rows: list[Row]) -> None:
    """Put the rows among those of earlier runs, by test, and write both files."""
    file = docs / "acceptance.json"
    known = {row.test: row for row in _read(file)} | {row.test: row for row in rows}
    ordered = [known[test] for test in sorted(known) if _exists(test)]
    docs.mkdir(exist_ok=True)
    text = json.dumps([asdict(row) for row in ordered], indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
    page = HEAD.format(machine=_machine()) + "".join(_line(row) for row in ordered)
    page += "\n" + METHOD.read_text(encoding="utf-8")
    (docs / "acceptance.md").write_text(page, encoding="utf-8")


def _exists(test: str) -> bool:
    """Whether the row's test is still there."""
    name, _, function = test.partition("::")
    file = METHOD.with_name(name)
    return file.exists() and f"def {function.partition('[')[0]}(" in file.read_text(encoding="utf-8")


def _read(file: Path) -> list[Row]:
    return [Row(**row) for row in json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []


def _line(row: Row) -> str:
    cells = (
        row.point,
        row.required,
        row.measured,
        "yes" if row.passed else "**no**",
        row.date,
        f"{row.load_percent:.0f} %",
        f"`{row.test}`",
    )
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |\n"


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"Machine: {os.cpu_count()} processors, {system}."
