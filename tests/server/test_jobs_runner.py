"""Jobs run beside the conversation: reported in order, cancelled at once, and gone without a trace."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio
from processes import alive, descendants

from orchestration.events import JobFinished
from server.jobs import means
from server.jobs.joblog import BYTES_MAX, CUT, LINES_MAX
from server.jobs.process import worker_environment
from server.jobs.runner import JobRunner, JobsError
from server.jobs.wire import Limits
from server.settings import Settings
from tests.fakes.workshops import BRIEF, DONE, Listener, runner, start, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
CANARY = "canary-1-means"
NUMBERS = itertools.count()


def given(session: str, kind: str) -> dict[str, str]:
    """The canary for every job, as if it were a key; and a plain site, as Vite's have tests of their own."""
    plain = {"MOENTREPRISE_BUILDER": "static"} if kind == "website" else {}
    return {"OPENAI_API_KEY": CANARY, **plain}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def work(data: Path) -> AsyncIterator[JobRunner]:
    """One workshop for all; afterwards nothing of it is left."""
    before = set(descendants(os.getpid()))
    made = runner(data, Limits(parallel=4, per_session=4, time_limit_s=60.0), given)
    yield made
    mine = set(descendants(os.getpid())) - before
    assert mine
    await made.close()
    await until(lambda: not any(alive(pid) for pid in mine), 5)


@pytest.fixture
def folder(data: Path) -> Path:
    """A session's own."""
    return data / "sessions" / f"s{next(NUMBERS)}"


async def test_the_whole_work_is_done_in_workers(work: JobRunner, folder: Path) -> None:
    results: dict[str, object] = {}
    os.makedirs(folder)
    for kind in ("research", "website", "post"):
        listener = Listener()
        work.start(folder.name, kind, kind, {**BRIEF, **results}, folder, listener)
        results[kind] = await listener.result()
        assert listener.order[-1] == "JobFinished"
        assert listener.lines
        assert listener.progress[-1].percent == 100
    assert (folder / "site/index.html").is_file()
    image = cast("dict[str, str]", results["post"])["image"]
    assert (folder / "assets" / image).is_file()


async def test_with_a_warm_workshop_a_job_speaks_within_a_second(work: JobRunner, folder: Path) -> None:
    await start(work, folder, DONE, job="first").outcome()
    loop = asyncio.get_running_loop()
    waits = []
    for number in range(3):
        began = loop.time()
        listener = start(work, folder, "say(type='log', line='here')\n" + DONE, job=f"j{number}")
        await listener.spoken.wait()
        waits.append(loop.time() - began)
        await listener.outcome()
    assert min(waits) < 1.0, waits  # the machine may be busy; once is proof enough that nothing polls longer


async def test_a_cancelled_job_ends_at_once_with_all_its_processes(work: JobRunner, folder: Path) -> None:
    script = (
        "import subprocess\np=subprocess.Popen(['sleep','60'])\n"
        "say(type='log',line=str(p.pid))\ntime.sleep(60)\n"
    )
    listener = start(work, folder, script)
    await until(lambda: listener.lines)
    grandchild = int(listener.lines[0])
    assert alive(grandchild)
    assert work.cancel(folder.name, "j1")
    assert (await listener.failure()).code == "cancelled"
    await until(lambda: not alive(grandchild), 5)
    assert not work.cancel(folder.name, "j1")


async def test_a_worker_tells_where_its_work_is_seen_live(work: JobRunner, folder: Path) -> None:
    script = (
        "say(type='log', line='one')\n"
        "say(type='preview', socket='live-1', address='a1')\nsay(type='log', line='two')\n"
        "say(type='preview', socket='', address='')\n" + DONE
    )
    listener = start(work, folder, script)
    await listener.result()
    assert listener.previews == [("j1", "live-1", "a1"), ("j1", "", "")]
    assert listener.lines == ["one", "two"]  # the address is no line of the build's output
    assert listener.order[-2:] == ["preview", "JobFinished"]


async def test_a_job_that_is_cancelled_before_it_began_still_says_so(work: JobRunner, folder: Path) -> None:
    listener = start(work, folder, "open('begun', 'w')\ntime.sleep(60)")
    work.cancel(folder.name, "j1")
    work.cancel(folder.name, "j1")
    assert (await listener.failure()).code == "cancelled"
    assert work.running(folder.name) == ()


async def test_cancelling_a_session_leaves_the_others_alone(work: JobRunner, folder: Path) -> None:
    mine = start(work, folder, "time.sleep(1.5)\n" + DONE)
    other = start(work, folder.parent / f"{folder.name}-other", "time.sleep(1.5)\n" + DONE)
    await asyncio.sleep(0)
    await work.cancel_session(folder.name)
    assert work.running(folder.name) == ()
    assert (await mine.failure()).code == "cancelled"
    assert isinstance(await other.outcome(), JobFinished)
    assert await work.cancel_session("nobody") == []


@pytest.mark.parametrize("script", ["sys.exit(3)", "os.kill(os.getpid(), 11)"])
async def test_a_worker_that_dies_each_time_is_reported_as_crashed(
    work: JobRunner, folder: Path, script: str
) -> None:
    listener = start(work, folder, "say(type='log', line='once more')\n" + script)
    assert (await listener.failure()).code == "crashed"
    assert listener.lines.count("once more") == 3


async def test_a_worker_that_dies_once_is_followed_by_another(work: JobRunner, folder: Path) -> None:
    script = "open(asked['folder'] + '/tries', 'a').write('x')\n"
    script += "if len(open(asked['folder'] + '/tries').read()) < 2: os.kill(os.getpid(), 9)\n" + DONE
    assert await start(work, folder, script).result() == {"ok": 1}
    assert (folder / "tries").read_text() == "xx"


@pytest.mark.parametrize(
    ("kind", "retryable", "tries"), [("research", True, 3), ("research", False, 1), ("publish", True, 1)]
)
async def test_only_what_may_help_is_tried_again_and_a_publication_never(
    work: JobRunner, folder: Path, kind: str, retryable: bool, tries: int
) -> None:
    script = f"say(type='failed', code='check_failed', reason='Busy.', retryable={retryable})"
    count = "say(type='log', line='a try')\n"
    listener = start(work, folder, count + script, kind=kind)
    failure = await listener.failure()
    assert (failure.code, failure.reason) == ("check_failed", "Busy.")
    assert listener.lines.count("a try") == tries


async def test_rubbish_on_stdout_becomes_harmless_lines(work: JobRunner, folder: Path) -> None:
    script = (
        'sys.stdout.buffer.write(b\'\\xff not json\\n[1,2]\\n{"type":"launch"}\\n\')\n'
        "sys.stdout.buffer.write(b'\\x1b[31mred\\x1b[0m\\x07\\n')\n"
        "say(type='progress', percent='many', message='')\n"
        "say(type='progress', percent=400, message='far')\n" + DONE
    )
    listener = start(work, folder, script)
    assert await listener.result() == {"ok": 1}
    assert "red" in listener.lines
    assert all(line.isprintable() for line in listener.lines)
    assert [event.percent for event in listener.progress] == [100]


@pytest.mark.parametrize(("line", "count"), [("x", 100_000), ("y" * 400, 1500)])
async def test_the_log_is_capped_and_says_so(work: JobRunner, folder: Path, line: str, count: int) -> None:
    listener = start(work, folder, f"for _ in range({count}): say(type='log', line='{line}')\n" + DONE)
    assert await listener.result() == {"ok": 1}
    assert len(listener.lines) <= LINES_MAX + 1
    assert sum(len(text) + 1 for text in listener.lines) <= BYTES_MAX + len(CUT) + 1
    assert listener.lines[-1] == CUT
    assert listener.lines.count(CUT) == 1


async def test_a_brief_that_is_none_fails_with_its_code(work: JobRunner, folder: Path) -> None:
    os.makedirs(folder)
    for kind, code in (
        ("research", "invalid_brief"),
        ("dance", "unknown_kind"),
        ("publish", "invalid_payload"),
    ):
        listener = Listener()
        work.start(folder.name, kind, kind, {"brief": 5}, folder, listener)
        failure = await listener.failure()
        assert (failure.code, failure.kind) == (code, kind)
        assert failure.reason.endswith(".")


async def test_a_result_that_cannot_be_saved_is_an_honest_failure(work: JobRunner, folder: Path) -> None:
    os.makedirs(folder.parent, exist_ok=True)
    os.close(os.open(folder, os.O_CREAT))
    listener = Listener()
    work.start(folder.name, "j1", "website", dict(BRIEF), folder, listener)
    failure = await listener.failure()
    assert failure.code == "storage_failed"
    assert str(folder) not in failure.reason


async def test_the_same_job_cannot_run_twice(work: JobRunner, folder: Path) -> None:
    script = "open(asked['folder'] + '/runs', 'a').write('x')\n" + DONE
    first = start(work, folder, script)
    with pytest.raises(ValueError, match="already running"):
        start(work, folder, script)
    assert await first.result() == {"ok": 1}
    assert await start(work, folder, script).result() == {"ok": 1}
    assert (folder / "runs").read_text() == "x"


async def test_secrets_reach_the_worker_and_no_file_of_the_workshop(
    work: JobRunner, data: Path, folder: Path
) -> None:
    script = (
        "say(type='result', result={'means': list(asked['means']), 'right': asked['means'] == "
        f"{{'OPENAI_API_KEY': '-'.join(['canary', '1', 'means'])}}, 'leaked': {CANARY!r}[:8] in "
        "str(dict(os.environ)) + str(sys.argv[1:])})"
    ).replace(f"{CANARY!r}", "'-'.join(['canary', '1'])")
    assert await start(work, folder, script).result() == {
        "means": ["OPENAI_API_KEY"],
        "right": True,
        "leaked": False,
    }
    await asyncio.sleep(0.3)
    kept = b"".join(path.read_bytes() for path in (data / "jobs").iterdir())
    assert folder.name.encode() in kept  # it is kept readably, so that a canary would be found
    assert CANARY.encode() not in kept


async def test_what_is_deleted_is_gone_from_the_database(work: JobRunner, data: Path, folder: Path) -> None:
    words = f"secret words of {folder.name}"
    await start(work, folder, DONE + f"# {words}").result()

    def kept() -> bool:
        return words.encode() in b"".join(path.read_bytes() for path in (data / "jobs").iterdir())

    assert kept()
    work.forget(folder.name)
    await until(lambda: not kept(), 5)
    listener = start(work, folder, "say(type='result', result={'ok': 2})")
    assert await listener.result() == {"ok": 2}


async def test_the_files_of_the_workshop_are_this_user_s_alone(work: JobRunner, data: Path) -> None:
    assert (data / "jobs").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (data / "jobs").glob("jobs.sqlite*"))


async def test_a_second_server_on_the_same_data_folder_is_refused(work: JobRunner, data: Path) -> None:
    second = JobRunner(data)
    with pytest.raises(JobsError, match="Another server uses the data folder"):
        second.warm()
    await second.close()


async def test_a_worker_that_cannot_be_started_is_reported_as_crashed(tmp_path: Path) -> None:
    broken = JobRunner(tmp_path, command=("/nowhere/at/all",), log_level="critical")
    try:
        assert (await start(broken, tmp_path / "s1").failure()).code == "crashed"
    finally:
        await broken.close()


async def test_a_job_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    brief = runner(tmp_path, Limits(time_limit_s=0.7))
    try:
        listener = start(brief, tmp_path / "s1", "say(type='log',line='on it')\ntime.sleep(60)")
        assert (await listener.failure()).code == "timed_out"
    finally:
        await brief.close()


async def test_more_jobs_than_places_wait_their_turn_and_can_be_cancelled_there(tmp_path: Path) -> None:
    """Two of one session at once; another session's goes before the third."""
    narrow = runner(tmp_path, Limits(parallel=3, per_session=2, time_limit_s=60.0))
    script = "say(type='log', line='in')\n"
    script += "while not os.path.exists(asked['folder'] + '/go'): time.sleep(0.02)\n"
    try:
        mine, other = tmp_path / "s1", tmp_path / "s2"
        listeners = [start(narrow, mine, script + DONE, job=f"j{at}") for at in range(4)]
        guest = start(narrow, other, script + DONE)
        await until(lambda: guest.lines and listeners[0].lines and listeners[1].lines)
        assert [event.message for event in listeners[2].progress] == ["waiting for a free place"]
        assert not listeners[2].lines
        narrow.cancel("s1", "j3")
        assert (await listeners[3].failure()).code == "cancelled"
        for folder in (mine, other):
            (folder / "go").touch()
        for listener in (*listeners[:3], guest):
            assert await listener.result() == {"ok": 1}
        assert listeners[3].lines == []
    finally:
        await narrow.close()


async def test_an_outside_service_is_used_so_often_and_no_more(tmp_path: Path) -> None:
    limits = Limits(time_limit_s=60.0, services={"pictures": (1, 2.0)})
    slow = runner(tmp_path, limits, given)
    loop = asyncio.get_running_loop()
    try:
        listeners = [start(slow, tmp_path / f"s{at}", DONE, kind="post") for at in range(2)]
        await asyncio.wait(
            [asyncio.ensure_future(one.ended.wait()) for one in listeners], return_when="FIRST_COMPLETED"
        )
        began = loop.time()
        for listener in listeners:
            assert await listener.result() == {"ok": 1}
            assert listener.lines == ["waiting for its turn with pictures"]
        assert loop.time() - began > 1.0
    finally:
        await slow.close()


async def test_closing_ends_everything_and_tells_everyone(tmp_path: Path) -> None:
    before = set(descendants(os.getpid()))
    closing = runner(tmp_path)
    listeners = [start(closing, tmp_path / "s1", "time.sleep(60)", job=f"j{at}") for at in range(3)]
    await asyncio.sleep(0.3)
    mine = set(descendants(os.getpid())) - before
    await closing.close()
    assert [(await listener.failure()).code for listener in listeners] == ["cancelled"] * 3
    closing.warm()
    await until(lambda: not any(alive(pid) for pid in mine), 5)


async def test_settings_go_to_the_kind_of_job_that_may_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(means.NAMES, "research", ("openai_api_key", "brain_key"))
    site = {"MOENTREPRISE_TEMPLATES": "/srv/packages", "MOENTREPRISE_DATA": "/srv/data"}
    of = means.of_settings(Settings.load({"OPENAI_API_KEY": "canary-2", **site}, None, None))
    assert of("s", "research") == {"OPENAI_API_KEY": "canary-2"}
    assert of("s", "website") == {**site, "MOENTREPRISE_BUILDER": "auto"}


async def test_a_worker_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "LINKEDIN_CLIENT_SECRET", "MOENTREPRISE_TOKEN", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "secret")
    assert "secret" not in worker_environment().values()


async def test_what_is_wanted_while_all_ends_is_refused_and_not_taken_up_by_the_next_server(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "sessions" / "s1"
    made = runner(tmp_path)
    await start(made, folder, DONE).outcome()
    slow = start(made, folder, "time.sleep(60)", job="slow")
    await asyncio.sleep(0.5)
    closing = asyncio.create_task(made.close())
    await asyncio.sleep(0)
    late = start(made, folder, f"open({str(tmp_path / 'late')!r}, 'w').close()\n" + DONE, job="late")
    assert (await late.failure()).code == "cancelled"
    await slow.outcome()
    await closing
    following = runner(tmp_path)
    await start(following, folder, DONE, job="next").outcome()
    await asyncio.sleep(1.5)
    await following.close()
    assert not (tmp_path / "late").exists()
