"""A site while it is built is seen through its dev server, and the dev server sees and says nothing else."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from live_house import ADDRESS, BASE, NAME, VITE, DevServer, House, Kept, Registry
from pytest_aiohttp import AiohttpClient
from yarl import URL

from orchestration import notices
from server import live_preview, live_proxy, preview
from server.limits import Rate
from server.live_preview import LivePreview
from server.sessions import SESSIONS, Sessions


@pytest.fixture
async def dev(tmp_path: Path) -> AsyncIterator[DevServer]:
    dev = DevServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", dev.respond)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / NAME)).start()
    yield dev
    await runner.cleanup()


@pytest.fixture
async def house(aiohttp_client: AiohttpClient, tmp_path: Path) -> AsyncIterator[House]:
    told: list[notices.Notice] = []
    live = LivePreview(tmp_path, told.append)
    app = web.Application()
    app[SESSIONS] = cast(Sessions, Registry(Kept(tmp_path, live)))
    preview.add_routes(app)
    house = House(await aiohttp_client(app, cookies={"ours": "secret"}), live, tmp_path, told)
    yield house
    await live.close()


# ---------------------------------------------------------------------- what is seen


async def test_the_page_is_told_when_it_stands_and_when_it_is_over(house: House, dev: DevServer) -> None:
    house.open()
    assert await (await house.client.get(BASE)).text() == "live"
    house.live.closed("another job")
    house.live.closed("j1")
    house.live.closed("j1")
    assert house.told == [notices.SiteBuilding(BASE, True), notices.SiteBuilding("", False)]


async def test_addresses_go_in_as_they_came(house: House, dev: DevServer) -> None:
    house.open()
    for path in ("@vite/client", "node_modules/.vite/deps/react.js?v=1&t=2", "@id/__x00__a", "a%20b.tsx?raw"):
        await house.client.get(URL(f"{BASE}{path}", encoded=True))
    assert [request.raw_path for request in dev.seen] == [
        f"{BASE}{path}"
        for path in (
            "@vite/client",
            "node_modules/.vite/deps/react.js?v=1&t=2",
            "@id/__x00__a",
            "a%20b.tsx?raw",
        )
    ]


async def test_nothing_of_the_human_goes_in(house: House, dev: DevServer) -> None:
    house.open()
    headers = {"Authorization": "Bearer secret", "Referer": "http://secret/", "X-Forwarded-For": "192.0.2.7"}
    await house.client.get(BASE, headers={**headers, "Origin": "http://secret", "Accept": "text/css"})
    (seen,) = dev.seen
    assert "secret" not in str(dict(seen.headers))
    assert set(seen.headers) == {"Host", "Accept", "Accept-Encoding", "User-Agent"}
    assert (seen.headers["Host"], seen.headers["Accept"]) == ("localhost", "text/css")


async def test_only_content_comes_out_under_our_policy(house: House, dev: DevServer) -> None:
    named = {
        "Set-Cookie": "stolen=1",
        "Content-Security-Policy": "default-src *",
        "Access-Control-Allow-Origin": "http://elsewhere",
        "Clear-Site-Data": "*",
        "Refresh": "0; url=http://elsewhere",
        "Link": "<http://elsewhere>; rel=preload",
        "Service-Worker-Allowed": "/",
        "Keep-Alive": "timeout=5",
        "ETag": '"e1"',
    }
    dev.answer = lambda request: web.Response(
        text="let one = 1", content_type="text/javascript", headers=named
    )
    house.open()
    answer = await house.client.get(BASE)
    allowed = answer.headers["Content-Security-Policy"]
    host = f"127.0.0.1:{house.client.port}"
    assert allowed.startswith("sandbox allow-scripts; default-src 'self'")
    assert f"connect-src ws://{host}{BASE} wss://{host}{BASE};" in allowed
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (answer.headers["ETag"], answer.content_type) == ('"e1"', "text/javascript")
    for name in ("Set-Cookie", "Clear-Site-Data", "Refresh", "Link", "Service-Worker-Allowed", "Keep-Alive"):
        assert name not in answer.headers


async def test_a_name_that_is_no_name_does_not_reach_the_policy(house: House, dev: DevServer) -> None:
    house.open()
    answer = await house.client.get(BASE, headers={"Host": "evil.example; script-src *"})
    assert "connect-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_what_is_unchanged_is_not_sent_again(house: House, dev: DevServer) -> None:
    dev.answer = lambda request: web.Response(status=304 if "If-None-Match" in request.headers else 200)
    house.open()
    assert (await house.client.get(BASE, headers={"If-None-Match": '"e1"'})).status == 304


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "%2e%2e/secret",
        "..%2fsecret",
        "a/../../secret",
        "a%5c..%5csecret",
        "%00",
        "%0d%0aX",
        "x" * 3000,
    ],
)
async def test_an_address_that_leads_out_is_not_asked_for(house: House, dev: DevServer, path: str) -> None:
    house.open()
    answer = await house.client.get(URL(f"{BASE}{path}", encoded=True))
    assert answer.status == 404
    assert dev.seen == []


async def test_an_unknown_address_shows_nothing(house: House, dev: DevServer) -> None:
    house.open()
    for address in ("f" * 32, ADDRESS.upper(), ADDRESS[:-1], NAME):
        assert (await house.client.get(f"/preview/{address}/")).status == 404
    assert dev.seen == []


async def test_only_reading_is_possible(house: House, dev: DevServer) -> None:
    house.open()
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert (await house.client.request(method, BASE)).status == 405
    assert dev.seen == []


async def test_it_leads_nowhere_else(house: House, dev: DevServer) -> None:
    dev.answer = lambda request: web.Response(status=302, headers={"Location": "http://elsewhere/"})
    house.open()
    answer = await house.client.get(BASE, allow_redirects=False)
    assert answer.status == 502
    assert "Location" not in answer.headers


@pytest.mark.parametrize("stated", [True, False])
async def test_what_is_too_large_is_cut_off(
    house: House, dev: DevServer, monkeypatch: pytest.MonkeyPatch, stated: bool
) -> None:
    monkeypatch.setattr(live_proxy, "BODY_BYTES_MAX", 1000)

    def large(request: web.Request) -> web.Response:
        answer = web.Response(body=b"x" * 1001)
        if not stated:
            answer.enable_chunked_encoding()
        return answer

    house.open()
    dev.answer = large
    assert (await house.client.get(BASE)).status == 502
    dev.answer = lambda request: web.Response(body=b"x" * 1000)
    assert len(await (await house.client.get(BASE)).read()) == 1000


async def test_too_many_at_once_are_refused(
    house: House, dev: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_proxy, "HTTP_WAITING", 2)
    house.open()
    standing = house.live.standing
    assert standing is not None
    for _ in range(live_preview.HTTP_AT_ONCE):
        await standing.turns.acquire()
    waiting = [asyncio.create_task(house.client.get(BASE)) for _ in range(2)]
    async with asyncio.timeout(5):
        while standing.waiting < 2:
            await asyncio.sleep(0.01)
    assert (await house.client.get(BASE)).status == 503
    for _ in range(live_preview.HTTP_AT_ONCE):
        standing.turns.release()
    assert [(await one).status for one in waiting] == [200, 200]


GARBAGE = {
    "no HTTP": b"\xff\xfe\x00 what is this\r\n\r\n",
    "nothing": b"",
    "a broken header": b"HTTP/1.1 200 OK\r\nSet-Cookie\x00: a\r\n\r\nbody",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\nx",
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
}


@pytest.mark.parametrize("said", GARBAGE.values(), ids=GARBAGE.keys())
async def test_a_dev_server_that_talks_garbage_is_a_page_that_is_not_there(house: House, said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(said)
        writer.close()

    server = await asyncio.start_unix_server(talk, house.folder / NAME)
    async with server:
        house.open()
        answer = await house.client.get(BASE)
        assert answer.status == 502
        assert answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts;")
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await house.client.ws_connect(BASE, protocols=(VITE,))


async def test_an_odd_header_of_the_dev_servers_costs_that_header(house: House) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nETag: \"\xff\"\r\nContent-Type: text/css\r\n")
        writer.write(b"Content-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_unix_server(answer, house.folder / NAME)
    house.open()
    said = await house.client.get(BASE)
    assert (said.status, await said.text(), said.content_type) == (200, "ok", "text/css")
    assert "ETag" not in said.headers
    server.close()


async def test_a_dev_server_that_is_silent_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_preview, "TIMES", aiohttp.ClientTimeout(total=0.2))
    monkeypatch.setattr(live_proxy, "OPENING_S", 0.2)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(house.folder / NAME))
        silent.listen()
        house.open()
        assert (await house.client.get(BASE)).status == 502
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await house.client.ws_connect(BASE, protocols=(VITE,))


# ---------------------------------------------------------------------- the socket


def _refused(house: House, name: str = NAME, address: str = ADDRESS) -> bool:
    house.open(name, address)
    return house.live.standing is None and house.told == []


async def test_a_link_to_another_socket_is_refused(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("run") / "docker.sock"
    with socket.socket(socket.AF_UNIX) as docker:
        docker.bind(str(elsewhere))
        docker.listen()
        (house.folder / NAME).symlink_to(elsewhere)
        assert _refused(house)
        assert (await house.client.get(BASE)).status == 404


async def test_what_is_no_socket_is_refused(house: House) -> None:
    assert _refused(house)
    (house.folder / NAME).write_text("a file")
    assert _refused(house)
    (house.folder / NAME).unlink()
    os.mkfifo(house.folder / NAME)
    assert _refused(house)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's socket")
async def test_another_users_socket_is_refused(house: House, dev: DevServer) -> None:
    os.chown(house.folder / NAME, 60800, 60800)
    assert _refused(house)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("../live-0123456789abcdef", ADDRESS),
        ("/run/docker.sock", ADDRESS),
        ("docker.sock", ADDRESS),
        (f"{NAME}\n", ADDRESS),
        ("", ADDRESS),
        (NAME, "short"),
        (NAME, "../" + ADDRESS[3:]),
        (NAME, ADDRESS.upper()),
    ],
)
async def test_names_that_are_not_ours_are_refused(
    house: House, dev: DevServer, name: str, address: str
) -> None:
    assert _refused(house, name, address)


# ---------------------------------------------------------------------- Vite's WebSocket


async def test_words_pass_both_ways(house: House, dev: DevServer) -> None:
    house.open()
    headers = {"Origin": "null", "Authorization": "Bearer secret"}
    async with house.client.ws_connect(f"{BASE}?token=t", protocols=(VITE,), headers=headers) as channel:
        assert channel.protocol == VITE
        await channel.send_str("one")
        assert await channel.receive_str() == "heard one"
    (seen,) = dev.seen
    assert seen.raw_path == f"{BASE}?token=t"
    assert "secret" not in str(dict(seen.headers))
    assert not {"Cookie", "Origin", "Authorization"} & set(seen.headers)


@pytest.mark.parametrize(
    ("path", "words"), [("", ()), ("", ("chat",)), ("src/main.tsx", (VITE,)), ("@fs/", (VITE,))]
)
async def test_no_other_channel_can_be_opened(
    house: House, dev: DevServer, path: str, words: tuple[str, ...]
) -> None:
    house.open()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.client.ws_connect(f"{BASE}{path}", protocols=words)
    assert refused.value.status == 404
    assert dev.seen == []


async def test_a_channel_too_many_is_refused(house: House, dev: DevServer) -> None:
    house.open()
    channels = [
        await house.client.ws_connect(BASE, protocols=(VITE,)) for _ in range(live_proxy.SOCKETS_AT_ONCE)
    ]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.client.ws_connect(BASE, protocols=(VITE,))
    assert refused.value.status == 503
    for channel in channels:
        await channel.close()


async def test_what_is_said_too_long_ends_the_channel(
    house: House, dev: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_proxy, "INWARD_BYTES_MAX", 1000)
    house.open()
    async with house.client.ws_connect(BASE, protocols=(VITE,)) as channel:
        await channel.send_str("x" * 1001)
        assert (await channel.receive(5)).type is aiohttp.WSMsgType.CLOSE
    assert dev.said == []


async def test_a_page_that_floods_the_channel_is_held_up(
    house: House, dev: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_preview, "INWARD", Rate(burst=4, per_s=0.01))
    house.open()
    async with house.client.ws_connect(BASE, protocols=(VITE,)) as channel:  # the first of the four
        for number in range(9):
            await channel.send_str(str(number))
        assert [await channel.receive_str() for _ in range(3)] == ["heard 0", "heard 1", "heard 2"]
        with pytest.raises(TimeoutError):
            await channel.receive(0.2)
        await house.live.close()
    assert dev.said == ["0", "1", "2"]


async def test_what_was_held_up_comes_later_and_in_order(
    house: House, dev: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_preview, "INWARD", Rate(burst=2, per_s=200.0))
    house.open()
    async with house.client.ws_connect(BASE, protocols=(VITE,)) as channel:
        for number in range(9):
            await channel.send_str(str(number))
        assert [await channel.receive_str(timeout=5) for _ in range(9)] == [f"heard {n}" for n in range(9)]


# ---------------------------------------------------------------------- its end


async def test_at_its_end_the_channel_closes_and_the_address_leads_to_the_built_site(
    house: House, dev: DevServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_proxy, "LINGER_S", 0.1)
    (house.folder / "site").mkdir()
    (house.folder / "site" / "index.html").write_text("built")
    house.open()
    channel = await house.client.ws_connect(BASE, protocols=(VITE,))
    house.live.closed("j1")
    assert await (await house.client.get(BASE)).text() == "live"  # whoever still loads is not cut off
    assert (await channel.receive(5)).type is aiohttp.WSMsgType.CLOSE
    await channel.close()
    assert await (await house.client.get(BASE)).text() == "built"
    assert (await house.client.get(f"{BASE}src/main.tsx")).status == 404
    odd = await house.client.get(URL(f"{BASE}a%0Db%3F", encoded=True), allow_redirects=False)
    assert (odd.status, odd.headers["Location"]) == (307, "/preview/b/a%0Db%3F")
    assert len(dev.seen) == 2


async def test_the_browser_is_not_hung_up_on_before_its_page_has_changed(
    house: House, dev: DevServer
) -> None:
    house.open()
    channel = await house.client.ws_connect(BASE, protocols=(VITE,))
    house.live.closed("j1")
    with pytest.raises(TimeoutError):
        await channel.receive(0.3)
    await channel.send_str("still here")
    await house.live.close()  # the session has ended: nobody waits
    assert (await channel.receive(2)).type is aiohttp.WSMsgType.CLOSE
    await channel.close()


async def test_a_dev_server_that_hangs_up_does_not_hang_up_on_the_browser(
    house: House, dev: DevServer
) -> None:
    house.open()
    channel = await house.client.ws_connect(BASE, protocols=(VITE,))
    async with asyncio.timeout(5):
        while not dev.sockets:
            await asyncio.sleep(0.01)
    await dev.sockets[0].close()
    with pytest.raises(TimeoutError):
        await channel.receive(0.3)
    await channel.close()


async def test_another_build_stands_in_its_place(house: House, dev: DevServer) -> None:
    house.open()
    house.open(address="f" * 32, job="j2")
    house.live.closed("j1")
    assert house.told[-1] == notices.SiteBuilding(f"/preview/{'f' * 32}/", True)
    assert await (await house.client.get(f"/preview/{'f' * 32}/")).text() == "live"


async def test_nothing_is_left_open(house: House, dev: DevServer) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        house.open()
        (await house.client.get(BASE)).close()
        house.live.closed("j1")
    await house.live.close()
    house.open()
    assert house.live.standing is None
    await asyncio.sleep(0.1)
    assert len(os.listdir("/proc/self/fd")) <= before + 2  # the test's own connection, both ends
