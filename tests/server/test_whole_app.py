"""The application as `serve` makes it, with voices that cannot be reached."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pytest_aiohttp import AiohttpClient

from server.app import create_app
from server.crew import voices
from server.pages import READY
from server.sessions import SESSIONS
from server.settings import Settings

NOWHERE = "http://127.0.0.1:9/v1"


def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, openai_api_key="not-a-key", openai_base_url=NOWHERE)


async def test_voices_that_cannot_be_reached_are_told_to_the_page(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    client = await aiohttp_client(create_app(settings(tmp_path)))
    body = await (await client.post("/sessions")).json()
    session = client.app[SESSIONS].find(body["id"])
    assert session is not None
    async with asyncio.timeout(20):
        while not any(entry.type == "error" for entry in session.events.after(0)):
            await asyncio.sleep(0.02)
    assert not session.ended
    auth = {"Authorization": f"Bearer {body['token']}"}
    look = await (await client.get(f"/sessions/{body['id']}", headers=auth)).json()
    assert look["state"] == "created"
    assert len(look["brief"]["answers"]) == 6
    async with asyncio.timeout(3):
        stopped = await (await client.delete(f"/sessions/{body['id']}", headers=auth)).json()
    assert stopped["state"] == "stopped"
    figures = await (await client.get("/metrics")).text()
    assert 'moentreprise_sessions{state="stopped"} 1.0' in figures


async def test_every_route_of_the_wire_is_there(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path))
    routes = {f"{route.method} {route.resource.canonical}" for route in app.router.routes() if route.resource}
    session = "/sessions/{id}"
    for method, paths in {
        "GET": ("/", "/mo-logo", "/healthz", "/readyz", "/metrics", session, f"{session}/events"),
        "POST": ("/sessions", f"{session}/whip", f"{session}/whep", f"{session}/messages"),
        "PATCH": (f"{session}/brief", f"{session}/post", f"{session}/whip/{{peer}}"),
        "DELETE": (session, f"{session}/whip/{{peer}}", f"{session}/data"),
    }.items():
        for path in paths:
            assert f"{method} {path}" in routes
    await app[SESSIONS].drain()


async def test_without_a_key_the_embedded_engine_speaks_once_it_runs(tmp_path: Path) -> None:
    embedded = voices(Settings(data=tmp_path))
    assert not embedded.ready()
    assert embedded.client.base_url.host == "127.0.0.1"
    await embedded.client.close()


async def test_with_a_key_the_voices_are_those_of_the_service(tmp_path: Path) -> None:
    service = voices(settings(tmp_path))
    assert service.ready()
    assert str(service.client.base_url) == f"{NOWHERE}/"
    assert "not-a-key" not in repr(service)
    await service.client.close()
    assert create_app(settings(tmp_path))[READY]()


@pytest.mark.parametrize("path", ["/sessions/x/recording.ogg", "/preview/x/"])
async def test_what_is_not_there_is_not_found(
    aiohttp_client: AiohttpClient, tmp_path: Path, path: str
) -> None:
    client = await aiohttp_client(create_app(settings(tmp_path)))
    assert (await client.get(path)).status == 404
