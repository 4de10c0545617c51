"""The folders that sessions leave: private, and gone in time, also after a restart."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from pytest_aiohttp import AiohttpClient
from rtc_page import until
from signalling_fakes import Client, FakeDirector, FakeWorkshop, fake_app, fake_crew, opened

from orchestration import events
from server import folders, logs
from server.settings import Settings

DAY_S = 86_400


def left_behind(data: Path, name: str, age_s: float) -> Path:
    """A folder of an earlier process, last changed `age_s` ago."""
    folder = data / "sessions" / name
    folder.mkdir(parents=True)
    (folder / "post.json").write_text("{}")
    then = time.time() - age_s
    os.utime(folder, (then, then))
    return folder


async def test_what_an_earlier_process_left_goes_when_its_time_is_over(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    old = left_behind(tmp_path, "a" * 24, DAY_S + 60)
    young = left_behind(tmp_path, "b" * 24, DAY_S - 3600)
    foreign = left_behind(tmp_path, "holiday pictures", 10 * DAY_S)
    await aiohttp_client(fake_app(Settings(data=tmp_path)))
    await until(lambda: not old.exists())
    assert young.is_dir()
    assert foreign.is_dir()


def test_the_folder_of_a_session_that_runs_is_kept_however_old(tmp_path: Path) -> None:
    known = left_behind(tmp_path, "c" * 24, DAY_S)
    away = tmp_path / "elsewhere"
    away.mkdir()
    link = tmp_path / "sessions" / ("d" * 24)
    link.symlink_to(away)
    assert folders.remove_old(tmp_path / "sessions", time.time() + DAY_S, {known.name}) == 0
    assert known.is_dir()
    assert away.is_dir()
    assert folders.remove_old(tmp_path / "nothing", time.time(), set()) == 0


async def test_only_this_user_may_look_into_the_sessions(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    (tmp_path / "sessions").mkdir(mode=0o755)
    client = await aiohttp_client(fake_app(Settings(data=tmp_path)))
    await until(lambda: stat.S_IMODE((tmp_path / "sessions").stat().st_mode) == 0o700)
    room = await opened(client)
    room.director.jobs.start("job1", "website", {})
    assert stat.S_IMODE(room.session.folder.stat().st_mode) == 0o700


async def test_a_disk_that_takes_nothing_fails_the_job_and_not_the_session(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    (tmp_path / "full").write_text("")
    workshop = FakeWorkshop()
    app = fake_app(Settings(data=tmp_path / "full"), fake_crew(workshop=workshop))
    room = await opened(await aiohttp_client(app))
    room.director.jobs.start("job1", "website", {})
    failed = await room.heard(events.JobFailed)
    assert isinstance(failed, events.JobFailed)
    assert (failed.job, failed.kind, failed.code) == ("job1", "website", "storage_failed")
    assert not room.session.ended
    assert not workshop.started


class NotingDirector(FakeDirector):
    """Notes whose session a log line would name."""

    names: list[str]

    async def run(self) -> str:
        self.names = [logs.session_id.get()]
        return await super().run()

    def post(self, event: events.Event) -> None:
        self.names.append(logs.session_id.get())
        super().post(event)


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path) -> Client:
    return await aiohttp_client(fake_app(Settings(data=tmp_path), fake_crew(NotingDirector)))


async def test_what_is_logged_for_a_session_names_it(client: Client) -> None:
    one, two = await opened(client), await opened(client)
    for room in (one, two):
        await client.post(f"{room.path}/messages", json={"text": "Hello"}, headers=room.auth)
        assert isinstance(room.director, NotingDirector)
        assert room.director.names == [room.session.id] * 2
    assert logs.session_id.get() == ""


def test_what_a_build_left_behind_does_not_keep_a_folder(tmp_path: Path) -> None:
    """Deeper than can be walked by names or calls, locked, and with a way out that is not taken."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("stays")
    folder = tmp_path / "session"
    (folder / "locked" / "inner").mkdir(parents=True)
    (folder / "out").symlink_to(outside)
    (folder / "locked").chmod(0)
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=inner)
        deeper = os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)
    folders.remove(folder)
    assert not folder.exists()
    assert (outside / "file").read_text() == "stays"
