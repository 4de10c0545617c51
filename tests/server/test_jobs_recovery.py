"""Whoever is killed, whenever: each job ends once, and its log has each line once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from processes import alive, children, descendants

from server.jobs import child
from server.jobs.runner import JobRunner
from server.jobs.wire import Limits
from tests.fakes.killed_server import server
from tests.fakes.workshops import DONE, Listener, runner, start, until

pytestmark = pytest.mark.timeout(180)  # points in time of several jobs, and a machine that may be busy

STEPS = 15
SCRIPT = (
    "open(asked['folder'] + '/runs', 'a').write('begun ')\n"
    f"for at in range({STEPS}):\n    say(type='log', line=f'step {{at}}')\n    time.sleep(0.04)\n"
    "open(asked['folder'] + '/runs', 'a').write('done ')\n"
) + DONE
LASTS_S = 1.2
"""With what it waits for before its first step."""
POINTS = 5
"""One in each fifth of what it lasts; the acceptance test takes twenty."""
AGAIN = (
    "(the work was interrupted, and begins again)",
    "(that did not work out; it is tried again in a moment)",
)

Kill = Callable[[JobRunner], None]


def moments(seed: str) -> list[float]:
    """When somebody is killed, in seconds from the start of a job."""
    chance = random.Random(seed)
    return [(point + chance.random()) * LASTS_S / POINTS for point in range(POINTS)]


def kill_workshop(jobs: JobRunner) -> None:
    if (pid := jobs.workshop_pid) is not None:
        os.kill(pid, signal.SIGKILL)


def kill_workers(jobs: JobRunner) -> None:
    if (pid := jobs.workshop_pid) is not None:
        for worker in children(pid):
            with suppress(ProcessLookupError):  # it was just done
                os.kill(worker, signal.SIGKILL)


def kept_log(folder: Path, job: str = "j1") -> list[str]:
    return (folder / "jobs" / f"{job}.log").read_text().splitlines()


def statuses(data: Path) -> dict[str, str]:
    """Workflow → how it stands in the database."""
    with closing(sqlite3.connect(data / "jobs/jobs.sqlite")) as database:
        return dict(database.execute("SELECT workflow_uuid, status FROM workflow_status").fetchall())


def told(data: Path, workflow: str) -> bool:
    """Whether it is kept that somebody was told how this one ended."""
    with closing(sqlite3.connect(data / "jobs/jobs.sqlite")) as database:
        query = "SELECT attributes FROM workflow_status WHERE workflow_uuid = ?"
        kept = database.execute(query, (workflow,)).fetchone()[0]
    attributes = json.loads(kept) if kept else None
    return bool(attributes and attributes.get("told"))


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[JobRunner]:
    before = set(descendants(os.getpid()))  # of what the tests share
    made = runner(tmp_path, Limits(per_session=4, time_limit_s=60.0))
    await until(lambda: made.ready)
    yield made
    mine = set(descendants(os.getpid())) - before
    await made.close()
    await until(lambda: not any(alive(pid) for pid in mine), 5)


@pytest.mark.parametrize("kill", [kill_workshop, kill_workers])
async def test_a_job_ends_once_wherever_what_does_it_is_killed(
    jobs: JobRunner, tmp_path: Path, kill: Kill
) -> None:
    for point, after_s in enumerate(moments(kill.__name__)):
        folder = tmp_path / "sessions" / f"s{point}"
        listener = start(jobs, folder, SCRIPT)
        await asyncio.sleep(after_s)
        kill(jobs)
        assert await listener.result() == {"ok": 1}
        assert listener.lines == kept_log(folder)
        begun = [at for at, line in enumerate(listener.lines) if line == "step 0"]
        assert listener.lines[begun[-1] :] == [f"step {at}" for at in range(STEPS)]
        assert all(listener.lines[at - 1] in AGAIN for at in begun[1:])
        assert len(listener.outcomes) == 1


async def test_jobs_of_a_killed_server_go_on_under_the_next_and_are_told_once(tmp_path: Path) -> None:
    for point, after_s in enumerate(moments("server")):
        data, session = tmp_path / str(point), f"s{point}"
        folder = data / "sessions" / session
        folder.mkdir(parents=True)
        async with server(data) as first:
            first.tell(session=session, job="j1", kind="research", payload={"script": SCRIPT})
            await asyncio.sleep(after_s)
            left = [first.workshop, *descendants(first.workshop)]
            await first.kill()
            await until(lambda left=left: not any(alive(pid) for pid in left), 5)  # type: ignore[misc]
        async with server(data) as second:
            # What was started in the moment before the kill may not have reached the workshop.
            if not any(name.startswith(session) for name in statuses(data)):
                continue
            second.tell(attach=session)
            if first.outcomes:
                await asyncio.sleep(1.0)
            else:
                await until(lambda second=second: second.outcomes)  # type: ignore[misc]
            assert [one["result"] for one in second.outcomes] == [{"ok": 1}] * len(second.outcomes)
            assert len(second.outcomes) <= 1
            await until(lambda data=data, name=f"{session}.j1": statuses(data)[name] == "SUCCESS")  # type: ignore[misc]
            if second.outcomes:
                assert second.lines == kept_log(folder)
                assert first.lines == second.lines[: len(first.lines)]
        assert (folder / "runs").read_text().count("done") >= 1


async def test_what_was_told_is_not_told_again_and_what_was_not_is(tmp_path: Path) -> None:
    """A result that comes while no server is there, or no session, waits for its session."""
    folder = tmp_path / "sessions" / "s1"
    os.makedirs(folder)
    first = runner(tmp_path)
    assert await start(first, folder, DONE, job="told").result() == {"ok": 1}
    await until(lambda: told(tmp_path, "s1.told"))
    await first.close()
    async with server(tmp_path) as killed:
        killed.tell(session="s1", job="left", kind="research", payload={"script": SCRIPT})
        await until(lambda: killed.lines)
        await killed.kill()
    third = runner(tmp_path)
    try:
        await until(lambda: statuses(tmp_path)["s1.left"] == "SUCCESS")
        back = Listener()
        third.attach("s1", back)
        assert await back.result() == {"ok": 1}
        assert back.outcomes[0].job == "left"
        assert back.lines == kept_log(folder, "left")
        await until(lambda: told(tmp_path, "s1.left"))
        once_more = Listener()
        third.attach("s1", once_more)
        await asyncio.sleep(0.5)
        assert once_more.order == []
    finally:
        await third.close()


async def test_what_is_cancelled_while_the_workshop_is_gone_is_not_taken_up_again(
    jobs: JobRunner, tmp_path: Path
) -> None:
    folder = tmp_path / "sessions" / "s1"
    listener = start(jobs, folder, SCRIPT)
    await listener.spoken.wait()
    kill_workshop(jobs)
    await until(lambda: not jobs.ready)
    await jobs.cancel_session("s1")
    assert (await listener.failure()).code == "cancelled"
    await until(lambda: jobs.ready)
    assert await start(jobs, folder, DONE, job="j2").result() == {"ok": 1}
    assert (folder / "runs").read_text() == "begun "
    assert len(listener.outcomes) == 1


async def test_a_workshop_that_dies_of_a_cancel_keeps_nobody_waiting_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import socket, sys\n"
        "line = socket.socket(fileno=int(sys.argv[1])).makefile('rwb')\nline.readline()\n"
        "line.write(b'{\"type\": \"Open\"}\\n')\nline.flush()\n"
        "while b'Cancel' not in line.readline(): pass"
    )
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-S", "-c", script))
    monkeypatch.setattr(child, "BACKOFF_S", (600.0,))
    dies = runner(tmp_path)
    try:
        await until(lambda: dies.ready)
        listener = start(dies, tmp_path / "sessions" / "s1")
        async with asyncio.timeout(20):
            await dies.cancel_session("s1")
        assert (await listener.failure()).code == "cancelled"
    finally:
        await dies.close()


async def test_jobs_of_a_session_whose_folder_is_gone_are_forgotten_at_the_next_start(tmp_path: Path) -> None:
    folders = [tmp_path / "sessions" / name for name in ("kept", "gone")]
    first = runner(tmp_path)
    for folder in folders:
        assert await start(first, folder, DONE).result() == {"ok": 1}
    await first.close()
    for path in sorted(folders[1].rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    os.rmdir(folders[1])
    second = runner(tmp_path)
    try:
        await until(lambda: "gone.j1" not in statuses(tmp_path))
        assert "kept.j1" in statuses(tmp_path)
    finally:
        await second.close()


async def test_a_job_that_ends_the_workshop_each_time_is_given_up(
    jobs: JobRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "BACKOFF_S", (0.05,))
    script = "open(asked['folder'] + '/runs', 'a').write('x')\nos.kill(os.getppid(), 9)\ntime.sleep(60)"
    listener = start(jobs, tmp_path / "sessions" / "s1", script)
    assert (await listener.failure()).code == "crashed"
    assert 2 <= len((tmp_path / "sessions/s1/runs").read_text()) <= 4


async def test_without_a_workshop_nobody_waits_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(child, "COMMAND", ("/bin/false",))
    monkeypatch.setattr(child, "BACKOFF_S", (0.01,))
    hopeless = runner(tmp_path)
    try:
        listener = start(hopeless, tmp_path / "sessions" / "s1", DONE)
        assert (await listener.failure()).code == "crashed"
    finally:
        await hopeless.close()


async def test_what_a_workshop_asks_before_it_has_opened_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs that it takes up again may be quicker than the rest of its start."""
    answer = tmp_path / "answer"
    script = (
        "import json, socket, sys\n"
        "line = socket.socket(fileno=int(sys.argv[1])).makefile('rwb')\nline.readline()\n"
        "for one in ({'type': 'Ask', 'ask': 7, 'session': 's1', 'kind': 'post'}, {'type': 'Open'}):\n"
        "    line.write(json.dumps(one).encode() + b'\\n')\nline.flush()\n"
        f"open({str(answer)!r}, 'wb').write(line.readline())\nline.readline()"
    )
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-S", "-c", script))
    asked = runner(tmp_path, means=lambda session, kind: {"WHO": f"{session} {kind}"})
    try:
        await until(answer.exists)
        await until(answer.read_bytes)
        assert json.loads(answer.read_bytes()) == {"type": "Means", "ask": 7, "values": {"WHO": "s1 post"}}
    finally:
        await asked.close()
