"""Two peer connections of aiortc in one process: what we put on the wire and what we take from it."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket, RtcpSrPacket, RtpPacket

from media.aiortc_seams import (
    SeamMovedError,
    announce_fec,
    attach_microphone,
    attach_voice,
)
from media.clock import SessionClock
from media.floor import Floor, FloorEvent, PlayoutFinished, PlayoutStarted
from media.microphone import Microphone
from media.opus import Decoder
from media.outbound import Outbound
from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, as_array, level_dbfs
from media.tracks import attach_microphone_track, attach_voice_track


def tone(ms: int, hz: float = 440.0, amplitude: float = 8000.0) -> bytes:
    at = np.arange(SAMPLE_RATE_HZ * ms // 1000)
    wave = amplitude * np.cos(2 * math.pi * hz * at / SAMPLE_RATE_HZ)
    return np.rint(wave).astype("<i2").tobytes()


@dataclass
class Room:
    """A session's media: floor, voice and ear."""

    events: list[FloorEvent] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.clock = SessionClock(loop.time())
        self.floor = Floor(self.clock, self.events.append)
        self.outbound = Outbound(self.floor, self.clock)
        self.microphone = Microphone(on_pcm=self.heard.extend)

    def say(self, turn: str, pcm: bytes, pause_ms: int = 0) -> None:
        lane = self.floor.lane(turn)
        lane.put(pcm)
        lane.finish()
        self.floor.give(turn, pause_ms)

    def close(self) -> None:
        self.outbound.close()
        self.microphone.close()


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """No task and no thread outlives a connection."""
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    yield
    async with asyncio.timeout(2):
        while asyncio.all_tasks() - tasks - {asyncio.current_task()}:
            await asyncio.sleep(0.01)
    assert set(threading.enumerate()) <= threads


async def test_a_connected_microphone_has_no_decoder_thread() -> None:
    far, near = Room(), Room()
    async with peers() as (browser, server):
        attach_voice(browser, far.outbound)
        await connect(browser, server, lambda: attach_microphone(server, near.microphone))
        far.say("human", tone(100))
        await until(lambda: len(near.heard) > 0)
        assert "audio-decoder" not in [thread.name for thread in threading.enumerate()]
    far.close()
    near.close()


def record_packets(receiver: RTCRtpReceiver) -> list[RtpPacket]:
    """The far end's wire tap."""
    packets: list[RtpPacket] = []

    async def take(packet: RtpPacket, arrival_time_ms: int) -> None:
        packets.append(packet)

    vars(receiver)["_handle_rtp_packet"] = take
    return packets


async def connect(offerer: RTCPeerConnection, answerer: RTCPeerConnection, prepare) -> None:  # type: ignore[no-untyped-def]
    await offerer.setLocalDescription(await offerer.createOffer())
    await answerer.setRemoteDescription(offerer.localDescription)
    prepare()
    await answerer.setLocalDescription(await answerer.createAnswer())
    await offerer.setRemoteDescription(answerer.localDescription)
    async with asyncio.timeout(10):
        while {offerer.connectionState, answerer.connectionState} != {"connected"}:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def peers(count: int = 2) -> AsyncIterator[list[RTCPeerConnection]]:
    made = [RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(count)]
    try:
        yield made
    finally:
        await asyncio.gather(*(pc.close() for pc in made))


async def until(condition, seconds: float = 5.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_the_wire_carries_our_timestamps_markers_and_sequence_numbers() -> None:
    room = Room()
    async with peers() as (browser, server):
        browser.addTransceiver("audio", direction="recvonly")
        packets = record_packets(browser.getReceivers()[0])
        await connect(browser, server, lambda: attach_voice(server, room.outbound))
        room.say("one", tone(200))
        room.say("two", tone(100), pause_ms=150)
        await until(lambda: PlayoutFinished("two", 100) in room.events)
        await asyncio.sleep(0.1)
    room.close()

    started = [event for event in room.events if isinstance(event, PlayoutStarted)]
    marked = [packet.timestamp for packet in packets if packet.marker]
    assert marked == [event.rtp_timestamp for event in started]
    assert (started[1].rtp_timestamp - started[0].rtp_timestamp) % 2**32 == (200 + 150) * 48
    numbers = [packet.sequence_number for packet in packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(packets) == 10 + 1 + 5 + 1, "each spurt ends with one packet of silence"
    decoder = Decoder()
    sounds = [decoder.decode(packet.payload) for packet in packets]
    assert level_dbfs(sounds[4]) == pytest.approx(level_dbfs(tone(20)), abs=1.5)
    assert level_dbfs(sounds[10][FRAME_SAMPLES:]) < -45, "the coder's delay is over in the silent packet"
    assert packets[4].extensions.audio_level == (True, round(-level_dbfs(tone(20))))


async def test_a_peer_that_joins_late_hears_the_same_packets() -> None:
    room = Room()
    async with peers(4) as (one, server_one, two, server_two):
        taps = []
        for browser, server in ((one, server_one), (two, server_two)):
            browser.addTransceiver("audio", direction="recvonly")
            taps.append(record_packets(browser.getReceivers()[0]))
            await connect(browser, server, lambda s=server: attach_voice(s, room.outbound))
            if server is server_one:
                room.say("long", tone(1500))
        await until(lambda: bool(room.events) and isinstance(room.events[-1], PlayoutFinished))
        await asyncio.sleep(0.1)
    room.close()
    first, second = ([(p.timestamp, p.payload) for p in tap] for tap in taps)
    assert len(first) > len(second) > 5
    assert first[-len(second) :] == second


async def test_detach_silences_the_peer_at_once() -> None:
    room = Room()
    detach = []
    async with peers() as (browser, server):
        browser.addTransceiver("audio", direction="recvonly")
        packets = record_packets(browser.getReceivers()[0])
        await connect(browser, server, lambda: detach.append(attach_voice(server, room.outbound)))
        room.say("one", tone(2000))
        await until(lambda: len(packets) > 5)
        detach[0]()
        detach[0]()
        sent = len(packets)
        await asyncio.sleep(0.1)
        assert len(packets) - sent <= 1
        assert not room.outbound.listeners
    room.close()


async def test_sender_reports_pair_the_session_clock_with_ntp_time_and_count_our_packets() -> None:
    room = Room()
    reports: list[RtcpSrPacket] = []

    async def hear(packet: object) -> None:
        if isinstance(packet, RtcpSrPacket):
            reports.append(packet)

    async with peers() as (browser, server):
        browser.addTransceiver("audio", direction="recvonly")
        packets = record_packets(browser.getReceivers()[0])
        vars(browser.getReceivers()[0])["_handle_rtcp_packet"] = hear
        await connect(browser, server, lambda: attach_voice(server, room.outbound))
        room.say("one", tone(200))
        await until(lambda: len(reports) >= 2)
    room.close()
    first, last = reports[0].sender_info, reports[-1].sender_info
    assert last.packet_count == len(packets)
    assert last.octet_count == sum(len(packet.payload) for packet in packets)
    ntp_seconds = (last.ntp_timestamp - first.ntp_timestamp) / 2**32
    rtp_seconds = ((last.rtp_timestamp - first.rtp_timestamp) % 2**32) / 48000
    assert ntp_seconds == pytest.approx(rtp_seconds, abs=0.001)
    assert ntp_seconds > 0.4


async def test_the_microphone_gets_what_the_browser_says_and_reports_go_back() -> None:
    far, near = Room(), Room()
    reports: list[RtcpRrPacket] = []
    async with peers() as (browser, server):
        attach_voice(browser, far.outbound)
        sender = browser.getSenders()[0]

        def prepare() -> None:
            attach_voice(server, near.outbound)
            attach_microphone(server, near.microphone)
            announce_fec(server)

        await connect(browser, server, prepare)
        answer = server.localDescription.sdp
        hear_report = sender._handle_rtcp_packet

        async def hear(packet: object) -> None:
            if isinstance(packet, RtcpRrPacket):
                reports.append(packet)
            await hear_report(packet)  # type: ignore[arg-type]

        vars(sender)["_handle_rtcp_packet"] = hear
        far.say("human", tone(500))
        await until(lambda: len(near.heard) >= 26 * FRAME_SAMPLES * 2)
        await until(lambda: bool(reports))
    far.close()
    near.close()
    assert "minptime=10;useinbandfec=1" in answer
    speech = as_array(bytes(near.heard))[2400 : 20 * FRAME_SAMPLES]
    assert level_dbfs(speech.tobytes()) == pytest.approx(level_dbfs(tone(20)), abs=1)
    assert near.microphone.lost == 0
    assert reports[-1].reports[0].packets_lost == 0


async def test_the_public_tracks_carry_the_sound_both_ways() -> None:
    far, near = Room(), Room()
    async with peers() as (browser, server):
        attach_voice(browser, far.outbound)
        packets = record_packets(browser.getReceivers()[0])
        detach = []

        def prepare() -> None:
            detach.append(attach_voice_track(server, near.outbound))
            detach.append(attach_microphone_track(server, near.microphone))

        await connect(browser, server, prepare)
        await asyncio.sleep(0.05)
        near.say("one", tone(100))
        near.say("two", tone(100), pause_ms=100)
        far.say("human", tone(500))
        await until(lambda: len(packets) == 12)
        assert (packets[6].timestamp - packets[0].timestamp) % 2**32 == 200 * 48
        await until(lambda: len(near.heard) >= 15 * FRAME_SAMPLES * 2)
        for end in detach:
            end()
            end()
    far.close()
    near.close()
    speech = as_array(bytes(near.heard))[2400 : 10 * FRAME_SAMPLES]
    assert level_dbfs(speech.tobytes()) == pytest.approx(level_dbfs(tone(20)), abs=1)


@pytest.mark.parametrize("decides", [True, False])
async def test_the_speaking_peers_losses_switch_fec_and_a_spectators_do_not(decides: bool) -> None:
    room = Room()
    expected: list[bool] = []
    vars(room.outbound)["expect_loss"] = expected.append
    async with peers() as (browser, server):
        browser.addTransceiver("audio", direction="recvonly")
        await connect(browser, server, lambda: attach_voice(server, room.outbound, decides))
        sender = server.getSenders()[0]
        for second in range(1, 4):
            block = RtcpReceiverInfo(sender._ssrc, 12, second * 5, second * 100, 0, 0, 0)
            await sender._handle_rtcp_packet(RtcpRrPacket(ssrc=1, reports=[block]))
    room.close()
    assert expected == ([False, True, True] if decides else [])


async def test_a_human_who_reconnects_keeps_fec() -> None:
    room = Room()
    room.outbound.expect_loss(True)
    async with peers() as (browser, server):
        browser.addTransceiver("audio", direction="recvonly")
        await connect(browser, server, lambda: attach_voice(server, room.outbound))
        sender = server.getSenders()[0]
        block = RtcpReceiverInfo(sender._ssrc, 0, 0, 100, 0, 0, 0)
        await sender._handle_rtcp_packet(RtcpRrPacket(ssrc=1, reports=[block]))
        assert room.outbound.expects_loss
    room.close()


async def test_a_peer_whose_socket_is_full_gets_no_more_and_delays_nobody() -> None:
    room = Room()
    async with peers() as (browser, server):
        browser.addTransceiver("audio", direction="recvonly")
        packets = record_packets(browser.getReceivers()[0])
        await connect(browser, server, lambda: attach_voice(server, room.outbound))
        pair = server.getSenders()[0].transport.transport._connection._nominated[1]
        backlog = [10**6]
        vars(pair.protocol.transport)["get_write_buffer_size"] = lambda: backlog[0]
        room.say("one", tone(100))
        await until(lambda: PlayoutFinished("one", 100) in room.events)
        await asyncio.sleep(0.05)
        assert packets == []
        backlog[0] = 0
        room.say("two", tone(100))
        await until(lambda: len(packets) == 6)
    room.close()


async def test_what_is_not_meant_for_the_microphone_is_left_alone() -> None:
    far, near = Room(), Room()
    async with peers() as (browser, server):
        attach_voice(browser, far.outbound)
        await connect(browser, server, lambda: attach_microphone(server, near.microphone))
        protocol = server.getReceivers()[0].transport.transport._connection._nominated[1].protocol
        for datagram in (b"\x80\x60" + bytes(40), b"\x80\xc8" + bytes(40), b"\x80", b"\x00\x01" + bytes(30)):
            protocol.datagram_received(datagram, ("127.0.0.1", 9))
        far.say("human", tone(200))
        await until(lambda: len(near.heard) >= 8 * FRAME_SAMPLES * 2)
        assert near.microphone.lost == 0
    far.close()
    near.close()


@pytest.mark.parametrize("field", ["codecs", "decoder_thread", "rtcp_exited"])
async def test_a_moved_private_of_the_receiver_is_named_and_changes_nothing(field: str) -> None:
    room = Room()
    async with peers(1) as (pc,):
        pc.addTransceiver("audio", direction="recvonly")
        receiver = pc.getReceivers()[0]
        kept = vars(receiver).pop(f"_RTCRtpReceiver__{field}")
        with pytest.raises(SeamMovedError, match=field):
            attach_microphone(pc, room.microphone)
        assert "_handle_rtp_packet" not in vars(receiver)
        vars(receiver)[f"_RTCRtpReceiver__{field}"] = kept
    room.close()


@pytest.mark.parametrize("field", ["_tx_srtp", "_rtp_router", "_state"])
async def test_a_moved_private_of_the_transport_is_named_and_changes_nothing(field: str) -> None:
    room = Room()
    async with peers(1) as (pc,):
        pc.addTransceiver("audio")
        dtls = pc.getReceivers()[0].transport
        kept = vars(dtls).pop(field)
        with pytest.raises(SeamMovedError, match=field):
            attach_voice(pc, room.outbound)
        assert "_run_rtp" not in vars(pc.getSenders()[0])
        vars(dtls)[field] = kept
    room.close()


async def test_a_connection_without_audio_has_no_microphone_to_attach() -> None:
    room = Room()
    async with peers(1) as (pc,):
        with pytest.raises(LookupError):
            attach_microphone(pc, room.microphone)
    room.close()
