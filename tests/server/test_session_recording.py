"""The recording's switch and file, over the wire: off until asked for, one at a time, and gone when told."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import av
import numpy as np
import pytest
from aiohttp.test_utils import TestServer
from numpy.typing import NDArray
from processes import children
from rtc_page import until
from signalling_fakes import Client, Opened, fake_app, opened

from media.opus import Encoder
from media.pcm import FRAME_SAMPLES, ms_to_samples
from server import metrics, recording
from server.session import HAND
from server.sessions import SESSIONS
from server.settings import Settings

HUM = np.rint(8000 * np.sin(np.arange(24_000) / 10)).astype("<i2")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Opened]:
    async with Client(TestServer(fake_app(Settings(data=tmp_path)))) as client:
        room = await opened(client)
        yield room


async def switch(room: Opened, on: object) -> tuple[int, dict[str, object]]:
    answer = await room.client.put(f"{room.path}/recording", json={"on": on}, headers=room.auth)
    return answer.status, await answer.json(content_type=None)


async def fetch(room: Opened) -> tuple[int, str, bytes]:
    answer = await room.client.get(f"{room.path}/recording.ogg", headers=room.auth)
    return answer.status, answer.content_type, await answer.read()


def changes(room: Opened) -> list[dict[str, object]]:
    entries = [json.loads(entry.text) for entry in room.session.events.after(0)]
    return [entry["data"] for entry in entries if entry["type"] == "recording.changed"]


def say(room: Opened, ms: int = 300) -> None:
    lane = room.session.floor.lane("t1")
    lane.put(HUM[: ms_to_samples(ms)].tobytes())
    lane.finish()
    room.session.floor.give("t1", 0)


def speak(room: Opened) -> None:
    """The human speaks for 300 ms, from now on."""
    encoder = Encoder()
    begin = room.session.outbound.clock.position(asyncio.get_running_loop().time())
    hear = tap(room)
    assert hear is not None
    for at in range(0, ms_to_samples(300), FRAME_SAMPLES):
        hear(encoder.encode(HUM[at : at + FRAME_SAMPLES].tobytes()), begin + at)


def tap(room: Opened) -> Callable[[bytes, int], None] | None:
    """Who is shown the microphone's packets."""
    return room.session.microphone.on_packet


def sides(tmp_path: Path, ogg: bytes) -> NDArray[np.float32]:
    path = tmp_path / "heard.ogg"
    path.write_bytes(ogg)
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


async def recorded(room: Opened) -> None:
    """Half a second in which both spoke."""
    assert (await switch(room, True))[0] == 200
    say(room)
    speak(room)
    await asyncio.sleep(0.5)
    assert (await switch(room, False))[0] == 200


async def test_nothing_is_recorded_until_the_human_says_so(room: Opened) -> None:
    say(room)
    await until(lambda: "finished t1" in room.director.playout)
    status, content_type, _ = await fetch(room)
    assert (status, content_type) == (404, "application/problem+json")
    assert (await switch(room, False)) == (200, {"on": False, "recorded_ms": 0})
    assert not room.session.folder.exists()
    assert changes(room) == []
    assert room.session.outbound.listeners == 0
    assert tap(room) is None


async def test_off_again_nothing_is_taken_any_more(room: Opened) -> None:
    await recorded(room)
    assert room.session.outbound.listeners == 0
    assert tap(room) is None


async def test_both_sides_are_heard_in_the_file(room: Opened, tmp_path: Path) -> None:
    await recorded(room)
    status, content_type, ogg = await fetch(room)
    assert (status, content_type) == (200, "audio/ogg")
    heard = sides(tmp_path, ogg)
    first = [np.flatnonzero(np.abs(side) > 0.1)[0] / 48_000 for side in heard]
    assert abs(first[0] - first[1]) < 0.1
    assert 0.4 < heard.shape[1] / 48_000 < 3


async def test_a_data_folder_beside_the_server_is_found_by_the_child_that_makes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default is such a folder; the child runs in another one."""
    monkeypatch.chdir(tmp_path)
    settings = Settings.load({"MOENTREPRISE_DATA": "data"}, env_file=None)
    async with Client(TestServer(fake_app(settings))) as client:
        room = await opened(client)
        await recorded(room)
        status, content_type, ogg = await fetch(room)
    assert (status, content_type, ogg[:4]) == (200, "audio/ogg", b"OggS")


async def test_the_switch_is_told_to_everybody_and_shown_in_the_state(room: Opened) -> None:
    async def shown() -> bool:
        return bool((await (await room.client.get(room.path, headers=room.auth)).json())["recording"])

    assert not await shown()
    status, body = await switch(room, True)
    assert (status, body["on"]) == (200, True)
    assert await shown()
    await switch(room, True)
    _, body = await switch(room, False)
    assert body["on"] is False
    assert not await shown()
    told = changes(room)
    assert [(one["on"], one["reason"]) for one in told] == [(True, "human"), (False, "human")]
    assert told[-1]["recorded_ms"] == body["recorded_ms"]
    assert all(entry.prompt for entry in room.session.events.after(0) if entry.type == "recording.changed")


async def test_only_the_human_switches_and_only_yes_or_no(room: Opened) -> None:
    url = f"{room.path}/recording"
    assert (await room.client.put(url, json={"on": True})).status == 401
    assert (await room.client.put(url, json={"on": True}, headers=room.spectator_auth)).status == 403
    for wrong in (1, "true", None):
        assert (await switch(room, wrong))[0] == 400
    assert not room.session.recording.on


async def test_the_session_s_end_ends_the_recording_and_it_is_kept(room: Opened) -> None:
    await switch(room, True)
    say(room)
    await asyncio.sleep(0.1)
    await room.client.delete(room.path, headers=room.auth)
    assert [(one["on"], one["reason"]) for one in changes(room)] == [(True, "human"), (False, "ended")]
    assert (await switch(room, True))[0] == 409
    assert (await fetch(room))[0] == 200


async def test_forgetting_deletes_the_recording(room: Opened) -> None:
    await recorded(room)
    assert (await fetch(room))[0] == 200
    await room.client.delete(f"{room.path}/data", headers=room.auth)
    assert not room.session.folder.exists()
    assert (await fetch(room))[0] == 404


async def test_it_is_made_once_until_more_is_recorded(room: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    run = recording._run

    async def counted(*command: str) -> int:
        runs.append(1)
        return await run(*command)

    monkeypatch.setattr(recording, "_run", counted)
    await recorded(room)
    first, again = await asyncio.gather(fetch(room), fetch(room))
    assert first == again == await fetch(room)
    assert len(runs) == 1
    await switch(room, True)
    await asyncio.sleep(0.2)
    longer = await fetch(room)
    assert longer[0] == 200
    assert len(runs) == 2
    assert len(longer[2]) > len(first[2])


async def test_who_asks_while_it_is_made_gets_what_was_recorded_till_then(
    room: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, go_on = recording._run, asyncio.Event()

    async def slow(*command: str) -> int:
        code = await run(*command)
        await go_on.wait()
        return code

    monkeypatch.setattr(recording, "_run", slow)
    await recorded(room)
    early = asyncio.create_task(fetch(room))
    await asyncio.sleep(0.3)
    await recorded(room)
    late = asyncio.create_task(fetch(room))
    await asyncio.sleep(0.1)
    go_on.set()
    _, _, first = await early
    status, _, second = await late
    assert status == 200
    assert second == (await fetch(room))[2]
    assert len(second) > len(first)


async def test_not_more_than_two_are_made_at_once(room: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    run, go_on = recording._run, asyncio.Event()
    begun: list[int] = []

    async def slow(*command: str) -> int:
        begun.append(1)
        await go_on.wait()
        return await run(*command)

    monkeypatch.setattr(recording, "_run", slow)
    rooms = [room, await opened(room.client), await opened(room.client)]
    await asyncio.gather(*map(recorded, rooms))
    asked = [asyncio.create_task(fetch(each)) for each in rooms]
    await until(lambda: len(begun) == 2)
    await asyncio.sleep(0.1)
    assert len(begun) == 2
    go_on.set()
    assert [status for status, _, _ in await asyncio.gather(*asked)] == [200, 200, 200]
    assert len(begun) == 3
    assert (room.session.folder / "recording.ogg").stat().st_mode & 0o077 == 0


async def test_a_session_without_room_for_it_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("")
    async with Client(TestServer(fake_app(Settings(data=tmp_path / "full")))) as client:
        room = await opened(client)
        status, body = await switch(room, True)
        assert (status, body["code"]) == (507, "no_room")
        assert not room.session.recording.on
        assert changes(room) == []
        assert not room.session.ended


async def test_a_last_write_that_fails_is_told_before_the_session_is_over(room: Opened) -> None:
    await switch(room, True)
    room.session.folder.rmdir()
    say(room)
    await room.client.delete(room.path, headers=room.auth)
    assert [one["reason"] for one in changes(room)] == ["human", "ended", "storage_failed"]


async def test_a_folder_that_disappears_ends_the_recording_and_not_the_session(room: Opened) -> None:
    await switch(room, True)
    room.session.folder.rmdir()
    say(room)
    await until(lambda: len(changes(room)) == 2)
    assert changes(room)[-1] == {"on": False, "reason": "storage_failed", "recorded_ms": 0}
    assert not room.session.ended
    assert room.session.outbound.listeners == 0
    assert (await fetch(room))[0] == 404


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child never comes to an end by itself."""
    monkeypatch.setattr(recording, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))


async def _stop(room: Opened) -> None:
    await room.client.delete(room.path, headers=room.auth)


async def _forget(room: Opened) -> None:
    await room.client.delete(f"{room.path}/data", headers=room.auth)


async def _drain(room: Opened) -> None:
    await room.client.app[SESSIONS].drain()


@pytest.mark.parametrize("end", [_stop, _forget, _drain])
@pytest.mark.usefixtures("slow")
async def test_no_child_outlives_the_session(room: Opened, end: Callable[[Opened], Awaitable[None]]) -> None:
    await recorded(room)
    before = len(children())
    asking = asyncio.create_task(fetch(room))
    await until(lambda: len(children()) == before + 1)
    await end(room)
    status, _, body = await asking
    assert (status, json.loads(body)["code"]) == (503, "not_ready")
    assert len(children()) == before
    assert not (room.session.folder / "recording.ogg").exists()


@pytest.mark.usefixtures("slow")
async def test_a_child_that_takes_too_long_is_ended(room: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "RENDER_S", 0.2)
    await recorded(room)
    before = len(children())
    assert (await fetch(room))[0] == 500
    assert len(children()) == before


async def test_a_child_that_fails_is_answered_as_ours(room: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    await recorded(room)
    status, content_type, _ = await fetch(room)
    assert (status, content_type) == (500, "application/problem+json")


async def test_after_the_end_a_child_does_not_outlive_the_data(
    room: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recorded(room)
    await _stop(room)
    monkeypatch.setattr(recording, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    before = len(children())
    asking = asyncio.create_task(fetch(room))
    await until(lambda: len(children()) == before + 1)
    await _forget(room)
    assert (await asking)[0] == 503
    assert len(children()) == before


async def test_who_asks_for_the_file_all_the_time_is_told_to_wait(room: Opened) -> None:
    room.session._now = lambda: 1e6  # however long the machine takes to ask
    asked = [(await fetch(room))[0] for _ in range(HAND.burst + 2)]
    assert set(asked[: HAND.burst - 1]) == {404}
    assert asked[-1] == 429


async def test_a_session_s_end_counts_what_its_microphone_got(room: Opened) -> None:
    def counted() -> float:
        labels = {"fate": "received"}
        return metrics.REGISTRY.get_sample_value("moentreprise_microphone_packets_total", labels) or 0.0

    before = counted()
    room.session.microphone.receive(bytes([0xF8, 0xFF, 0xFE]), 1, 960, 7, asyncio.get_running_loop().time())
    await room.client.delete(room.path, headers=room.auth)
    assert counted() == before + 1
