"""Each setting changes something that can be seen. Address, port and network: test_serve; logs: test_logs."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from pytest_aiohttp import AiohttpClient
from signalling_fakes import Client, fake_app, opened

from media import aiortc_seams
from orchestration.ports import LineConfig
from server import cli_serve, crew, logs
from server.auth import Role
from server.jobs.means import of_settings
from server.jobs.runner import JobRunner
from server.load import LOAD
from server.settings import IceServer, Settings
from tests.fakes.openai_realtime import fake_openai
from tests.orchestration.test_openai_line import Ear

LISTENER = LineConfig("listener", "You only listen.", None)


async def served(aiohttp_client: AiohttpClient, settings: Settings) -> Client:
    return await aiohttp_client(fake_app(settings))


async def test_max_sessions_is_the_number_of_rooms(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    client = await served(aiohttp_client, Settings(data=tmp_path, max_sessions=1))
    await opened(client)
    answer = await client.post("/sessions")
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("limit", "refused"), [(50, True), (1000, False)])
async def test_max_load_is_where_sessions_and_spectators_are_refused(
    aiohttp_client: AiohttpClient, tmp_path: Path, limit: int, refused: bool
) -> None:
    app = fake_app(Settings(data=tmp_path, max_load_percent=limit))
    client = await aiohttp_client(app)
    room = await opened(client)
    seconds, work = itertools.count(step=1.0), itertools.count(step=0.6)
    vars(app[LOAD]).update(_now=lambda: next(seconds), _busy=lambda: next(work))
    for _ in range(8):
        app[LOAD].sample()
    answer = await client.post("/sessions")
    assert answer.status == (503 if refused else 201)
    assert not refused or int(answer.headers["Retry-After"]) > 0
    spectator = {"Authorization": f"Bearer {room.session.keys.spectator}", "Content-Type": "application/sdp"}
    watching = await client.post(f"/sessions/{room.session.id}/whep", data=b"v=0", headers=spectator)
    assert watching.status == (503 if refused else 400)


@pytest.mark.parametrize("way", ["direct", "track"])
async def test_media_is_the_way_that_sound_goes(
    aiohttp_client: AiohttpClient, tmp_path: Path, way: str
) -> None:
    client = await served(aiohttp_client, Settings(data=tmp_path, media=way))
    room = await opened(client)
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("audio")
    attachment = room.session._attach(Role.HUMAN)(pc)
    assert ("_run_rtp" in vars(pc.getSenders()[0])) is (way == "direct")
    attachment.close()
    await pc.close()


@pytest.mark.parametrize("part", ["SENDER", "RECEIVER", "TRANSCEIVER", "DTLS"])
async def test_with_other_insides_of_aiortc_sound_goes_by_its_tracks(
    aiohttp_client: AiohttpClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    client = await served(aiohttp_client, Settings(data=tmp_path))
    room = await opened(client)
    monkeypatch.setattr(aiortc_seams, f"_{part}_FIELDS", ("moved_away",))
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("audio")
    attachment = room.session._attach(Role.HUMAN)(pc)
    assert len(pc.getTransceivers()) == 1
    assert "_run_rtp" not in vars(pc.getSenders()[0])
    assert "_run_rtcp" not in vars(pc.getReceivers()[0])
    attachment.close()
    await pc.close()


async def test_allowed_origins_may_open_sessions_and_others_may_not(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    client = await served(
        aiohttp_client, Settings(data=tmp_path, allowed_origins=("https://friend.example",))
    )
    friend = await client.post("/sessions", headers={"Origin": "https://friend.example"})
    stranger = await client.post("/sessions", headers={"Origin": "https://stranger.example"})
    assert (friend.status, stranger.status) == (201, 403)


async def test_public_url_is_a_name_that_is_answered(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    named = Settings(data=tmp_path, public_url="https://mo.example")
    host = {"Host": "mo.example", "Origin": "https://mo.example"}
    client = await served(aiohttp_client, named)
    assert (await client.post("/sessions", headers=host)).status == 201
    other = await served(aiohttp_client, replace(named, public_url=""))
    assert (await other.post("/sessions", headers=host)).status == 403


async def test_ice_servers_reach_the_page(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    server = IceServer(("turn:t.example:3478",), "user", "pass")
    client = await served(aiohttp_client, Settings(data=tmp_path, ice_servers=(server,)))
    room = await opened(client)
    assert room.body["ice_servers"] == [
        {"urls": ["turn:t.example:3478"], "username": "user", "credential": "pass"}
    ]


async def test_session_ttl_s_ends_a_session_that_nobody_comes_to(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    # Shorter than a person may choose: the clock is the real one.
    client = await served(aiohttp_client, Settings(data=tmp_path, session_ttl_s=0))
    room = await opened(client)
    await room.state("expired")


async def test_keep_ended_s_forgets_an_ended_session(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    client = await served(aiohttp_client, Settings(data=tmp_path, keep_ended_s=0))
    room = await opened(client)
    room.session.folder.mkdir(parents=True)
    await room.session.stop()
    async with asyncio.timeout(20):
        while (await client.get(room.path, headers=room.auth)).status != 404:
            await asyncio.sleep(0.05)
        while room.session.folder.exists():
            await asyncio.sleep(0.05)


async def test_data_is_where_sessions_keep_what_they_make(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    client = await served(aiohttp_client, Settings(data=tmp_path / "elsewhere"))
    assert tmp_path / "elsewhere" in (await opened(client)).session.folder.parents


async def test_a_key_sends_the_lines_to_its_service_with_the_chosen_models() -> None:
    async with fake_openai() as service:
        settings = Settings(
            openai_api_key="sk-mine",
            openai_base_url=service.base_url,
            realtime_model="voice-1",
            transcription_model="ears-1",
        )
        voices = crew.voices(settings)
        assert voices.ready()
        line = crew.crew(settings, voices, JobRunner(Path("nowhere"))).open_line(LISTENER, Ear())
        try:
            await line.open()
            assert service.headers[-1]["authorization"] == "Bearer sk-mine"
            request = service.sockets[-1].request
            assert request is not None
            assert "model=voice-1" in request.path
            assert "ears-1" in str(service.sessions[-1].session)
        finally:
            await line.close()
            await voices.client.close()


async def test_the_engines_settings_reach_the_engine_wherever_they_were_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[Mapping[str, str]] = []

    class Process(crew.EngineProcess):
        def __init__(self, *, environ: Mapping[str, str]) -> None:
            given.append(environ)
            super().__init__(environ=environ)

    monkeypatch.setattr(crew, "EngineProcess", Process)
    brain = {"brain_url": "http://127.0.0.1:1/v1", "brain_model": "m", "brain_key": "k"}
    voices = crew.voices(Settings(**brain, voice_model="/v", hearing_model="/h"))
    await voices.client.close()
    names = ("BRAIN_URL", "BRAIN_MODEL", "BRAIN_KEY", "VOICE_MODEL", "HEARING_MODEL")
    assert [given[0][f"MOENTREPRISE_{name}"] for name in names] == [*brain.values(), "/v", "/h"]


async def test_without_a_key_the_voices_are_the_embedded_engine_s() -> None:
    voices = crew.voices(Settings(openai_base_url="http://127.0.0.1:1/v1"))
    assert not voices.ready()  # until its process runs
    assert "127.0.0.1:1/" not in str(voices.client.base_url)
    await voices.client.close()


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield
    root.handlers[:], level = kept
    root.setLevel(level)


@pytest.mark.usefixtures("logging_restored")
@pytest.mark.parametrize(("level", "style"), [("debug", "json"), ("error", "text")])
def test_log_level_and_format_are_what_serve_logs_with(
    monkeypatch: pytest.MonkeyPatch, level: str, style: str
) -> None:
    async def nothing(settings: Settings) -> None:
        return

    monkeypatch.setattr(cli_serve, "_serve", nothing)
    assert cli_serve.run(Settings(log_level=level, log_format=style)) == 0
    root = logging.getLogger()
    assert logging.getLevelName(root.level) == level.upper()
    formatter = logs.JsonFormatter if style == "json" else logs.TextFormatter
    assert isinstance(root.handlers[0].formatter, formatter)


def test_the_posts_models_reach_the_jobs_that_ask_them_and_no_others() -> None:
    means = of_settings(Settings(openai_api_key="k", image_model="draws", text_model="writes"))
    post, picture, publish = (means("s1", kind) for kind in ("post", "picture", "publish"))
    assert (post["MOENTREPRISE_IMAGE_MODEL"], post["MOENTREPRISE_TEXT_MODEL"]) == ("draws", "writes")
    assert picture["MOENTREPRISE_IMAGE_MODEL"] == "draws"
    assert "MOENTREPRISE_TEXT_MODEL" not in picture
    assert not {"OPENAI_API_KEY", "MOENTREPRISE_IMAGE_MODEL"} & set(publish)
    assert "MOENTREPRISE_IMAGE_MODEL" not in of_settings(Settings(image_model=""))("s1", "picture")
