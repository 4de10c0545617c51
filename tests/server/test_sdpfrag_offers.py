"""Candidates that trickle, and what an offer must be."""

from __future__ import annotations

import pytest

from server import offers, sdpfrag
from server.auth import Role

FRAGMENT = (
    "a=ice-ufrag:EsAw\r\n"
    "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    "a=mid:0\r\n"
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0\r\n"
    "a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0\r\n"
    "a=end-of-candidates\r\n"
)
TRANSPORT = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:efghijklmnopqrstuvwxyz\r\na=fingerprint:sha-256 AA\r\na=setup:actpass\r\n"
)
OFFER = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    f"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n{TRANSPORT}a=mid:0\r\na=rtpmap:111 opus/48000/2\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"
)


def test_the_fragment_of_the_rfc_is_read() -> None:
    fragment = sdpfrag.parse(FRAGMENT)
    assert (fragment.ufrag, fragment.pwd) == ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")
    assert [mid for mid, _ in fragment.candidates] == ["0", "0"]
    assert fragment.candidates[0][1].startswith("1387637174 1 udp")
    assert fragment.complete


def test_line_ends_of_unix_and_unknown_attributes_are_tolerated() -> None:
    text = FRAGMENT.replace("\r\n", "\n") + "a=ice-options:trickle\n"
    assert sdpfrag.parse(text) == sdpfrag.parse(FRAGMENT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "hello",
        "v=0\r\n",
        "a=ice-ufrag:<b>\r\n",
        "a=ice-pwd:\r\n",
        "a=mid:0\r\n",
        "a=x:" + "y" * 2000,
    ]
    + ["a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n" * (sdpfrag.MAX_CANDIDATES + 1)],
)
def test_anything_else_is_no_fragment(text: str) -> None:
    with pytest.raises(sdpfrag.FragmentError):
        sdpfrag.parse(text)


def test_an_offer_is_taken_with_its_credentials_and_first_mid() -> None:
    assert offers.check(OFFER, Role.HUMAN) == ("abcd", "efghijklmnopqrstuvwxyz", "0")


def test_a_human_without_audio_may_read_along_but_a_spectator_may_not() -> None:
    audio, data = OFFER.index("m=audio"), OFFER.index("m=application")
    offer = OFFER[:audio].replace("BUNDLE 0 1", "BUNDLE 1") + OFFER[data:] + TRANSPORT
    assert offers.check(offer, Role.HUMAN).ufrag == "abcd"
    with pytest.raises(offers.OfferError):
        offers.check(offer, Role.SPECTATOR)


def test_a_spectator_who_would_speak_and_an_offer_without_opus_are_refused() -> None:
    with pytest.raises(offers.OfferError, match="recvonly"):
        offers.check(OFFER, Role.SPECTATOR)
    with pytest.raises(offers.OfferError, match="Opus"):
        offers.check(OFFER.replace("opus/48000/2", "PCMU/8000"), Role.HUMAN)


def test_a_spectator_may_have_two_audio_sections_and_a_human_one() -> None:
    audio, data = OFFER.index("m=audio"), OFFER.index("m=application")
    second = OFFER[audio:data].replace("a=mid:0", "a=mid:1")
    offer = (OFFER[:data] + second).replace("a=mid:", "a=recvonly\r\na=mid:")
    assert offers.check(offer, Role.SPECTATOR).mid == "0"
    with pytest.raises(offers.OfferError):
        offers.check(offer, Role.HUMAN)
    third = OFFER[audio:data].replace("a=mid:0", "a=mid:2")
    with pytest.raises(offers.OfferError):
        offers.check(offer.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + third, Role.SPECTATOR)


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "hello",
        "v=0\r\ns=-\r\n",
        OFFER.replace("m=application", "m=video"),
        OFFER + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
        OFFER.replace("a=fingerprint", "a=finger"),
        OFFER.replace("BUNDLE 0 1", "BUNDLE 0"),
        OFFER.replace("a=group:BUNDLE 0 1\r\n", ""),
        OFFER.replace("a=mid:1", "a=mid:0"),
        OFFER.replace("a=mid:1\r\n", ""),
        OFFER.replace("a=mid:0", "a=mid:0\r\na=mid:5"),
        OFFER.replace("a=ice-pwd", "a=pwd"),
    ],
)
def test_an_offer_that_could_not_be_answered_well_is_refused(offer: str) -> None:
    with pytest.raises(offers.OfferError):
        offers.check(offer, Role.HUMAN)


def test_a_candidate_gets_the_bundles_mid() -> None:
    candidate = offers.candidate("1 1 udp 2122260223 192.0.2.1 61764 typ host", "0")
    assert candidate is not None
    assert (candidate.ip, candidate.port, candidate.sdpMid) == ("192.0.2.1", 61764, "0")


def test_a_hidden_host_name_is_a_candidate_and_tcp_is_passed_over() -> None:
    name = "9b36eaac-bb2e-49bb-bb78-21c41c499900.local"
    assert offers.candidate(f"1 1 udp 2122260223 {name} 61764 typ host", "0") is not None
    assert offers.candidate("1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active", "0") is None


@pytest.mark.parametrize(
    "value",
    ["", "1 1 udp", "1 x udp 1 192.0.2.1 1 typ host", "1 1 udp 1 evil.example 1 typ host"]
    + ["1 1 udp 1 192.0.2.1 99999 typ host"],
)
def test_a_broken_candidate_is_refused(value: str) -> None:
    with pytest.raises(offers.OfferError):
        offers.candidate(value, "0")
