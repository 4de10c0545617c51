"""What the acceptance points share: sessions held once, and a ledger of what was measured.

Every test may `note` its point, what is required and what it measured; what it prints is taken otherwise.
At the end the figures are in `docs/acceptance.json`, and `docs/acceptance.md` shows them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import ledger
import pytest
import sessions
from machine import Load

_rows: dict[str, ledger.Row] = {}
_loads: dict[str, float] = {}


@pytest.fixture(scope="session")
def bakery() -> sessions.Held:
    """A whole session with spoken answers."""
    return sessions.hold("bakery", "answers-bakery.json")


@pytest.fixture(scope="session")
def repair() -> sessions.Held:
    """Another one, with other answers."""
    return sessions.hold("repair", "answers-repair.json")


@pytest.fixture(scope="session")
def yoga() -> sessions.Held:
    """A third one."""
    return sessions.hold("yoga", "answers-yoga.json")


@pytest.fixture(scope="session")
def crowd() -> list[sessions.Held]:
    """Three more, at the same time."""
    names = ("yoga", "bakery", "repair")
    return sessions.hold_together(*((f"crowd-{name}", f"answers-{name}.json") for name in names))


@pytest.fixture(scope="session")
def quarrels() -> list[sessions.Held]:
    """Two sessions at the same time, with given answers; the human talks over one turn after another."""
    options = ("--given", "--interrupt", str(sessions.TALKED_OVER))
    answers = {"talked-over": "answers-yoga.json", "talked-over-2": "answers-bakery.json"}
    return sessions.hold_together(*((name, file, *options) for name, file in answers.items()))


@pytest.fixture(scope="session")
def talked_over(quarrels: list[sessions.Held]) -> sessions.Held:
    """One of them."""
    return quarrels[0]


@pytest.fixture(scope="session")
def decided() -> sessions.Held:
    """A session with given answers in which the human says yes to the post, many times, and at last no."""
    return sessions.hold("decided", "answers-repair.json", "--given", "--decide", str(sessions.DECIDED))


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> sessions.Note:
    """Call it with `point`, `required`, `measured` and, of a session held before, its `load`."""

    def write(*, point: str, required: str, measured: str, load: float | None = None) -> None:
        print(f"{point}: {measured} (required: {required})")
        for name, value in (("point", point), ("required", required), ("measured", measured)):
            record_property(name, value)
        if load is not None:
            record_property("load", load)

    return write


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    load = Load()
    yield
    if item.nodeid in _rows:
        _rows[item.nodeid] = ledger.with_load(_rows[item.nodeid], load.percent())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "accept" not in report.keywords or not (report.when == "call" or report.failed):
        return
    said = dict(report.user_properties)
    today = datetime.date.today().isoformat()
    printed = "; ".join(report.capstdout.strip().splitlines()[-6:])
    load = said.get("load")
    _rows[report.nodeid] = ledger.Row(
        test=report.nodeid.removeprefix("tests/accept/"),
        point=str(said.get("point", "")) or ledger.spoken(report.nodeid),
        required=str(said.get("required", "as the test says")),
        measured=str(said.get("measured", printed)),
        passed=report.passed,
        date=today,
        load_percent=float(load) if isinstance(load, float | int) else -1.0,
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _rows:
        ledger.write(Path(session.config.rootpath) / "docs", list(_rows.values()))
