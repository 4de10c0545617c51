"""The built site is shown to whoever has its address, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient
from yarl import URL

from server import preview

Client = TestClient[web.Request, web.Application]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "about").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Front</h1>")
    (folder / "about" / "index.html").write_text("<h1>About</h1>")
    (folder / "app.js").write_text("export const one = 1;")
    (folder / ".hidden").write_text("hidden")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "escape.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "loop").symlink_to(folder / "loop")
    return folder


@pytest.fixture
async def client(aiohttp_client: AiohttpClient) -> Client:
    app = web.Application()
    preview.add_routes(app)
    return await aiohttp_client(app)


def opened(client: Client, site: Path, session: str = "one") -> str:
    assert client.app is not None
    return client.app[preview.PREVIEWS].open(session, site)


async def test_the_front_page_and_a_folders_page_are_shown(client: Client, site: Path) -> None:
    url = opened(client, site)
    assert "Front" in await (await client.get(url)).text()
    assert "About" in await (await client.get(f"{url}about/")).text()


async def test_an_address_without_its_slash_leads_to_the_one_with_it(client: Client, site: Path) -> None:
    url = opened(client, site)
    for short in (url.rstrip("/"), f"{url}about"):
        answer = await client.get(short, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (308, f"{short}/")


async def test_pages_are_sandboxed_in_an_origin_of_their_own(client: Client, site: Path) -> None:
    answer = await client.get(opened(client, site))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


async def test_a_script_is_sent_as_a_script(client: Client, site: Path) -> None:
    answer = await client.get(f"{opened(client, site)}app.js")
    assert answer.content_type in ("text/javascript", "application/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "about/../../secret.txt",
        "escape.txt",
        ".hidden",
        "loop",
        "nowhere.html",
        "about%5c..%5cindex.html",
        "%00",
        "x" * 3000,
    ],
)
async def test_what_is_not_the_sites_own_is_a_page_that_says_so(
    client: Client, site: Path, path: str
) -> None:
    url = opened(client, site)
    answer = await client.get(URL(f"{url}{path}", encoded=True))
    text = await answer.text()
    assert answer.status == 404
    assert "secret" not in text
    assert "hidden" not in text


async def test_a_guessed_address_shows_nothing(client: Client, site: Path) -> None:
    opened(client, site)
    answer = await client.get("/preview/one/")
    assert answer.status == 404
    assert "no such page" in await answer.text()


async def test_a_closed_preview_is_gone(client: Client, site: Path) -> None:
    url = opened(client, site)
    assert client.app is not None
    client.app[preview.PREVIEWS].close("one")
    client.app[preview.PREVIEWS].close("one")
    for path in (url, url.rstrip("/")):
        assert (await client.get(path, allow_redirects=False)).status == 404


async def test_a_second_build_keeps_the_address_and_sessions_have_their_own(
    client: Client, site: Path, tmp_path: Path
) -> None:
    url = opened(client, site)
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "index.html").write_text("Newer")
    assert opened(client, newer) == url
    assert await (await client.get(url)).text() == "Newer"
    assert opened(client, site, "two") != url
