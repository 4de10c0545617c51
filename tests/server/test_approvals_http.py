"""Approving over HTTP, with the real conversation and real workers: each tap its stated answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from PIL import Image
from pytest_aiohttp import AiohttpClient
from signalling_fakes import FakeDirector, FakeWorkshop, Opened, fake_app, fake_crew, opened

from orchestration import events
from orchestration.approval import APPROVAL_LIFE_S, Approval, ApprovalState, payload_hash
from orchestration.conversation import Conversation
from orchestration.events import JobFailed, JobFinished, JobProgressed
from orchestration.workflow import MOENTREPRISE
from server.jobs import means
from server.jobs.protocol import Request, Result, parse_message
from server.jobs.runner import JobRunner
from server.jobs.tasks import run_task
from server.sessionwork import RunListener
from server.settings import Settings
from tests.fakes.openai_images import KEY, OpenAIImages, openai_images
from tests.orchestration.work_samples import Remembered

BRIEF = ("Golden Crust", "sourdough bread and cakes", "families", "stone oven", "home and menu", "warm brown")


WORKER_S = 60.0
"""A worker gives way to everything else on the machine."""


class DeskDirector(FakeDirector):
    """A Director without voices: a real conversation, and it comes to each event a moment later."""

    conversation: Conversation  # type: ignore[assignment]

    def __init__(self, **parts: object) -> None:
        super().__init__(**parts)  # type: ignore[arg-type]
        self.conversation = Conversation(MOENTREPRISE, {"sophie": "marketing"}, BRIEF)
        self.started: list[events.StartJob] = []
        self.after_s = 0.0

    def post(self, event: events.Event) -> None:
        self.heard.append(event)
        if isinstance(event, events.StopRequested):
            self.end("stopped", event.reason)
        else:
            asyncio.get_running_loop().call_later(self.after_s, self.receive, event)

    def receive(self, event: events.Event) -> None:
        self.carry_out(self.conversation.receive(event, asyncio.get_running_loop().time()))

    def carry_out(self, commands: list[events.Command]) -> None:
        for command in commands:
            match command:
                case events.Tell(notice):
                    self.publish(notice)
                case events.StartJob(job, kind, payload):
                    self.started.append(command)
                    if kind != "publish":
                        self.jobs.start(job, kind, payload)
                case events.CancelJob(job):
                    self.jobs.cancel(job)

    @property
    def published(self) -> list[dict[str, object]]:
        return [job.payload for job in self.started if job.kind == "publish"]


class Desk:
    """A session whose post is drafted and waits for approval."""

    def __init__(self, room: Opened) -> None:
        self.room = room
        assert isinstance(room.director, DeskDirector)
        self.director = room.director
        self.desk = room.director.conversation.desk

    async def ask(self, within_s: float = 20.0) -> Approval:
        now = asyncio.get_running_loop().time()
        call = events.ToolCall("call1", "draft_post")
        self.director.carry_out(self.desk.call("draft_post", "sophie", call, now))
        await self.settled("post", within_s)
        self.director.carry_out(self.desk.ask_approval("sophie", "call2", now))
        return self.open

    @property
    def open(self) -> Approval:
        approval = self.desk.open_approval
        assert approval is not None
        return approval

    async def settled(self, kind: str, within_s: float = 20.0) -> None:
        async with asyncio.timeout(within_s):
            while self.desk.running(kind) is not None:
                await asyncio.sleep(0.02)

    async def tap(self, approval: Approval | str, decision: str = "approve") -> tuple[int, str]:
        name = approval if isinstance(approval, str) else approval.approval
        path = f"{self.room.path}/approvals/{name}"
        json = {"decision": decision}
        return await self._answer(await self.room.client.post(path, json=json, headers=self.room.auth))

    async def change(self, **body: str) -> tuple[int, str]:
        path = f"{self.room.path}/post"
        return await self._answer(await self.room.client.patch(path, json=body, headers=self.room.auth))

    @staticmethod
    async def _answer(response: ClientResponse) -> tuple[int, str]:
        body = await response.json(content_type=None)
        return response.status, str(body.get("code", ""))

    def state(self, approval: Approval) -> ApprovalState:
        return self.desk.approvals[approval.approval].state


class Told(Remembered):
    """What a job reports, told on the event loop."""

    def __init__(self, tell: Callable[[JobProgressed], None], job: str) -> None:
        super().__init__()
        self._tell, self._job, self._loop = tell, job, asyncio.get_running_loop()

    def progress(self, percent: int, message: str) -> None:
        self._loop.call_soon_threadsafe(self._tell, JobProgressed(self._job, percent, message))


class Threads(FakeWorkshop):
    """Does the real work at once, in a thread; a worker process is not what is tested here."""

    def __init__(self, means_of: means.MeansOf) -> None:
        super().__init__()
        self._means = means_of
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(
        self,
        session_id: str,
        job: str,
        kind: str,
        payload: dict[str, object],
        folder: Path,
        listener: RunListener,
    ) -> None:
        request = Request(kind, payload, str(folder), dict(self._means(session_id, kind)))
        self._tasks[job] = asyncio.create_task(self._work(job, request, listener))

    async def _work(self, job: str, request: Request, listener: RunListener) -> None:
        try:
            told = Told(listener.job_event, job)
            outcome = parse_message(await asyncio.to_thread(run_task, request, told))
        except asyncio.CancelledError:
            listener.job_event(JobFailed(job, request.kind, "cancelled", "The work was cancelled."))
            return
        assert isinstance(outcome, Result), outcome
        listener.job_event(JobFinished(job, request.kind, outcome.result))

    def cancel(self, session_id: str, job: str) -> bool:
        return self._tasks[job].cancel()


@pytest.fixture
async def service() -> AsyncIterator[OpenAIImages]:
    async with openai_images() as service:
        yield service


def configured(folder: Path, service: OpenAIImages) -> Settings:
    return Settings(
        data=folder,
        openai_api_key=KEY,
        openai_base_url=service.url,
        text_model="",
        image_model="gpt-image-2",
    )


@pytest.fixture
async def desk(aiohttp_client: AiohttpClient, tmp_path: Path, service: OpenAIImages) -> Desk:
    settings = configured(tmp_path, service)
    crew = fake_crew(DeskDirector, Threads(means.of_settings(settings)))
    return Desk(await opened(await aiohttp_client(fake_app(settings, crew))))


async def test_a_double_click_publishes_once(desk: Desk) -> None:
    approval = await desk.ask()
    taps = await asyncio.gather(*(desk.tap(approval) for _ in range(5)))
    assert taps == [(200, "")] * 5
    assert await desk.tap(approval) == (200, "")
    (payload,) = desk.director.published
    content = {name: payload[name] for name in ("text", "image", "alt")}
    assert payload["hash"] == approval.hash == payload_hash(content)


async def test_a_rejection_is_final_and_may_be_repeated(desk: Desk) -> None:
    approval = await desk.ask()
    assert await desk.tap(approval, "reject") == (200, "")
    assert await desk.tap(approval, "reject") == (200, "")
    assert await desk.tap(approval) == (409, "already_decided")
    assert await desk.change(text="Other words.") == (409, "already_decided")
    assert await desk.change(picture="another") == (409, "already_decided")
    assert desk.director.published == []


async def test_both_at_once_are_one_decision(desk: Desk) -> None:
    approval = await desk.ask()
    taps = await asyncio.gather(desk.tap(approval, "reject"), desk.tap(approval))
    assert sorted(taps) == [(200, ""), (409, "already_decided")]
    assert len(desk.director.published) == (taps[1] == (200, ""))


async def test_who_edits_and_then_approves_must_approve_what_is_shown_now(desk: Desk) -> None:
    before = await desk.ask()
    assert await desk.change(text="Other words.", alt="Another description") == (200, "")
    assert await desk.tap(before) == (409, "superseded")
    assert desk.director.published == []
    assert desk.open.hash != before.hash
    assert await desk.tap(desk.open) == (200, "")
    (payload,) = desk.director.published
    assert (payload["text"], payload["alt"]) == ("Other words.", "Another description")
    assert await desk.tap(before) == (409, "superseded")


async def test_an_approval_right_behind_an_edit_is_not_told_to_count(desk: Desk) -> None:
    before = await desk.ask()
    desk.director.after_s = 0.05  # the Director is busy
    assert await desk.change(text="Other words.") == (200, "")
    assert await desk.tap(before) == (409, "superseded")
    assert desk.director.published == []
    desk.director.after_s = 0.0
    assert await desk.tap(desk.open) == (200, "")


async def test_an_approval_after_its_time_is_gone(desk: Desk) -> None:
    approval = await desk.ask()
    desk.desk.approvals[approval.approval] = late = Approval(
        approval.approval, approval.payload, approval.hash, "sophie", "call2",
        asyncio.get_running_loop().time() - 1.0,
    )  # fmt: skip
    assert await desk.tap(late) == (410, "expired")
    desk.director.receive(events.ApprovalDecided(late.approval, events.Decision.APPROVE))
    assert desk.state(late) is ApprovalState.EXPIRED
    assert await desk.tap(late) == (410, "expired")
    assert desk.director.published == []


async def test_an_approval_lives_fifteen_minutes(desk: Desk) -> None:
    approval = await desk.ask()
    left = approval.expires_at - asyncio.get_running_loop().time()
    assert APPROVAL_LIFE_S - 10.0 < left <= APPROVAL_LIFE_S == 900


async def test_what_was_never_asked_is_not_approved(desk: Desk) -> None:
    await desk.ask()
    assert await desk.tap("approval99") == (404, "unknown_approval")
    assert desk.director.published == []


async def test_a_spectator_approves_nothing(desk: Desk) -> None:
    approval = await desk.ask()
    path = f"{desk.room.path}/approvals/{approval.approval}"
    json, headers = {"decision": "approve"}, desk.room.spectator_auth
    assert (await desk.room.client.post(path, json=json, headers=headers)).status == 403
    assert desk.director.published == []


async def test_a_session_that_has_ended_approves_nothing_more(desk: Desk) -> None:
    approval = await desk.ask()
    await desk.room.client.delete(desk.room.path, headers=desk.room.auth)
    assert await desk.tap(approval) == (409, "session_ended")
    assert desk.director.published == []


@pytest.mark.parametrize("words", ["yes", "I approve", "publish it", "approve it now please"])
async def test_words_approve_nothing(desk: Desk, words: str) -> None:
    approval = await desk.ask()
    path = f"{desk.room.path}/messages"
    said = await desk.room.client.post(path, json={"text": words}, headers=desk.room.auth)
    assert said.status == 202
    await asyncio.sleep(0.1)
    assert desk.state(approval) is ApprovalState.OPEN
    assert desk.director.published == []


# ------------------------------------------------------------------ another picture, made by a worker


async def test_another_picture_is_made_served_and_asked_about(desk: Desk, service: OpenAIImages) -> None:
    before = await desk.ask()
    assert [body["model"] for body in service.asked] == ["gpt-image-2"], "the draft's own picture"
    assert await desk.change(picture="card") == (202, "")
    await asyncio.sleep(0.02)
    assert desk.state(before) is ApprovalState.SUPERSEDED
    assert await desk.tap(before) == (409, "superseded"), "while the picture is being made"
    await desk.settled("picture")
    image = str(desk.open.payload["image"])
    assert image != before.payload["image"]
    assert str(desk.open.payload["alt"]).startswith("A card in ")
    answer = await desk.room.client.get(f"{desk.room.path}/assets/{image}", headers=desk.room.auth)
    assert (answer.status, answer.content_type) == (200, "image/png")
    assert await desk.tap(desk.open) == (200, "")
    assert desk.director.published[0]["image"] == image


@pytest.mark.timeout(150)
async def test_in_its_worker_the_models_picture_takes_the_cards_place(
    aiohttp_client: AiohttpClient, tmp_path: Path, service: OpenAIImages
) -> None:
    settings = configured(tmp_path, service)
    runner = JobRunner(tmp_path, means=means.of_settings(settings), log_level="warning")
    runner.warm()
    crew = replace(fake_crew(DeskDirector), workshop=runner)
    desk = Desk(await opened(await aiohttp_client(fake_app(settings, crew))))
    try:
        service.status = 503
        first = await desk.ask(WORKER_S)
        assert desk.desk.results["post"]["because"] == "The image model had a fault of its own."
        assert str(first.payload["alt"]).startswith("A card in ")
        service.status = 200
        assert await desk.change(picture="another") == (202, "")
        await asyncio.sleep(0.02)
        await desk.settled("picture", WORKER_S)
        post = desk.desk.results["post"]
        assert (post["picture_by"], post["because"]) == ("model", "")
        with Image.open(desk.room.session.folder / "assets" / str(post["image"])) as image:
            assert image.size == (1200, 627)
        assert all(KEY not in str(job.payload) for job in desk.director.started)
    finally:
        await runner.close()


async def test_a_picture_that_cannot_be_made_loses_nothing(desk: Desk) -> None:
    before = await desk.ask()
    assets = desk.room.session.folder / "assets"
    kept = {path.name: path.read_bytes() for path in assets.iterdir()}
    assert await desk.change(picture="card") == (202, "")
    await asyncio.sleep(0.02)
    running = desk.desk.running("picture")
    assert running is not None
    path = f"{desk.room.path}/jobs/{running.job}/cancel"
    assert (await desk.room.client.post(path, headers=desk.room.auth)).status == 202
    await desk.settled("picture")
    assert (desk.open.payload, desk.open.hash) == (before.payload, before.hash)
    assert desk.open.approval != before.approval
    assert kept.items() <= {path.name: path.read_bytes() for path in assets.iterdir()}.items()
    assert await desk.tap(desk.open) == (200, "")


async def test_without_a_picture_is_at_once(desk: Desk) -> None:
    before = await desk.ask()
    assert await desk.change(picture="none") == (202, "")
    assert await desk.tap(before) == (409, "superseded")
    assert (desk.open.payload["image"], desk.open.payload["alt"]) == ("", "")
    assert await desk.tap(desk.open) == (200, "")


async def test_a_brief_that_changes_supersedes_when_the_new_draft_is_there(desk: Desk) -> None:
    before = await desk.ask()
    json = {"name": "Golden Krust & Co"}
    fixed = await desk.room.client.patch(f"{desk.room.path}/brief", json=json, headers=desk.room.auth)
    assert fixed.status == 200
    await asyncio.sleep(0.02)
    await desk.settled("post")
    assert await desk.tap(before) == (409, "superseded")
    assert "Golden Krust & Co" in str(desk.open.payload["text"])
