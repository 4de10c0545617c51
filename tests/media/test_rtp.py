"""RTP headers, RFC 3550 section 5.1."""

from __future__ import annotations

import pytest
from aiortc.rtp import HeaderExtensionsMap, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from media import rtp


@given(
    st.integers(0, 127),
    st.booleans(),
    st.integers(0, 65535),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=60),
)
def test_what_is_written_is_read_back_here_and_by_aiortc(
    payload_type: int, marker: bool, sequence_number: int, timestamp: int, payload: bytes
) -> None:
    extension = rtp.extension_block(0xBEDE, b"\x10a\x00\x00")
    for block in (b"", extension):
        data = rtp.header(payload_type, marker, sequence_number, timestamp, 0xDEADBEEF, block) + payload
        assert rtp.parse(data) == (payload_type, sequence_number, timestamp, 0xDEADBEEF, payload)
        theirs = RtpPacket.parse(data, HeaderExtensionsMap())
        assert (theirs.marker, theirs.sequence_number, theirs.payload) == (
            int(marker),
            sequence_number,
            payload,
        )


def test_sources_extension_and_padding_are_not_payload() -> None:
    sources = b"\x00\x00\x00\x07" * 2
    extension = b"\xbe\xde\x00\x01\x10a\x00\x00"
    data = bytes([0x80 | 0x20 | 0x10 | 2]) + rtp.header(96, False, 5, 6, 7)[1:] + sources + extension
    assert rtp.parse(data + b"opus" + b"\x00\x00\x03").payload == b"opus"


@pytest.mark.parametrize(
    "data",
    [
        bytes([0x8F]) + rtp.header(96, False, 5, 6, 7)[1:],
        bytes([0x90]) + rtp.header(96, False, 5, 6, 7)[1:],
        bytes([0x90]) + rtp.header(96, False, 5, 6, 7)[1:] + b"\xbe\xde\xff\xff",
        bytes([0xA0]) + rtp.header(96, False, 5, 6, 7)[1:] + b"\xff",
    ],
)
def test_lengths_that_contradict_the_packet_are_errors(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"header"):
        rtp.parse(data)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (0x80, 96, True),
        (0x90, 0xE0, True),
        (0x80, 200, False),
        (0x80, 223, False),
        (0x00, 1, False),
        (20, 254, False),
    ],
)
def test_rtp_is_told_from_stun_dtls_and_rtcp(first: int, second: int, expected: bool) -> None:
    assert rtp.is_rtp(bytes([first, second]) + bytes(20)) is expected
    assert not rtp.is_rtp(bytes([first, second]))
    assert not rtp.is_rtp(b"")
