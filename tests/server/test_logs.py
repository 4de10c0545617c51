"""Logs are a static message and fields, without queries, tokens or capabilities."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpServer

from server import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs._LOUD}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, kept in levels.items():
        logging.getLogger(name).setLevel(kept)


def logged(style: str, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level, style, stream)
    return stream


def test_json_has_the_message_and_the_fields_apart() -> None:
    stream = logged("json")
    logging.getLogger("server.peer").info("peer connected", extra={"peer": 3})
    line = json.loads(stream.getvalue())
    assert (line["message"], line["peer"], line["level"], line["logger"]) == (
        "peer connected",
        3,
        "info",
        "server.peer",
    )
    assert line["time"].endswith("Z")


def test_text_is_one_readable_line() -> None:
    stream = logged("text")
    logging.getLogger("server.peer").warning("peer lost", extra={"peer": 3, "why": "no sign of it"})
    assert stream.getvalue().endswith('WARNING server.peer peer lost peer=3 why="no sign of it"\n')


@pytest.mark.parametrize("style", ["text", "json"])
def test_the_session_comes_from_the_context(style: str) -> None:
    stream = logged(style)
    token = logs.session_id.set("ab12")
    try:
        logging.getLogger("x").info("said")
    finally:
        logs.session_id.reset(token)
    logging.getLogger("x").info("unsaid")
    first, second = stream.getvalue().splitlines()
    assert "ab12" in first
    assert "ab12" not in second


def test_the_level_decides_what_is_written() -> None:
    stream = logged("text", "warning")
    logging.getLogger("x").info("quiet")
    logging.getLogger("x").warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


@pytest.mark.parametrize("style", ["text", "json"])
def test_no_query_token_or_capability_is_written(style: str) -> None:
    stream = logged(style)
    path = "http://h/sessions/1/events?token=hunter2"
    logging.getLogger("x").error("GET %s", path, extra={"url": path, "header": "Bearer hunter2"})
    try:
        raise ValueError("sk-hunter2 at /preview/hunter2/index.html")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "hunter2" not in stream.getvalue()
    assert "/preview/…/index.html" in stream.getvalue()


async def test_the_access_log_has_the_path_without_its_query(aiohttp_server: AiohttpServer) -> None:
    import aiohttp

    async def answer(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    stream = logged("json")
    server = await aiohttp_server(app, access_log_class=logs.AccessLogger)
    async with aiohttp.ClientSession() as client:
        for path in ("/sessions/1/events?token=hunter2", "/preview/hunter2/index.html", "/healthz"):
            await (await client.get(server.make_url(path))).read()
    await server.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["path"] for line in lines] == ["/sessions/1/events", "/preview/…/index.html"]
    assert {(line["method"], line["status"]) for line in lines} == {("GET", 200)}
    assert "hunter2" not in stream.getvalue()
