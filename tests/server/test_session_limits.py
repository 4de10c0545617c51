"""Nobody takes more than a share: no spectator the human's, no client the house's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from pytest_aiohttp import AiohttpClient
from rtc_page import rtc_page
from signalling_fakes import Client, Opened, fake_app, opened

from orchestration import events
from server import eventstream
from server.limits import Bucket, Rate
from server.settings import Settings

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path) -> Client:
    return await aiohttp_client(fake_app(Settings(data=tmp_path)))


@pytest.fixture
async def room(client: Client) -> Opened:
    return await opened(client)


async def code(response: ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["code"]


async def test_a_spectator_that_hammers_leaves_the_human_s_hand_free(room: Opened) -> None:
    url = f"{room.path}/whep"
    async with asyncio.timeout(30):
        while True:
            knock = await room.client.post(url, data="v=0\r\n", headers={**room.spectator_auth, **SDP})
            if knock.status != 400:
                break
    assert await code(knock) == (429, "too_many")
    said = await room.client.post(f"{room.path}/messages", json={"text": "Hello"}, headers=room.auth)
    assert said.status == 202


async def test_spectators_readers_leave_the_human_s_stream_free(
    room: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventstream, "MAX_STREAMS", 1)
    url = f"{room.path}/events"
    async with room.client.get(url, headers=room.spectator_auth) as watched:
        assert watched.status == 200
        assert await code(await room.client.get(url, headers=room.spectator_auth)) == (429, "too_many")
        async with room.client.get(url, headers=room.auth) as own:
            assert own.status == 200


def fragment(first: int, count: int) -> str:
    lines = [
        f"a=candidate:{n} 1 UDP 2122 127.0.0.1 {20_000 + n} typ host" for n in range(first, first + count)
    ]
    return "\r\n".join(["m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", *lines, ""])


@pytest.mark.parametrize("endpoint", ["whip", "whep"])
async def test_a_connection_has_so_many_candidates_and_no_more(room: Opened, endpoint: str) -> None:
    auth = room.auth if endpoint == "whip" else room.spectator_auth
    async with rtc_page(microphone=False, channel=endpoint == "whip") as page:
        await page.connect(room.client, f"{room.path}/{endpoint}", auth)
        headers = {**auth, **FRAGMENT, "If-Match": page.etag}

        async def patch(first: int, count: int) -> ClientResponse:
            return await room.client.patch(page.location, data=fragment(first, count), headers=headers)

        assert (await patch(0, 40)).status == 204
        assert (await patch(40, 24)).status == 204
        assert await code(await patch(64, 1)) == (400, "bad_fragment")


async def test_patches_are_limited_and_cost_the_hand_nothing(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        await page.connect(room.client, f"{room.path}/whip", room.auth)
        peer = room.session.presence.find(page.location.rsplit("/", 1)[1])
        assert peer is not None
        peer._trickling = Bucket(Rate(2, 0.001), room.session.created)
        headers = {**room.auth, **FRAGMENT, "If-Match": page.etag}
        patches = [
            await room.client.patch(page.location, data="a=end-of-candidates\r\n", headers=headers)
            for _ in range(3)
        ]
        assert [patch.status for patch in patches] == [204, 204, 429]
        assert int(patches[2].headers["Retry-After"]) > 1


async def test_an_offer_with_a_street_full_of_candidates_is_refused(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        offer = await page.offer()
    many = fragment(0, 200).split("a=mid:0\r\n")[1]
    at = offer.index("a=candidate")
    crowded = offer[:at] + many + offer[at:]
    response = await room.client.post(f"{room.path}/whip", data=crowded, headers={**room.auth, **SDP})
    assert await code(response) == (400, "bad_sdp")


async def test_words_over_the_channel_are_measured_like_words_over_http(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        await page.connect(room.client, f"{room.path}/whip", room.auth)
        await page.live()
        room.session.hand = Bucket(Rate(2, 0.001), room.session.created)
        for n in range(5):
            page.say({"type": "human.message", "text": f"word {n}"})
        page.say({"type": "human.push_to_talk", "down": False})
        await room.heard(events.PushToTalk)
    said = [event for event in room.director.heard if isinstance(event, events.HumanSaid)]
    assert [event.text for event in said] == ["word 0", "word 1"]


async def test_one_client_cannot_fill_the_house_with_rooms_that_it_never_enters(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    client = await aiohttp_client(fake_app(Settings(data=tmp_path), max_unentered=2))
    first = await opened(client)
    await opened(client)
    refused = await client.post("/sessions")
    assert await code(refused) == (429, "too_many")
    assert int(refused.headers["Retry-After"]) > 0
    async with rtc_page(microphone=False) as page:
        await page.connect(client, f"{first.path}/whip", first.auth)
        await page.live()
        page.say({"type": "ping"})
        await first.heard(events.ListenerArrived)
        third = await opened(client)
        assert (await client.post("/sessions")).status == 429
        await client.delete(third.path, headers=third.auth)
        await opened(client)


async def test_behind_a_proxy_all_have_one_address_and_are_not_told_apart(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, public_url="https://mo.example")
    client = await aiohttp_client(fake_app(settings, max_unentered=1))
    for _ in range(3):
        await opened(client)
