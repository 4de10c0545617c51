"""The relay as a process: two sockets that know each other through it alone."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.bench.link import candidate_address, running_network, with_candidate, without_candidates
from tests.bench.path import Conditions
from tests.bench.relay import Address, open_gate

SDP = (
    "v=0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    "a=candidate:1 1 tcp 2 10.0.0.1 9 typ host tcptype active\r\n"
    "a=candidate:2 1 udp 2 fd00::1 5001 typ host\r\na=candidate:3 1 udp 2 10.0.0.1 5000 typ host\r\n"
    "a=end-of-candidates\r\na=mid:0\r\n"
)


class End:
    """One end of the network: it keeps what it receives, with the time."""

    def __init__(self) -> None:
        self.received: list[tuple[float, bytes]] = []
        self.last_from: Address | None = None

    def take(self, datagram: bytes, sender: Address) -> None:
        self.received.append((time.monotonic(), datagram))
        self.last_from = sender

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.received) < count:
                await asyncio.sleep(0.005)


def rtp(number: int) -> bytes:
    return bytes([0x80, 111]) + number.to_bytes(2, "big") + (960 * number).to_bytes(4, "big") + bytes(40)


def test_an_offer_tells_no_address() -> None:
    assert without_candidates(SDP) == SDP[: SDP.index("a=candidate")] + "a=mid:0\r\n"


def test_an_answer_tells_the_relays_address_alone() -> None:
    assert candidate_address(SDP) == ("10.0.0.1", 5000)
    told = with_candidate(SDP + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", ("127.0.0.1", 7))
    assert candidate_address(told) == ("127.0.0.1", 7)
    assert told.count("a=candidate") == 1
    assert told.index("a=candidate") < told.index("m=application")


def test_an_answer_without_a_usable_address_is_refused() -> None:
    with pytest.raises(LookupError):
        candidate_address(without_candidates(SDP))


async def test_datagrams_go_both_ways_and_the_rtp_packets_are_noted() -> None:
    browser, server = End(), End()
    near, far = await open_gate(browser.take), await open_gate(server.take)
    try:
        async with running_network() as network:
            link = await network.link(far.address, seed=1)
            near.send(b"\0first", link.address)  # opens the way, and may be lost
            await asyncio.sleep(0.2)
            near.send(rtp(7), link.address)
            await server.until(1)
            assert server.received[-1][1] == rtp(7)
            assert server.last_from is not None
            assert server.last_from != near.address
            far.send(b"\x16back", server.last_from)
            await browser.until(1)
            assert browser.last_from == link.address
            (packet,) = await link.passed("up")
            assert (packet.sequence_number, packet.timestamp, packet.lost) == (7, 6720, False)
            assert not await link.passed("down")
    finally:
        near.close()
        far.close()


async def test_conditions_change_on_the_way_and_lost_packets_are_noted() -> None:
    server = End()
    near, far = await open_gate(lambda *_: None), await open_gate(server.take)
    try:
        async with running_network() as network:
            link = await network.link(far.address, seed=1)
            near.send(b"\0first", link.address)
            await asyncio.sleep(0.2)
            await link.lose_packets("up", 2)
            for number in range(4):
                near.send(rtp(number), link.address)
            await server.until(2)
            await link.set(up=Conditions(delay_ms=150))
            sent_at = time.monotonic()
            near.send(rtp(4), link.address)
            await server.until(3)
            assert server.received[-1][0] - sent_at >= 0.149
            assert [packet.lost for packet in await link.passed("up")] == [True, True, False, False, False]
    finally:
        near.close()
        far.close()
