"""The page and its files: served to anybody, fenced in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pytest_aiohttp import AiohttpClient
from signalling_fakes import Client, fake_app

from server.settings import Settings


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path) -> Client:
    return await aiohttp_client(fake_app(Settings(data=tmp_path)))


async def test_the_page_and_all_that_it_names_are_served(client: Client) -> None:
    response = await client.get("/")
    assert (response.status, response.content_type) == (200, "text/html")
    named = re.findall(r'(?:src|href)="(/[^"]+)"', await response.text())
    assert "/mo-logo" in named
    for path in {path.split("#")[0] for path in named}:
        assert (await client.get(path)).status == 200, path


async def test_files_are_checked_for_freshness_each_time(client: Client) -> None:
    first = await client.get("/client/app.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = await client.get("/client/app.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize(
    "path",
    ["/client/", "/client/../setup.cfg", "/client/%2e%2e/setup.cfg", "/client/..%2fsetup.cfg", "/client/.git"]
    + ["/client//etc/passwd", "/client/workspace", "/client/%00.js", "/client/none.js"],
)
async def test_nothing_else_can_be_fetched(client: Client, path: str) -> None:
    assert (await client.get(path)).status in (400, 404)


@pytest.mark.parametrize("path", ["/", "/mo-logo", "/healthz", "/nothing", "/sessions/x"])
async def test_every_answer_fences_the_browser_in(client: Client, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "unsafe" not in policy
