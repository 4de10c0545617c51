"""The whole way: a job, Vite in the sandbox, our proxy. A page changes as it is written; nothing stays."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from live_worker import GREEN
from processes import children
from pytest_aiohttp import AiohttpClient
from signalling_fakes import Opened, fake_app, fake_crew, opened

from orchestration.adapters.sandbox import Missing, probe
from orchestration.adapters.website.vite.template import ready
from orchestration.adapters.work import Means
from orchestration.events import JobFailed, JobFinished
from server import live_proxy
from server.jobs.runner import JobRunner
from server.settings import Settings

pytestmark = pytest.mark.timeout(150)
"""Some seconds; on a machine that does much else, more than the usual minute."""
WORKER = (sys.executable, "-P", str(Path(__file__).with_name("live_worker.py")))


@pytest.fixture(autouse=True)
def _machine() -> None:
    """Without a sandbox, Node and Vite's packages it is skipped, and in CI it fails."""
    found = probe()
    reason = f"no sandbox: {found.reason}" if isinstance(found, Missing) else ""
    if not reason and (shutil.which("node") is None or ready(Means()) is None):
        reason = "Vite's packages are not there (python -m orchestration.adapters.website.vite.prepare)"
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture
async def room(aiohttp_client: AiohttpClient, tmp_path: Path) -> AsyncIterator[Opened]:
    before = set(children())
    runner = JobRunner(tmp_path, command=WORKER)
    client: TestClient[web.Request, web.Application] = await aiohttp_client(
        fake_app(Settings(data=tmp_path), fake_crew(workshop=runner))  # type: ignore[arg-type]
    )
    room = await opened(client)
    room.director.jobs.start("j1", "website", {})
    yield room
    await room.session.stop()
    await runner.close()
    assert set(children()) <= before


async def told(room: Opened, count: int) -> dict[str, object]:
    """The `count`-th word on a live preview."""
    ends = asyncio.get_running_loop().time() + 45
    while asyncio.get_running_loop().time() < ends:
        entries = room.session.events.after(0)
        texts = [entry.text for entry in entries if entry.type == "site.building"]
        if len(texts) >= count:
            data: dict[str, object] = json.loads(texts[count - 1])["data"]
            return data
        await asyncio.sleep(0.02)
    pytest.fail(str([entry.text for entry in room.session.events.after(0)]))


async def heard(channel: aiohttp.ClientWebSocketResponse, type: str) -> dict[str, object]:
    """Vite's next message of this type."""
    async with asyncio.timeout(10):
        while True:
            said: dict[str, object] = json.loads(await channel.receive_str())
            if said["type"] == type:
                return said


def left(room: Opened) -> list[str]:
    return sorted(path.name for path in room.session.folder.iterdir() if "live" in path.name)


async def test_a_page_changes_while_it_is_written_and_nothing_stays(
    room: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_proxy, "LINGER_S", 0.1)
    url = str((await told(room, 1))["url"])
    page = await (await room.client.get(url)).text()
    assert "<title>Ours</title>" in page
    assert f'"{url}@vite/client"' in page
    assert (await room.client.get(f"{url}src/main.tsx")).content_type == "text/javascript"
    assert "200 0 0" in await (await room.client.get(f"{url}src/look.css")).text()
    async with room.client.ws_connect(url, protocols=("vite-hmr",)) as channel:
        await heard(channel, "connected")
        (room.session.folder / "green").touch()
        update = await heard(channel, "update")
        assert "/src/look.css" in json.dumps(update)
        style = await (await room.client.get(f"{url}src/look.css?t=1")).text()
        assert GREEN in style
        open_files = len(os.listdir("/proc/self/fd"))
        (room.session.folder / "done").touch()
        assert (await channel.receive(10)).type is aiohttp.WSMsgType.CLOSE
    done = await room.heard(JobFinished)
    assert isinstance(done, JobFinished)
    assert float(str(done.result["held_up_s"])) < 2.5
    assert await told(room, 2) == {"url": "", "live": False}
    assert left(room) == []
    assert len(os.listdir("/proc/self/fd")) < open_files
    assert (await room.client.get(f"{url}src/main.tsx")).status == 404


async def test_a_cancelled_build_takes_its_preview_with_it(room: Opened) -> None:
    url = str((await told(room, 1))["url"])
    room.session.work.cancel("j1")
    assert isinstance(await room.heard(JobFailed), JobFailed)
    assert (await told(room, 2))["live"] is False
    while room.session.live.at(url.split("/")[2]) is not None:
        await asyncio.sleep(0.02)
    assert (await room.client.get(url, allow_redirects=False)).status == 307
    room.director.jobs.start("j2", "website", {})  # what was left of the first one goes
    assert (await told(room, 3))["url"] != url
    assert len(left(room)) == 2
