"""`serve` says one line once ready, refuses with one sentence, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from processes import alive, descendants

from server import cli_serve, logs, tls
from server.__main__ import main
from server.jobs import locks
from server.settings import Settings

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_product_starts_answers_and_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MOENTREPRISE_")}
    environ.pop("OPENAI_API_KEY", None)
    command = [sys.executable, "-m", "server", "serve", "--port", "0"]
    environ["MOENTREPRISE_DATA"] = str(tmp_path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as serving:
        try:
            assert serving.stdout is not None
            line = next(line for line in serving.stdout if not line.startswith("Note: "))
            assert line.startswith("Moentreprise is ready: http://127.0.0.1:")
            with urllib.request.urlopen(f"{line.split()[-1]}/readyz", timeout=20) as answer:
                assert answer.status == 200
            family = descendants(serving.pid)
            assert family
            serving.send_signal(number)
            code = serving.wait(timeout=30)
        finally:
            serving.kill()
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    deadline = time.monotonic() + 20
    while (left := [pid for pid in family if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def test_a_port_in_use_is_one_sentence_and_nothing_is_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(logs, "configure", lambda *_: None)
        assert cli_serve.run(Settings(port=port, data=tmp_path)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is in use" in said.err


def test_a_data_folder_in_use_is_one_sentence_and_nothing_is_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    (tmp_path / "jobs").mkdir()
    held = locks.hold(tmp_path / "jobs" / locks.SERVER)
    assert held is not None
    try:
        before = set(descendants(os.getpid()))
        assert cli_serve.run(Settings(port=0, data=tmp_path)) == 1
        assert set(descendants(os.getpid())) <= before
    finally:
        os.close(held)
    words = capsys.readouterr().err
    assert words.startswith(f"moentreprise: Another server uses the data folder {tmp_path};")
    assert words.count("\n") == 1


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(cli_serve.ServeError, match="nowhere.invalid"):
        cli_serve.listen(Settings(host="nowhere.invalid", port=0))
    with pytest.raises(cli_serve.ServeError, match="Cannot listen"):
        cli_serve.listen(Settings(host="192.0.2.254", port=0))


def test_a_bad_setting_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--port", "high"]) == 2
    assert capsys.readouterr().err == "moentreprise: MOENTREPRISE_PORT must be a number from 0 to 65535.\n"


@pytest.mark.parametrize("arguments", [[], ["sing"], ["rehearse"]])
def test_wrong_usage_is_explained(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: moentreprise" in capsys.readouterr().err


def test_without_a_network_there_is_no_phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "lan_addresses", list)
    with pytest.raises(cli_serve.ServeError, match="no phone"):
        cli_serve.listen(Settings(lan=True, port=0, data=tmp_path))


async def ready(request: web.Request) -> web.Response:
    return web.Response(text=request.scheme)


async def test_on_the_network_https_is_for_others_and_http_stays_on_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tls, "lan_addresses", lambda: ["127.0.0.2"])  # stands for an address of the network
    listeners = cli_serve.listen(Settings(lan=True, port=0, data=tmp_path))
    own, phone = listeners
    port = own.socket.getsockname()[1]
    urls = [own.url, phone.url]
    assert urls == [f"http://127.0.0.1:{port}", f"https://127.0.0.2:{port}"]
    app = web.Application()
    app.router.add_get("/readyz", ready)
    stop = asyncio.Event()
    serving = asyncio.create_task(cli_serve.serve(app, listeners, stop))
    trusting = ssl.create_default_context(cafile=tmp_path / "tls" / "cert.pem")
    async with asyncio.timeout(20), aiohttp.ClientSession() as client:
        said = ""
        while phone.url not in said:
            said += capsys.readouterr().out
            await asyncio.sleep(0.01)
        said += capsys.readouterr().out
        async with client.get(f"{phone.url}/readyz", ssl=trusting) as answer:
            assert await answer.text() == "https"
        async with client.get(f"{own.url}/readyz") as answer:
            assert await answer.text() == "http"
    stop.set()
    await serving
    assert f"Moentreprise is ready: {urls[0]}\n" in said
    assert "▀" in said  # the QR code


async def test_the_line_waits_for_readiness(capsys: pytest.CaptureFixture[str]) -> None:
    asked = 0

    async def later(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=200 if asked > 2 else 503)

    app = web.Application()
    app.router.add_get("/readyz", later)
    stop = asyncio.Event()
    serving = asyncio.create_task(cli_serve.serve(app, cli_serve.listen(Settings(port=0)), stop))
    async with asyncio.timeout(20):
        while "is ready" not in capsys.readouterr().out:
            await asyncio.sleep(0.01)
    assert asked == 3
    stop.set()
    await serving


async def test_a_stop_during_the_start_ends_it() -> None:
    never = asyncio.Event()

    async def slow(app: web.Application) -> None:
        await never.wait()

    app = web.Application()
    app.on_startup.append(slow)
    listeners = cli_serve.listen(Settings(port=0))
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(20):
        await cli_serve.serve(app, listeners, stop)
    listeners[0].socket.close()


async def test_a_drain_that_takes_too_long_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_serve, "DRAIN_S", 0.1)

    async def forever(app: web.Application) -> None:
        await asyncio.sleep(60)

    app = web.Application()
    app.router.add_get("/readyz", ready)
    app.on_shutdown.append(forever)
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(20):
        await cli_serve.serve(app, cli_serve.listen(Settings(port=0)), stop)
