"""The foreman without a workshop: what he says when the database fails, and what goes into no log."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import cast

import pytest

from server.jobs import wire, workflows
from server.jobs.bench import Bench
from server.jobs.foreman import Foreman
from server.jobs.joblog import CUT, JobLog


class Paper:
    """The server's end of the socket: keeps what was written."""

    def __init__(self) -> None:
        self.said: list[dict[str, object]] = []

    def write(self, data: bytes) -> None:
        self.said += [json.loads(line) for line in data.splitlines()]


async def test_a_database_without_room_costs_the_job_with_its_reason_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(session: str, job: str) -> None:
        return None

    async def full(order: workflows.Order) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workflows, "status", none)
    monkeypatch.setattr(workflows, "enqueue", full)
    paper, reader = Paper(), asyncio.StreamReader()
    setup = wire.Setup(str(tmp_path), "", ("nobody",), wire.Limits(), "info", "text")
    foreman = Foreman(setup, Bench(("nobody",)), cast("asyncio.StreamWriter", paper))
    serving = asyncio.create_task(foreman.serve(reader))
    reader.feed_data(wire.line(wire.Start("s1", "j1", "research", {}, str(tmp_path))))
    async with asyncio.timeout(5):
        while len(paper.said) < 2:
            await asyncio.sleep(0.01)
    assert not serving.done()
    reader.feed_eof()
    await serving
    ended = paper.said[-1]
    outcome = cast("dict[str, object]", ended["outcome"])
    assert (ended["type"], ended["job"], outcome["code"]) == ("Ended", "j1", "storage_failed")


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("Task cancelled for functools.partial(<f>, {'payload': {'offer': 'my secret wish'}})", ()),
        ("Error in step {'offer': 'my secret wish'}", ()),
        ("Retrying %s", ("{'offer': 'my secret wish'}",)),
    ],
)
def test_what_dbos_says_of_arguments_is_not_logged(
    message: str, arguments: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("dbos")
    before = (list(logger.handlers), list(logger.filters), logger.propagate)
    try:
        workflows.quiet()
        logger.warning(message, *arguments)
    finally:
        logger.handlers[:], logger.filters[:], logger.propagate = before
    assert caplog.messages
    assert "secret" not in caplog.text


def test_what_is_kept_is_read_as_it_was_and_runs_nothing() -> None:
    serializer = workflows.JsonSerializer()
    order = {"args": [{"payload": {"brief": {"name": "Ona’s"}}}], "kwargs": {}}
    assert serializer.deserialize(serializer.serialize(order)) == order
    error = serializer.deserialize(serializer.serialize(ValueError("broken")))
    assert str(error) == "ValueError: broken"


def test_a_torn_log_goes_on_after_its_last_whole_line(tmp_path: Path) -> None:
    first = JobLog(tmp_path, "j1")
    assert first.add(["one", "zwei – drei"]) == ("one", "zwei – drei")
    file = tmp_path / "jobs" / "j1.log"
    file.write_bytes(file.read_bytes() + b"half a lin")
    second = JobLog(tmp_path, "j1")
    assert len(second) == 2
    second.add(["three"])
    assert file.read_text("utf-8") == "one\nzwei – drei\nthree\n"
    assert JobLog(tmp_path, "j1").since(1) == ("zwei – drei", "three")


def test_a_log_that_was_cut_stays_so(tmp_path: Path) -> None:
    JobLog(tmp_path, "j1").add(["x"] * 5000)
    again = JobLog(tmp_path, "j1")
    assert again.add(["more"]) == ()
    assert again.since(0)[-1] == CUT


async def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, known: bool
) -> dict[str, object]:
    """How a job ends for who asked for it, when the database fails; `known`: it may be under way already."""

    async def status(session: str, job: str) -> None:
        if known:
            raise OSError(5, "Input/output error")

    async def full(order: workflows.Order) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workflows, "status", status)
    monkeypatch.setattr(workflows, "enqueue", full)
    paper, reader = Paper(), asyncio.StreamReader()
    setup = wire.Setup(str(tmp_path), "", ("nobody",), wire.Limits(), "info", "text")
    foreman = Foreman(setup, Bench(("nobody",)), cast("asyncio.StreamWriter", paper))
    serving = asyncio.create_task(foreman.serve(reader))
    reader.feed_data(wire.line(wire.Start("s1", "j1", kind, {}, str(tmp_path))))
    async with asyncio.timeout(5):
        while not any(said["type"] == "Ended" for said in paper.said):
            await asyncio.sleep(0.01)
    reader.feed_eof()
    await serving
    return cast("dict[str, object]", paper.said[-1]["outcome"])


@pytest.mark.parametrize(
    ("kind", "known", "code"),
    [
        ("publish", True, "crashed"),
        ("publish", False, "storage_failed"),
        ("research", True, "storage_failed"),
    ],
)
async def test_of_a_publication_that_may_be_under_way_nobody_says_that_it_was_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, known: bool, code: str
) -> None:
    assert (await told(tmp_path, monkeypatch, kind, known))["code"] == code


async def test_a_session_is_forgotten_also_when_its_job_is_told_of_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep and the server's wishes go on at the same time."""
    paper = Paper()
    setup = wire.Setup(str(tmp_path), "", ("nobody",), wire.Limits(), "info", "text")
    foreman = Foreman(setup, Bench(("nobody",)), cast("asyncio.StreamWriter", paper))

    async def nothing(*key: str) -> list[object]:
        return []

    async def told_meanwhile(*key: str) -> None:
        await foreman._carry_out(wire.Told(*key))

    monkeypatch.setattr(workflows, "told", nothing)
    monkeypatch.setattr(workflows, "of_session", nothing)
    monkeypatch.setattr(workflows, "cancel", told_meanwhile)
    foreman._job_of({"session": "s1", "job": "j1", "kind": "research", "folder": str(tmp_path)})
    await foreman._carry_out(wire.Forget("s1"))
    assert paper.said[-1] == {"type": "Forgotten", "session": "s1"}


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def foreman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paper: Paper) -> Foreman:
    """With a database that does as it is told and knows nothing."""

    async def nothing(*given: object) -> None:
        return None

    for name in ("status", "enqueue", "cancel", "told"):
        monkeypatch.setattr(workflows, name, nothing)
    setup = wire.Setup(str(tmp_path), "", ("nobody",), wire.Limits(), "info", "text")
    return Foreman(setup, Bench(("nobody",)), cast("asyncio.StreamWriter", paper))


def order_in(folder: Path) -> workflows.Order:
    return {"session": "s1", "job": "j1", "kind": "research", "payload": {}, "folder": str(folder)}


async def test_nothing_is_kept_or_done_of_a_cancelled_job_whose_end_was_told(
    foreman: Foreman, tmp_path: Path
) -> None:
    """Its workflow hears of the cancel later."""
    for message in (
        wire.Start("s1", "j1", "research", {}, str(tmp_path)),
        wire.Cancel("s1", "j1"),
        wire.Told("s1", "j1"),
    ):
        await foreman._carry_out(message)
    order = order_in(tmp_path)
    foreman.note(order, "(once more)")
    async with asyncio.timeout(5):
        assert (await foreman.work(order))["code"] == "cancelled"
    foreman.ended(order, {"code": "cancelled", "reason": "", "retryable": False})
    assert foreman._jobs == {}
    assert not (tmp_path / "jobs").exists()


async def test_what_ends_before_anybody_asks_for_it_is_told_to_who_does(
    foreman: Foreman, paper: Paper, tmp_path: Path
) -> None:
    """All its steps were done under the former workshop."""
    foreman.begun(order_in(tmp_path))
    foreman.ended(order_in(tmp_path), {"result": {"ok": 1}})
    assert paper.said == []
    await foreman._carry_out(wire.Start("s1", "j1", "research", {}, str(tmp_path)))
    assert [(said["type"], said["outcome"]) for said in paper.said] == [("Ended", {"result": {"ok": 1}})]
