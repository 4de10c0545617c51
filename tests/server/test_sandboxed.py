"""`/readyz` tells which sandbox is in force; a server without one is as ready as with one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient
from signalling_fakes import fake_app

from orchestration.adapters.sandbox import Missing, Sandbox
from server import sandboxed
from server.settings import Settings

WORKING = Sandbox("/usr/bin/bwrap", "bubblewrap", ("no network", "another user"))


def app_with(found: Sandbox | Missing, folder: Path, monkeypatch: pytest.MonkeyPatch) -> web.Application:
    monkeypatch.setattr(sandboxed, "probe", lambda: found)
    app = fake_app(Settings(data=folder))
    app.cleanup_ctx.append(sandboxed.lifetime)
    return app


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (WORKING, {"kind": "bubblewrap", "in_force": ["no network", "another user"]}),
        (Missing("bubblewrap is not installed"), {"kind": None, "reason": "bubblewrap is not installed"}),
    ],
)
async def test_what_was_found_is_told(
    found: Sandbox | Missing,
    told: dict[str, object],
    aiohttp_client: AiohttpClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = await aiohttp_client(app_with(found, tmp_path, monkeypatch))
    await asyncio.wait([client.app[sandboxed.FOUND]])
    answer = await client.get("/readyz")
    assert answer.status == 200
    assert await answer.json() == {"status": "ready", "sandbox": told}


async def test_nobody_waits_for_the_trial(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    client = await aiohttp_client(fake_app(Settings(data=tmp_path)))
    answer = await client.get("/readyz")
    assert (answer.status, (await answer.json())["sandbox"]["kind"]) == (200, None)
