"""The built site is shown to whoever has its address, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient
from signalling_fakes import fake_app, opened
from yarl import URL

from orchestration import notices
from server import preview
from server.sessions import SESSIONS, Sessions
from server.settings import Settings

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


@dataclass
class Kept:
    """A session, as the preview needs it."""

    folder: Path


class Registry:
    """The sessions, as the preview needs them."""

    def __init__(self, kept: dict[str, Kept]) -> None:
        self.kept = kept

    def find_by_capability(self, capability: str) -> Kept | None:
        return self.kept.get(capability)

    def find_by_live_address(self, address: str) -> None:
        """Nothing is being built."""


SITE_URL = "/preview/c4p4b1l1ty/"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry({"c4p4b1l1ty": Kept(tmp_path)})


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, registry: Registry) -> Client:
    app = web.Application()
    app[SESSIONS] = cast(Sessions, registry)
    preview.add_routes(app)
    return await aiohttp_client(app)


async def test_the_front_page_and_a_folders_page_are_shown(client: Client, site: Path) -> None:
    url = SITE_URL
    assert "Front" in await (await client.get(url)).text()
    assert "About" in await (await client.get(f"{url}about/")).text()


async def test_an_address_without_its_slash_leads_to_the_one_with_it(client: Client, site: Path) -> None:
    url = SITE_URL
    for short in (url.rstrip("/"), f"{url}about"):
        answer = await client.get(short, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (308, f"{short}/")


async def test_a_folder_of_any_name_leads_to_its_own_page(client: Client, site: Path) -> None:
    (site / "a\rb?").mkdir()
    (site / "a\rb?" / "index.html").write_text("odd")
    answer = await client.get(URL(f"{SITE_URL}a%0Db%3F", encoded=True))
    assert (answer.status, await answer.text()) == (200, "odd")


async def test_pages_are_sandboxed_in_an_origin_of_their_own(client: Client, site: Path) -> None:
    answer = await client.get(SITE_URL)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-scripts;")
    assert "allow-same-origin" not in policy
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


async def test_a_script_is_sent_as_a_script(client: Client, site: Path) -> None:
    answer = await client.get(f"{SITE_URL}app.js")
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
        "%C3%A9" * 200,
        "%F0%9F%8D%9E" * 70,
    ],
)
async def test_what_is_not_the_sites_own_is_a_page_that_says_so(
    client: Client, site: Path, path: str
) -> None:
    url = SITE_URL
    answer = await client.get(URL(f"{url}{path}", encoded=True))
    text = await answer.text()
    assert answer.status == 404
    assert "secret" not in text
    assert "hidden" not in text


async def test_a_guessed_address_shows_nothing(client: Client, site: Path) -> None:
    answer = await client.get("/preview/one/")
    assert answer.status == 404
    assert "no such page" in await answer.text()


async def test_the_preview_goes_with_its_session(client: Client, site: Path, registry: Registry) -> None:
    registry.kept.clear()
    for path in (SITE_URL, SITE_URL.rstrip("/")):
        assert (await client.get(path, allow_redirects=False)).status == 404


async def test_before_anything_is_built_there_is_a_page_that_says_so(
    client: Client, registry: Registry, tmp_path: Path
) -> None:
    registry.kept["c4p4b1l1ty"] = Kept(tmp_path / "empty")
    assert (await client.get(SITE_URL)).status == 404


async def test_the_real_registry_shows_a_session_s_site_until_it_is_forgotten(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    app = fake_app(Settings(data=tmp_path))
    client = await aiohttp_client(app)
    room = await opened(client)
    room.session.publish(notices.SiteReady(""))
    told = next(entry for entry in room.session.events.after(0) if entry.type == "site.ready")
    url = json.loads(told.text)["data"]["url"]
    (room.session.folder / "site").mkdir(parents=True)
    (room.session.folder / "site" / "index.html").write_text("Ours")
    answer = await client.get(url)
    assert await answer.text() == "Ours"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts;")
    await client.delete(f"{room.path}/data", headers=room.auth)
    assert (await client.get(url)).status == 404
