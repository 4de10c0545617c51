"""A real connection to a session: WHIP, trickle, the data channel, replacement, spectators."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pylibsrtp
import pytest
from aiohttp import ClientResponse
from pytest_aiohttp import AiohttpClient
from rtc_page import RtcPage, rtc_page, until
from signalling_fakes import Client, Opened, fake_app, opened

from media.pcm import ms_to_samples
from orchestration import events, notices
from server import ice, presence
from server import peer as peer_module
from server.limits import Bucket, Rate
from server.peer import Peer
from server.settings import IceServer, Settings

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
PLAYOUT = {"type": "playout", "rtp_timestamp": 4800, "at_ms": 1.0, "jitter_buffer_ms": 20, "rtt_ms": 1}


@pytest.fixture(params=["direct", "track"])
async def client(aiohttp_client: AiohttpClient, tmp_path: Path, request: pytest.FixtureRequest) -> Client:
    """On both ways that sound can go."""
    return await aiohttp_client(fake_app(Settings(data=tmp_path, media=request.param)))


@pytest.fixture
async def room(client: Client) -> Opened:
    return await opened(client)


async def code(response: ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["code"]


async def arrive(page: RtcPage, room: Opened) -> None:
    """Connect, resume, and be there."""
    await page.connect(room.client, f"{room.path}/whip", room.auth)
    await page.live()
    page.say({"type": "resume", "after": 0})
    page.say({"type": "ping"})
    await page.told("pong")


# ------------------------------------------------------------------ refusals


async def test_what_is_no_offer_is_refused(client: Client, room: Opened) -> None:
    url = f"{room.path}/whip"

    async def post(data: str, headers: dict[str, str] = SDP) -> tuple[int, str]:
        return await code(await client.post(url, data=data, headers={**room.auth, **headers}))

    assert await post("v=0\r\n", {"Content-Type": "text/plain"}) == (415, "wrong_type")
    assert await post("") == (400, "bad_sdp")
    assert await post("v=0\r\nm=audio 9 RTP/AVP 0\r\n") == (400, "bad_sdp")
    assert await post("v=0\r\n" + "a=x:y\r\n" * 20_000) == (413, "too_large")
    assert await code(await client.post("/sessions/none/whip", data="v=0", headers={**room.auth, **SDP})) == (
        404,
        "unknown_session",
    )


@pytest.mark.parametrize("damage", [("a=rtpmap", "a=rtpmap:x"), ("a=fingerprint:sha-256 ", "a=fingerprint:")])
async def test_a_broken_offer_leaves_nothing_behind(room: Opened, damage: tuple[str, str]) -> None:
    async with rtc_page() as page:
        offer = (await page.offer()).replace(*damage)
    response = await room.client.post(f"{room.path}/whip", data=offer, headers={**room.auth, **SDP})
    assert await code(response) == (400, "bad_sdp")
    await until(lambda: not room.session.presence._peers)


async def test_no_damage_to_an_offer_is_our_fault(room: Opened, caplog: pytest.LogCaptureFixture) -> None:
    async with rtc_page() as page:
        offer = await page.offer()
    chance = random.Random(7)
    room.session.hand = Bucket(Rate(1000, 1.0), 0.0)
    for _ in range(80):
        body = damaged(offer, chance).encode()
        response = await room.client.post(f"{room.path}/whip", data=body, headers={**room.auth, **SDP})
        assert response.status in (201, 400), body
    await room.client.delete(room.path, headers=room.auth)
    assert not caplog.records


def damaged(offer: str, chance: random.Random) -> str:
    """Lines lost, cut, doubled, swapped, or with a wrong character."""
    lines = offer.split("\r\n")
    for _ in range(chance.randint(1, 3)):
        n, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        cut = chance.randrange(len(lines[n]) + 1)
        wrong = chance.choice("0:= /x\u00e9\0-9")
        changes = [
            [],
            [lines[n][:cut]],
            [lines[n]] * 2,
            [lines[n][:cut] + wrong + lines[n][cut + 1 :]],
            [lines[other]],
        ]
        lines[n : n + 1] = chance.choice(changes)
    return "\r\n".join(lines)


async def test_an_ended_session_takes_no_connection(room: Opened) -> None:
    await room.client.delete(room.path, headers=room.auth)
    response = await room.client.post(f"{room.path}/whip", data="v=0\r\n", headers={**room.auth, **SDP})
    assert await code(response) == (409, "session_ended")


# ------------------------------------------------------------------ the connection


async def test_the_answer_says_where_and_which(room: Opened) -> None:
    async with rtc_page(microphone=False, audio=False) as page:
        response = await room.client.post(
            f"{room.path}/whip", data=await page.offer(), headers={**room.auth, **SDP}
        )
        assert response.status == 201
        assert response.headers["Location"].startswith(f"{room.path}/whip/")
        assert response.headers["ETag"].startswith('"')
        assert response.headers["Accept-Patch"] == FRAGMENT["Content-Type"]


def test_the_ice_servers_are_linked() -> None:
    servers = (IceServer(("stun:a", "stun:b")), IceServer(("turn:c:3478?transport=udp",), 'na"me', "secret"))
    assert ice.links(servers) == [
        '<stun:a>; rel="ice-server"',
        '<stun:b>; rel="ice-server"',
        '<turn:c:3478?transport=udp>; rel="ice-server"; username="na\\"me"; credential="secret"; '
        'credential-type="password"',
    ]


async def test_the_conversation_starts_at_the_first_sign_of_a_connected_page(room: Opened) -> None:
    async with rtc_page() as page:
        await page.connect(room.client, f"{room.path}/whip", room.auth)
        await page.live()
        page.say({"type": "resume", "after": 0})
        created = await page.told("session.state")
        assert (created["seq"], created["data"]) == (1, {"state": "created", "reason": ""})
        assert not room.director.heard
        page.say(PLAYOUT)
        await room.heard(events.ListenerArrived)
        live = await page.told("session.state", 2)
        assert live["data"] == {"state": "live", "reason": ""}
        report = await room.heard(events.PlayoutReported)  # type: ignore[arg-type]
        assert report == events.PlayoutReported(4800, 1.0, 20.0, 1.0)


async def test_the_voice_goes_out_and_the_microphone_comes_in(room: Opened) -> None:
    async with rtc_page() as page:
        await arrive(page, room)
        track = page.pc.getReceivers()[0].track
        lane = room.session.floor.lane("turn1")
        lane.put(b"\x00\x20\x00\xe0" * ms_to_samples(500))
        lane.finish()
        room.session.floor.give("turn1", 0)
        async with asyncio.timeout(15):
            await track.recv()
        await until(lambda: room.director.playout == ["started turn1", "finished turn1"])
        await until(lambda: len(room.director.pcm) > 4800)


STRANGERS = (
    b"",
    b"\x80\xc8" + bytes(1600),
    b"\x80\x6f" + bytes(1600),
    b"\x16" * 1600,
    # A STUN request (RFC 8489) whose PRIORITY has two bytes of four.
    b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(12) + b"\x00\x24\x00\x02" + bytes(4),
)


def bother(peer: Peer) -> None:
    """Datagrams of somebody who knows the ports and no key."""
    pc = peer._pc
    transports = [transceiver.receiver.transport for transceiver in pc.getTransceivers()]
    transports += [pc.sctp.transport] if pc.sctp is not None else []
    protocols = [protocol for dtls in transports for protocol in dtls.transport._connection._protocols]
    assert protocols
    for protocol in protocols:
        for datagram in STRANGERS:
            protocol.datagram_received(datagram, ("127.0.0.1", 9))


@pytest.mark.parametrize("role", ["human", "spectator", "typing"])
async def test_no_stranger_s_datagram_ends_a_connection(room: Opened, role: str) -> None:
    human = role != "spectator"
    auth = room.auth if human else room.spectator_auth
    async with rtc_page(microphone=role == "human", channel=human, audio=role != "typing") as page:
        await page.connect(room.client, f"{room.path}/{'whip' if human else 'whep'}", auth)
        peer = next(iter(room.session.presence._peers.values()))
        bother(peer)
        await page.live()
        bother(peer)
        await asyncio.sleep(0.1)
        assert peer.connected


async def test_of_a_forgotten_source_srtp_keeps_nothing(room: Opened) -> None:
    async with rtc_page() as page:
        await arrive(page, room)
        peer = next(iter(room.session.presence._peers.values()))
        receiver = peer._pc.getReceivers()[0]
        if room.session._way != "direct":
            return
        await until(lambda: bool(room.director.pcm))
        ssrc = next(iter(receiver._handle_rtp_packet.__self__._receiving._sources))
        receiver._handle_rtp_packet.__self__._forget(ssrc)
        assert ssrc not in receiver.transport._rtp_router.ssrc_table
        with pytest.raises(pylibsrtp.Error):
            receiver.transport._rx_srtp.remove_stream(ssrc)


async def test_opus_is_spoken_also_when_it_is_not_named_first(room: Opened) -> None:
    async with rtc_page() as page:
        offer = (await page.offer()).replace("SAVPF 96 9 0 8", "SAVPF 0 8 9 96")
        response = await room.client.post(
            f"{room.path}/whip", data=offer, headers={**room.auth, "Content-Type": "application/sdp"}
        )
        assert response.status == 201
        answer = await response.text()
    audio = next(line for line in answer.splitlines() if line.startswith("m=audio"))
    assert audio.split()[3:] == ["96"]


async def test_a_human_without_a_microphone_reads_and_types(room: Opened) -> None:
    async with rtc_page(microphone=False, audio=False) as page:
        await arrive(page, room)
        page.say({"type": "human.message", "text": "Hello <b>you</b>"})
        assert await room.heard(events.HumanSaid) == events.HumanSaid("Hello <b>you</b>", typed=True)
        page.say({"type": "human.push_to_talk", "down": True})
        assert await room.heard(events.PushToTalk) == events.PushToTalk(True)
        page.say({"type": "human.typing", "typing": True})
        assert await room.heard(events.HumanTyping) == events.HumanTyping(True)


async def test_prompt_events_come_over_the_channel_in_order_and_bulky_ones_do_not(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        await arrive(page, room)
        for n in range(5):
            room.session.publish(notices.JobProgress("job1", "website", n, "Working"))
            room.session.publish(notices.HumanListening(n % 2 == 0))
        room.session.publish(notices.PhaseEntered("interview", 2, 7))
        await page.told("phase.entered")
        seqs = [message["seq"] for message in page.messages if "seq" in message]
        assert seqs == sorted(set(seqs))  # type: ignore[type-var]
        assert len(page.of("human.listening")) == 5
        assert not page.of("job.progress")


async def test_resuming_asks_for_what_came_after(room: Opened) -> None:
    for listening in (True, False):
        room.session.publish(notices.HumanListening(listening))
    async with rtc_page(microphone=False) as page:
        await page.connect(room.client, f"{room.path}/whip", room.auth)
        await page.live()
        page.say({"type": "resume", "after": 2})
        assert (await page.told("human.listening"))["seq"] == 3


async def test_an_event_that_is_forgotten_at_once_does_not_hold_up_the_others(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        await arrive(page, room)
        room.session.publish(notices.JobProgress("job1", "website", 1, "x" * (2 * 1024 * 1024)))
        page.say({"type": "ping"})
        await page.told("pong", 2)
        room.session.publish(notices.HumanListening(True))
        await page.told("human.listening")


async def test_a_bad_message_is_answered_and_breaks_nothing(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        await arrive(page, room)
        for bad in ("{", b"\x00\xff", '{"type": "shutdown"}', '{"type": "resume", "after": "x"}'):
            page.say(bad)
        page.say("x" * 20_000)
        await until(lambda: len(page.of("error")) == 5)
        codes = [message["data"]["code"] for message in page.of("error")]  # type: ignore[index]
        assert codes == ["bad_message"] * 4 + ["too_large"]
        page.say({"type": "ping"})
        await page.told("pong", 2)
        assert room.session.events.last_seq == 2


async def test_a_flood_of_messages_is_dropped_and_nothing_else_breaks(
    room: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_module, "RECEIVING", Rate(10, 1.0))
    async with rtc_page(microphone=False) as page:
        await arrive(page, room)
        for n in range(50):
            page.say({"type": "human.message", "text": f"word {n}"})
        page.say({"type": "ping"})
        await asyncio.sleep(1.2)
        page.say({"type": "ping"})
        await page.told("pong", 2)
        assert 0 < sum(isinstance(event, events.HumanSaid) for event in room.director.heard) <= 10


# ------------------------------------------------------------------ trickle


async def test_candidates_trickle_under_the_etag(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        offer = await page.offer()
        bare = "".join(line for line in offer.splitlines(True) if not line.startswith("a=candidate"))
        response = await room.client.post(f"{room.path}/whip", data=bare, headers={**room.auth, **SDP})
        location, etag = response.headers["Location"], response.headers["ETag"]

        async def patch(body: str, **headers: str) -> ClientResponse:
            return await room.client.patch(location, data=body, headers={**room.auth, **FRAGMENT, **headers})

        match = {"If-Match": etag}
        candidate = next(line for line in offer.splitlines() if line.startswith("a=candidate"))
        good = f"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n{candidate}\r\na=end-of-candidates\r\n"
        assert await code(await patch(good)) == (428, "etag_missing")
        assert await code(await patch(good, **{"If-Match": '"other"'})) == (412, "etag_mismatch")
        assert await code(await patch(good, **{"If-Match": "*"})) == (422, "restart_unsupported")
        restart = "a=ice-ufrag:abcd\r\na=ice-pwd:efghijklmnopqrstuvwxyz\r\n"
        assert await code(await patch(restart, **match)) == (422, "restart_unsupported")
        assert await code(await patch("nonsense", **match)) == (400, "bad_fragment")
        assert await code(await patch("a=candidate:broken\r\n", **match)) == (400, "bad_fragment")
        assert await code(await patch("x" * 20_000, **match)) == (413, "too_large")
        assert await code(await patch(good, **match, **{"Content-Type": "text/plain"})) == (415, "wrong_type")
        assert (await patch(good, **match)).status == 204


async def test_a_connection_is_hung_up_once_and_the_session_stays(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        await arrive(page, room)
        response = await room.client.delete(page.location, headers=room.auth)
        assert response.status == 200
        again = await room.client.delete(page.location, headers=room.auth)
        assert await code(again) == (404, "unknown_peer")
        await room.heard(events.ListenerLost)
    assert not room.session.ended
    assert await code(await room.client.get(f"{room.path}/whip/x", headers=room.auth)) == (
        405,
        "method_not_allowed",
    )


# ------------------------------------------------------------------ coming, going, coming back


async def test_a_second_page_replaces_the_first_which_is_told(room: Opened) -> None:
    async with rtc_page(microphone=False) as first, rtc_page(microphone=False) as second:
        await arrive(first, room)
        first.say(PLAYOUT)
        first.say({"type": "ping"})
        await first.told("pong", 2)
        await arrive(second, room)
        error = await first.told("error")
        assert error["data"]["code"] == "replaced"  # type: ignore[index]
        assert await room.heard(events.ListenerLost) == events.ListenerLost(4800)
        await room.heard(events.ListenerArrived, 2)
        await first.channel_closed.wait()
        second.say({"type": "ping"})
        await second.told("pong", 2)
        assert not second.of("error")


async def test_a_broken_second_offer_leaves_the_first_page_connected(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        await arrive(page, room)
        response = await room.client.post(f"{room.path}/whip", data="v=0\r\n", headers={**room.auth, **SDP})
        assert response.status == 400
        page.say({"type": "ping"})
        await page.told("pong", 2)


async def test_a_page_that_falls_silent_is_waited_for(room: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "SILENCE_S", 0.3)
    async with rtc_page(microphone=False) as page:
        await arrive(page, room)
        page.say(PLAYOUT)
        assert await room.heard(events.ListenerLost) == events.ListenerLost(4800)
        await room.state("waiting")
        page.say({"type": "ping"})
        await room.heard(events.ListenerArrived, 2)
        await room.state("live")


async def test_stopping_closes_the_connection_after_the_last_word(room: Opened) -> None:
    async with rtc_page() as page:
        await arrive(page, room)
        async with asyncio.timeout(2):
            response = await room.client.delete(room.path, headers=room.auth)
        assert response.status == 200
        stopped = page.of("session.state")[-1]
        assert stopped["data"] == {"state": "stopped", "reason": "human"}
        await page.channel_closed.wait()
    assert room.session.over


# ------------------------------------------------------------------ spectators


async def test_a_spectator_hears_and_says_nothing(room: Opened) -> None:
    async with rtc_page(microphone=False, channel=False) as page:
        url = f"{room.path}/whep"
        await page.connect(room.client, url, room.spectator_auth)
        await page.live()
        track = page.pc.getReceivers()[0].track
        lane = room.session.floor.lane("turn1")
        lane.put(b"\x00\x20\x00\xe0" * ms_to_samples(300))
        lane.finish()
        room.session.floor.give("turn1", 0)
        async with asyncio.timeout(15):
            await track.recv()
        assert not room.director.heard
        foreign = await room.client.delete(page.location.replace("whep", "whip"), headers=room.auth)
        assert await code(foreign) == (404, "unknown_peer")
        assert (await room.client.delete(page.location, headers=room.spectator_auth)).status == 200


@pytest.mark.parametrize("shared", [False, True])
async def test_a_spectator_hears_the_human_only_if_the_session_says_so(client: Client, shared: bool) -> None:
    room = await opened(client, {"share_microphone": shared})
    async with rtc_page() as human, rtc_page(microphone=False, channel=False) as spectator:
        spectator.pc.addTransceiver("audio", direction="recvonly")
        await human.connect(client, f"{room.path}/whip", room.auth)
        await spectator.connect(client, f"{room.path}/whep", room.spectator_auth)
        await spectator.live()
        await until(lambda: len(room.director.pcm) > 0)
        overheard = spectator.pc.getReceivers()[1].track
        if shared:
            async with asyncio.timeout(15):
                await overheard.recv()
        else:
            assert room.session.microphone.on_packet is None
            assert "a=inactive" in spectator.pc.remoteDescription.sdp
    if shared:
        await until(lambda: room.session.microphone.on_packet is None)


async def test_sharing_the_microphone_is_true_or_false(client: Client) -> None:
    answer = await client.post("/sessions", json={"share_microphone": "yes"})
    assert await code(answer) == (400, "bad_request")


async def test_a_spectators_token_does_not_open_the_humans_connection(room: Opened) -> None:
    async with rtc_page(microphone=False) as page:
        response = await room.client.post(
            f"{room.path}/whip", data=await page.offer(), headers={**room.spectator_auth, **SDP}
        )
        assert await code(response) == (403, "token_forbids")
