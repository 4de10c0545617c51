"""Publishing in its own worker: with the session's account, at most once, wherever the worker is killed."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from processes import children

from orchestration.adapters.picture_files import keep_picture
from orchestration.approval import payload_hash
from orchestration.events import JobFailed, JobFinished, JobProgressed
from server.accounts import Account, Accounts
from server.jobs import means
from server.jobs.runner import JobRunner
from server.jobs.tasks import ASSETS_FOLDER
from server.jobs.wire import Limits
from server.settings import Settings
from tests.fakes.killed_server import server
from tests.fakes.linkedin import NAME, PERSON, FakeLinkedIn
from tests.fakes.workshops import until

SESSION = "0" * 24
CALLS = 4
"""Of one publication: where the picture goes, the picture, its state, the post."""


class Listener:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ended: asyncio.Future[JobFinished | JobFailed] = asyncio.get_running_loop().create_future()

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None:
        self.lines += lines

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None:
        if not isinstance(event, JobProgressed):
            self.ended.set_result(event)

    def job_preview(self, job: str, socket: str, address: str) -> None:
        """Nothing of these jobs is seen live."""


class Desk:
    """A session's folder with an approved post, and the runner that publishes it."""

    def __init__(self, data: Path, linkedin: FakeLinkedIn, connected: bool = True) -> None:
        settings = Settings(data=data, linkedin_url=linkedin.url, linkedin_version="202611")
        accounts = Accounts(settings)
        self.folder = data / "sessions" / SESSION
        (self.folder / ASSETS_FOLDER).mkdir(parents=True)
        if connected:
            accounts.keep(SESSION, Account(linkedin.grant(), NAME, f"urn:li:person:{PERSON}", 2e9))
        mine = means.of_settings(settings, accounts.means)
        # No service's queue: its second of patience would be spent 40 times.
        self.runner = JobRunner(data, means=mine, limits=Limits())
        self.jobs = 0

    async def open(self) -> Desk:
        """The workshop takes work."""
        self.runner.warm()
        async with asyncio.timeout(30):
            while not self.runner.ready:
                await asyncio.sleep(0.01)
        return self

    def payload(self, approval: str = "approval1") -> dict[str, object]:
        picture = io.BytesIO()
        Image.new("RGB", (12, 6)).save(picture, "PNG")
        image = keep_picture(picture.getvalue(), self.folder / ASSETS_FOLDER)
        post: dict[str, object] = {"text": "Fresh (bread)!", "image": image, "alt": "A loaf"}
        return {**post, "approval": approval, "hash": payload_hash(post)}

    def start(self, approval: str = "approval1") -> Listener:
        listener = Listener()
        self.jobs += 1
        self.runner.start(SESSION, f"j{self.jobs}", "publish", self.payload(approval), self.folder, listener)
        return listener

    async def publish(self) -> JobFinished | JobFailed:
        async with asyncio.timeout(40):
            return await self.start().ended


@pytest.fixture
async def linkedin() -> AsyncIterator[FakeLinkedIn]:
    fake = await FakeLinkedIn(refuse_duplicates=False, hold_s=0.3).start()
    yield fake
    await fake.stop()


async def test_the_worker_publishes_with_the_session_s_account(
    linkedin: FakeLinkedIn, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, linkedin)
    outcome = await desk.publish()
    await desk.runner.close()
    assert isinstance(outcome, JobFinished)
    (post,) = linkedin.posts
    assert (post.shown, post.alt) == ("Fresh (bread)!", "A loaf")
    assert outcome.result["status"] == "published"
    assert outcome.result["url"] == f"https://www.linkedin.com/feed/update/{post.urn}/"


async def test_without_an_account_the_worker_keeps_a_draft(linkedin: FakeLinkedIn, tmp_path: Path) -> None:
    desk = Desk(tmp_path, linkedin, connected=False)
    outcome = await desk.publish()
    await desk.runner.close()
    assert isinstance(outcome, JobFinished)
    assert outcome.result["status"] == "draft"
    assert linkedin.calls == []


@pytest.mark.parametrize(
    ("calls", "way"),
    [
        *((calls, "worker") for calls in range(CALLS + 1)),
        *((calls, "workshop") for calls in (0, 2, CALLS)),
        (1, "cancelled"),
        (CALLS, "cancelled"),
    ],
)
async def test_whoever_ends_in_the_middle_is_never_followed_by_a_second_post(
    linkedin: FakeLinkedIn, tmp_path: Path, calls: int, way: str
) -> None:
    """`calls`: how many LinkedIn has got when one is killed; the last one it never answers."""
    desk = await Desk(tmp_path, linkedin).open()
    if calls == CALLS:
        linkedin.troubles.append("hang_after")
    first = desk.start()
    async with asyncio.timeout(30):
        while len(linkedin.calls) < calls and not first.ended.done():
            await asyncio.sleep(0.001)
    if way == "cancelled":
        desk.runner.cancel(SESSION, "j1")
    else:
        workshop = desk.runner.workshop_pid
        assert workshop is not None
        for pid in children(workshop) if way == "worker" else [workshop]:
            with contextlib.suppress(ProcessLookupError):  # it was just done
                os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        await first.ended
    sent = linkedin.calls.count("POST /rest/posts")
    for _ in range(2):
        again = await desk.publish()
        assert isinstance(again, JobFinished)
        assert len(linkedin.posts) <= 1
        if again.result["status"] != "published":
            assert again.result["status"] == "unknown"
            assert linkedin.calls.count("POST /rest/posts") == sent
    await desk.runner.close()


@pytest.mark.parametrize("calls", [1, CALLS])
async def test_a_publication_of_a_killed_server_ends_once_under_the_next_with_the_same_account(
    linkedin: FakeLinkedIn, tmp_path: Path, calls: int
) -> None:
    desk = Desk(tmp_path, linkedin)
    if calls == CALLS:
        linkedin.troubles.append("hang_after")
    async with server(tmp_path, linkedin.url) as first:
        first.tell(session=SESSION, job="j1", kind="publish", payload=desk.payload())
        await until(lambda: len(linkedin.calls) >= calls)
        await first.kill()
    async with server(tmp_path, linkedin.url) as second:
        second.tell(attach=SESSION)
        await until(lambda: second.outcomes)
        (told,) = second.outcomes
        result = told["result"]
        assert isinstance(result, dict)
        sent = linkedin.calls.count("POST /rest/posts")
        assert result["status"] == "unknown" or (result["status"] == "published" and sent == 1)
        assert len(linkedin.posts) == sent <= 1
