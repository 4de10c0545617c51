"""Jobs run beside the conversation: reported in order, cancelled at once, and gone without a trace."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from processes import alive, children

from orchestration.events import JobFailed, JobFinished, JobProgressed
from server.jobs import means
from server.jobs.process import WorkerProcess, worker_environment
from server.jobs.protocol import Ready
from server.jobs.runner import LOG_BYTES_MAX, LOG_CUT, LOG_LINES_MAX, JobRunner
from server.settings import Settings

BRIEF: dict[str, object] = {
    "brief": {"name": "Ona", "offer": "we bake bread and cakes", "pages": "home menu and contact"}
}
SAY = "import json,sys,time\ndef say(**m): print(json.dumps(m), flush=True)\nsys.stdin.readline()\n"


class Listener:
    """Keeps what a job says; `ended` is set by its one outcome."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.lines: list[str] = []
        self.outcomes: list[JobFinished | JobFailed] = []
        self.progress: list[JobProgressed] = []
        self.ended = asyncio.Event()
        self.spoken = asyncio.Event()
        self.previews: list[tuple[str, str, str]] = []

    def job_preview(self, job: str, socket: str, address: str) -> None:
        self.order.append("preview")
        self.previews.append((job, socket, address))

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None:
        self.order += ["log"]
        self.lines += lines
        self.spoken.set()

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None:
        self.order.append(type(event).__name__)
        if isinstance(event, JobProgressed):
            self.progress.append(event)
        else:
            self.outcomes.append(event)
            self.ended.set()

    async def outcome(self) -> JobFinished | JobFailed:
        async with asyncio.timeout(30):
            await self.ended.wait()
        assert len(self.outcomes) == 1
        return self.outcomes[0]

    async def failure(self) -> JobFailed:
        outcome = await self.outcome()
        assert isinstance(outcome, JobFailed)
        return outcome


def worker(script: str) -> tuple[str, ...]:
    """The command of a worker that does what the script says."""
    return (sys.executable, "-S", "-c", SAY + script)


@pytest.fixture
async def runners() -> AsyncIterator[list[JobRunner]]:
    """Runners to close; afterwards no child process is left."""
    before = set(children())
    made: list[JobRunner] = []
    yield made
    for runner in made:
        await runner.close()
    assert set(children()) <= before


def make(runners: list[JobRunner], script: str | None = None, **more: float) -> JobRunner:
    time_limit_s, parallel = more.get("time_limit_s", 60.0), int(more.get("parallel", 4))
    if script is None:
        runner = JobRunner(time_limit_s=time_limit_s, parallel=parallel)
    else:
        runner = JobRunner(time_limit_s=time_limit_s, parallel=parallel, command=worker(script))
    runners.append(runner)
    return runner


def start(
    runner: JobRunner, folder: Path, kind: str = "research", job: str = "j1", session: str = "s1"
) -> Listener:
    listener = Listener()
    runner.start(session, job, kind, dict(BRIEF), folder, listener)
    return listener


async def test_the_whole_work_is_done_in_workers(runners: list[JobRunner], tmp_path: Path) -> None:
    runner = make(runners)
    results: dict[str, object] = {}
    for kind in ("research", "website", "post"):
        listener = Listener()
        runner.start("s1", kind, kind, {**BRIEF, **results}, tmp_path, listener)
        outcome = await listener.outcome()
        assert isinstance(outcome, JobFinished), outcome
        results[kind] = outcome.result
        assert listener.order[-1] == "JobFinished"
        assert listener.lines
        assert listener.progress[-1].percent == 100
    assert (tmp_path / "site/index.html").is_file()
    image = cast("dict[str, str]", results["post"])["image"]
    assert (tmp_path / "assets" / image).is_file()


async def test_a_worker_tells_where_its_work_is_seen_live(runners: list[JobRunner], tmp_path: Path) -> None:
    script = (
        "say(type='log', line='one')\n"
        "say(type='preview', socket='live-1', address='a1')\nsay(type='log', line='two')\n"
        "say(type='preview', socket='', address='')\nsay(type='result', result={})\n"
    )
    listener = start(make(runners, script), tmp_path)
    await listener.outcome()
    assert listener.previews == [("j1", "live-1", "a1"), ("j1", "", "")]
    assert listener.lines == ["one", "two"]  # the address is no line of the build's output
    assert listener.order[-2:] == ["preview", "JobFinished"]


async def test_a_warm_spare_lets_a_job_speak_at_once(runners: list[JobRunner], tmp_path: Path) -> None:
    runner = make(runners)
    runner.warm()
    async with asyncio.timeout(20):
        while not children():
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.5)
    listener = start(runner, tmp_path)
    async with asyncio.timeout(5):
        await listener.spoken.wait()
    await listener.outcome()


async def test_a_cancelled_job_ends_at_once_with_all_its_processes(
    runners: list[JobRunner], tmp_path: Path
) -> None:
    script = (
        "import subprocess\np=subprocess.Popen(['sleep','60'])\n"
        "say(type='log',line=str(p.pid))\ntime.sleep(60)\n"
    )
    runner = make(runners, script)
    listener = start(runner, tmp_path)
    async with asyncio.timeout(10):
        await listener.spoken.wait()
    grandchild = int(listener.lines[0])
    assert alive(grandchild)
    assert runner.cancel("s1", "j1")
    async with asyncio.timeout(5):
        assert (await listener.failure()).code == "cancelled"
        while alive(grandchild):
            await asyncio.sleep(0.02)
    assert not runner.cancel("s1", "j1")


async def test_a_job_that_is_cancelled_before_it_began_still_says_so(
    runners: list[JobRunner], tmp_path: Path
) -> None:
    runner = make(runners, "time.sleep(60)")
    listener = start(runner, tmp_path)
    runner.cancel("s1", "j1")
    runner.cancel("s1", "j1")
    assert (await listener.failure()).code == "cancelled"


async def test_cancelling_a_session_leaves_the_others_alone(runners: list[JobRunner], tmp_path: Path) -> None:
    runner = make(runners, "time.sleep(1.5)\nsay(type='result',result={'ok':1})")
    mine, other = start(runner, tmp_path, session="a"), start(runner, tmp_path, session="b")
    await asyncio.sleep(0)
    await runner.cancel_session("a")
    assert runner.running("a") == ()
    assert (await mine.failure()).code == "cancelled"
    assert isinstance(await other.outcome(), JobFinished)
    assert await runner.cancel_session("nobody") == []


@pytest.mark.parametrize("script", ["sys.exit(3)", "import os; os.kill(os.getpid(), 11)", "1/0"])
async def test_a_worker_that_dies_is_reported_as_crashed(
    runners: list[JobRunner], tmp_path: Path, script: str
) -> None:
    assert (await start(make(runners, script), tmp_path).failure()).code == "crashed"


async def test_a_worker_that_cannot_be_started_is_reported_as_crashed(
    runners: list[JobRunner], tmp_path: Path
) -> None:
    runner = JobRunner(command=("/nowhere/at/all",))
    runners.append(runner)
    assert (await start(runner, tmp_path).failure()).code == "crashed"


async def test_a_job_that_takes_too_long_is_stopped(runners: list[JobRunner], tmp_path: Path) -> None:
    runner = make(runners, "say(type='log',line='on it')\ntime.sleep(60)", time_limit_s=0.7)
    listener = start(runner, tmp_path)
    assert (await listener.failure()).code == "timed_out"


async def test_rubbish_on_stdout_becomes_harmless_lines(runners: list[JobRunner], tmp_path: Path) -> None:
    script = (
        'sys.stdout.buffer.write(b\'\\xff not json\\n[1,2]\\n{"type":"launch"}\\n\')\n'
        "sys.stdout.buffer.write(b'\\x1b[31mred\\x1b[0m\\x07\\n')\n"
        "say(type='progress', percent='many', message='')\n"
        "say(type='progress', percent=400, message='far')\n"
        "say(type='result', result={'ok': 1})\n"
    )
    listener = start(make(runners, script), tmp_path)
    outcome = await listener.outcome()
    assert isinstance(outcome, JobFinished)
    assert outcome.result == {"ok": 1}
    assert "red" in listener.lines
    assert all(line.isprintable() for line in listener.lines)
    assert [event.percent for event in listener.progress] == [100]


@pytest.mark.parametrize(("line", "count"), [("x", 5000), ("y" * 400, 1500)])
async def test_the_log_is_capped_and_says_so(
    runners: list[JobRunner], tmp_path: Path, line: str, count: int
) -> None:
    script = f"for _ in range({count}): say(type='log', line='{line}')\nsay(type='result', result={{}})"
    listener = start(make(runners, script), tmp_path)
    assert isinstance(await listener.outcome(), JobFinished)
    assert len(listener.lines) <= LOG_LINES_MAX + 1
    assert sum(len(text) + 1 for text in listener.lines) <= LOG_BYTES_MAX + len(LOG_CUT) + 1
    assert listener.lines[-1] == LOG_CUT
    assert listener.lines.count(LOG_CUT) == 1


async def test_a_brief_that_is_none_fails_with_its_code(runners: list[JobRunner], tmp_path: Path) -> None:
    runner = make(runners)
    for kind, code in (
        ("research", "invalid_brief"),
        ("dance", "unknown_kind"),
        ("publish", "invalid_payload"),
    ):
        listener = Listener()
        runner.start("s1", kind, kind, {"brief": 5}, tmp_path, listener)
        failure = await listener.failure()
        assert (failure.code, failure.kind) == (code, kind)
        assert failure.reason.endswith(".")


async def test_a_result_that_cannot_be_saved_is_an_honest_failure(
    runners: list[JobRunner], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    listener = start(make(runners), tmp_path / "file", kind="website")
    failure = await listener.failure()
    assert failure.code == "storage_failed"
    assert str(tmp_path) not in failure.reason


async def test_more_jobs_than_places_wait_their_turn(runners: list[JobRunner], tmp_path: Path) -> None:
    runner = make(runners, "say(type='result', result={})", parallel=1)
    listeners = [start(runner, tmp_path, job=f"j{at}") for at in range(3)]
    for listener in listeners:
        assert isinstance(await listener.outcome(), JobFinished)
    assert listeners[2].progress[0].message == "waiting for a free place"


async def test_the_same_job_cannot_run_twice(runners: list[JobRunner], tmp_path: Path) -> None:
    runner = make(runners, "time.sleep(60)")
    start(runner, tmp_path)
    with pytest.raises(ValueError, match="already running"):
        start(runner, tmp_path)


async def test_closing_ends_everything_and_tells_everyone(tmp_path: Path) -> None:
    before = set(children())
    runner = JobRunner(command=worker("time.sleep(60)"))
    listeners = [start(runner, tmp_path, job=f"j{at}") for at in range(3)]
    await asyncio.sleep(0.3)
    await runner.close()
    assert [(await listener.failure()).code for listener in listeners] == ["cancelled"] * 3
    runner.warm()
    assert set(children()) <= before


async def test_a_worker_gives_way_to_the_voices_and_its_signals_reach_nobody_else() -> None:
    worker = await WorkerProcess.spawn()
    try:
        async with asyncio.timeout(10):
            async for batch in worker.batches():
                assert batch == [Ready()]
                break
        assert os.sched_getscheduler(worker.pid) == os.SCHED_IDLE
        # In a session of its own it would get as much time as the server (sched(7), autogroup).
        assert os.getsid(worker.pid) == os.getsid(0)
        assert os.getpgid(worker.pid) == worker.pid
    finally:
        await worker.closed()


async def test_a_worker_ends_when_its_server_is_gone(tmp_path: Path) -> None:
    code = (
        "import asyncio\nfrom server.jobs.process import WorkerProcess\n"
        "async def main():\n    w = await WorkerProcess.spawn()\n    print(w.pid, flush=True)\n"
        "    await asyncio.sleep(60)\nasyncio.run(main())\n"
    )
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert server.stdout is not None
    pid = int(await server.stdout.readline())
    server.kill()
    await server.wait()
    async with asyncio.timeout(10):
        while alive(pid):
            await asyncio.sleep(0.05)


async def test_a_job_gets_the_means_of_its_kind_over_stdin_alone(
    runners: list[JobRunner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(means.NAMES, "research", ("openai_api_key", "brain_key"))
    given = {"OPENAI_API_KEY": "canary-1", "MOENTREPRISE_TEMPLATES": "/srv/packages"}
    settings = Settings.load({**given, "MOENTREPRISE_DATA": "/srv/data"}, None, None)
    script = (
        "import json,os,sys\nasked = json.loads(sys.stdin.readline())\n"
        "print(json.dumps({'type': 'result', 'result': {'means': asked['means'],"
        " 'leaked': 'canary-1' in str(dict(os.environ)) + str(sys.argv)}}), flush=True)"
    )
    runner = JobRunner(command=(sys.executable, "-S", "-c", script), means=means.of_settings(settings))
    runners.append(runner)
    site = {"MOENTREPRISE_TEMPLATES": "/srv/packages", "MOENTREPRISE_DATA": "/srv/data"}
    for kind, expected in (("research", {"OPENAI_API_KEY": "canary-1"}), ("website", site)):
        heard = start(runner, tmp_path, kind, job=kind)
        outcome = await heard.outcome()
        assert isinstance(outcome, JobFinished)
        assert outcome.result == {"means": expected, "leaked": False}


def test_a_worker_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "LINKEDIN_CLIENT_SECRET", "MOENTREPRISE_TOKEN", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "secret")
    assert "secret" not in worker_environment().values()
