"""Sessions end in every way that they can, and leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from pathlib import Path

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient
from rtc_page import rtc_page, until
from signalling_fakes import (
    Client,
    DeafDirector,
    FakeDirector,
    Opened,
    fake_app,
    fake_crew,
    opened,
)

from orchestration import events, notices
from orchestration.usage import Usage
from server import metrics
from server import session as session_module
from server import sessions as sessions_module
from server.costs import TokenPrice, cost
from server.pages import READY
from server.sessions import SESSIONS
from server.settings import Settings


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path) -> Client:
    return await aiohttp_client(fake_app(Settings(data=tmp_path, max_sessions=1000)))


async def over(room: Opened) -> None:
    await until(lambda: room.session.over)


async def test_a_completed_session_says_so_and_ends(client: Client) -> None:
    room = await opened(client)
    room.director.publish(notices.SessionCompleted({"pages": 4}))
    room.director.end("completed")
    await over(room)
    assert room.session.snapshot.state == "completed"
    kept = [entry.type for entry in room.session.events.after(0)]
    assert kept == ["session.state", "session.completed", "session.state"]


async def test_what_a_session_used_is_counted_when_it_ends(client: Client) -> None:
    def counted() -> float:
        labels = {"direction": "cached", "modality": "audio"}
        return metrics.REGISTRY.get_sample_value("moentreprise_tokens_total", labels) or 0.0

    before = counted()
    room = await opened(client)
    room.director.usage = Usage(cached_audio=17)
    assert counted() == before
    room.director.end("completed")
    await over(room)
    assert counted() - before == 17


async def test_what_a_session_used_is_priced_as_the_operator_says(
    aiohttp_client: AiohttpClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    prices = (TokenPrice("input", "text", 4.0), TokenPrice("output", "audio", 64.0))
    settings = Settings(data=tmp_path, token_prices=prices, openai_api_key="sk-mine")
    client = await aiohttp_client(fake_app(settings))
    before = metrics.REGISTRY.get_sample_value("moentreprise_cost_total") or 0.0
    room = await opened(client)
    room.director.usage = Usage(input_text=500_000, output_audio=250_000)
    room.director.end("completed")
    await over(room)
    assert metrics.REGISTRY.get_sample_value("moentreprise_cost_total") == before + 18.0
    settled = next(record for record in caplog.records if record.getMessage() == "session settled")
    assert vars(settled)["cost"] == 18.0
    assert vars(settled)["tokens"] == 750_000


def test_a_cost_that_is_not_known_whole_is_not_told() -> None:
    prices = (TokenPrice("input", "text", 4.0),)
    assert cost(Usage(input_text=1_000_000), prices) == 4.0
    assert cost(Usage(input_text=1_000_000, output_audio=1), prices) is None
    assert cost(Usage(input_text=1_000_000), ()) is None


def test_cached_input_without_a_price_costs_what_other_input_does() -> None:
    prices = (TokenPrice("input", "text", 4.0), TokenPrice("input", "audio", 32.0))
    used = Usage(input_text=1_000_000, cached_text=500_000)
    assert cost(used, prices) == 6.0
    assert cost(used, (*prices, TokenPrice("cached", "text", 0.4))) == 4.2
    assert cost(Usage(cached_image=1), prices) is None


async def test_a_director_that_does_not_stop_is_stopped(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    client = await aiohttp_client(fake_app(Settings(data=tmp_path), fake_crew(DeafDirector)))
    room = await opened(client)
    async with asyncio.timeout(2):
        response = await client.delete(room.path, headers=room.auth)
    assert (await response.json())["state"] == "stopped"
    assert room.director.finished.cancelled()


async def test_a_director_that_breaks_ends_its_session_openly(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    room = await opened(client)
    other = await opened(client)
    room.director.finished.set_exception(RuntimeError("broken"))
    await over(room)
    types = [entry.type for entry in room.session.events.after(0)]
    assert types == ["session.state", "error", "session.state"]
    assert room.session.snapshot.state == "stopped"
    assert "the director failed" in caplog.text
    assert not other.session.ended


async def test_a_session_that_nobody_enters_expires(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "NEVER_CONNECTED_S", 0.2)
    room = await opened(client)
    await over(room)
    assert room.session.snapshot.state == "expired"
    assert room.director.heard == [events.StopRequested("expired")]
    assert (await client.get(room.path, headers=room.auth)).status == 200


async def test_a_session_whose_page_stays_away_expires(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await opened(client)
    async with rtc_page(microphone=False) as page:
        await page.connect(client, f"{room.path}/whip", room.auth)
        await page.live()
        page.say({"type": "ping"})
        await room.heard(events.ListenerArrived)
        room.session._ttl_s = 0.2
        await asyncio.sleep(0.6)
        assert not room.session.ended
    await over(room)
    assert room.session.snapshot.state == "expired"


async def test_an_ended_session_is_forgotten_with_its_files(
    aiohttp_client: AiohttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions_module, "SWEEP_S", 0.05)
    client = await aiohttp_client(fake_app(Settings(data=tmp_path, keep_ended_s=0)))
    room = await opened(client)
    room.director.jobs.start("job1", "website", {})
    assert room.session.folder.is_dir()
    await client.delete(room.path, headers=room.auth)
    await until(lambda: not room.session.folder.exists())
    assert (await client.get(room.path, headers=room.auth)).status == 404


async def test_a_draining_server_opens_nothing_and_is_not_ready(client: Client) -> None:
    room = await opened(client)
    assert (await client.get("/readyz")).status == 200
    await client.app[SESSIONS].drain()
    assert room.session.over
    refused = await client.post("/sessions")
    assert (refused.status, (await refused.json())["code"]) == (503, "draining")
    assert int(refused.headers["Retry-After"]) > 0
    assert (await client.get("/readyz")).status == 503
    healthy = await client.get("/healthz")
    assert (healthy.status, (await healthy.json())["server"]) == (200, "moentreprise")


async def test_the_server_is_not_ready_without_voices(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    app = fake_app(Settings(data=tmp_path))
    app[READY] = lambda: False
    client = await aiohttp_client(app)
    response = await client.get("/readyz")
    assert (response.status, (await response.json())["code"]) == (503, "not_ready")


async def test_nothing_of_one_session_reaches_another(client: Client) -> None:
    one, two = await opened(client), await opened(client)
    one.session.publish(notices.PhaseEntered("interview", 2, 7))
    await client.post(f"{one.path}/messages", json={"text": "Rosa"}, headers=one.auth)
    assert two.session.events.last_seq == 1
    assert not two.director.heard
    assert two.session.folder != one.session.folder


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def live_once(client: Client) -> None:
    """A whole short life: opened, connected, heard, stopped."""
    room = await opened(client)
    async with rtc_page(microphone=False) as page:
        await page.connect(client, f"{room.path}/whip", room.auth)
        await page.live()
        page.say({"type": "resume", "after": 0})
        page.say({"type": "ping"})
        await room.heard(events.ListenerArrived)
        async with asyncio.timeout(2):
            assert (await client.delete(room.path, headers=room.auth)).status == 200
    client.app[SESSIONS].forget(room.session)


async def test_fifty_sessions_leave_no_task_and_no_descriptor(client: Client) -> None:
    async def five() -> None:
        await asyncio.gather(*(live_once(client) for _ in range(5)))

    await five()  # opens the HTTP connections that are kept
    await asyncio.sleep(0.1)
    tasks, files = len(asyncio.all_tasks()), descriptors()
    for _ in range(10):
        await five()
    gc.collect()
    await until(lambda: len(asyncio.all_tasks()) <= tasks and descriptors() <= files)


async def test_stopping_the_application_ends_every_session(tmp_path: Path) -> None:
    app = fake_app(Settings(data=tmp_path))
    runner = web.AppRunner(app)
    await runner.setup()
    rooms = [app[SESSIONS].create() for _ in range(3)]
    await asyncio.sleep(0)
    await runner.cleanup()
    assert all(room.over for room in rooms)
    assert all(room.snapshot.state == "stopped" for room in rooms)
    assert {type(room.director) for room in rooms} == {FakeDirector}


async def test_a_human_s_own_stop_is_told_as_that_even_when_it_takes_force(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    client = await aiohttp_client(fake_app(Settings(data=tmp_path), fake_crew(DeafDirector)))
    room = await opened(client)
    await client.delete(room.path, headers=room.auth)
    last = json.loads(room.session.events.after(0)[-1].text)
    assert last["data"] == {"state": "stopped", "reason": "human"}


async def test_the_page_stays_connected_until_the_last_word_was_heard(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "LAST_WORDS_S", 0.6)
    room = await opened(client)
    async with rtc_page(microphone=False) as page:
        await page.connect(client, f"{room.path}/whip", room.auth)
        await page.live()
        page.say({"type": "ping"})
        await room.heard(events.ListenerArrived)
        room.director.end("completed")
        await page.told("session.state", 3)
        await asyncio.sleep(0.3)
        assert not page.channel_closed.is_set()
        await over(room)
        await page.channel_closed.wait()
