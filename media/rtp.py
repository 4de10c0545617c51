"""The RTP header (RFC 3550 section 5.1), as far as one Opus stream each way needs it.

Everything here works on packets in clear: before SRTP protects them, or after it gave them back.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
_EXTENSION_WORDS = struct.Struct("!2xH")
_VERSION, _EXTENSION, _PADDING, _CSRC_COUNT = 0x80, 0x10, 0x20, 0x0F
_MARKER = 0x80


class Packet(NamedTuple):
    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes


def is_rtp(datagram: bytes) -> bool:
    """Whether it is RTP or SRTP, among STUN, DTLS, TURN channels (RFC 7983) and RTCP (RFC 5761 section 4)."""
    return len(datagram) >= HEADER.size and 127 < datagram[0] < 192 and not 191 < datagram[1] < 224


def parse(data: bytes) -> Packet:
    """Read a packet for which `is_rtp` holds. Raises ValueError when its lengths contradict each other."""
    first, second, sequence_number, timestamp, ssrc = HEADER.unpack_from(data)
    start, end = HEADER.size + 4 * (first & _CSRC_COUNT), len(data)
    if first & _EXTENSION:
        if start + 4 > end:
            raise ValueError("the header extension is cut off")
        start += 4 + 4 * _EXTENSION_WORDS.unpack_from(data, start)[0]
    if first & _PADDING:
        end -= data[-1]
    if start > end:
        raise ValueError("the header is longer than the packet")
    return Packet(second & 0x7F, sequence_number, timestamp, ssrc, data[start:end])


def header(
    payload_type: int, marker: bool, sequence_number: int, timestamp: int, ssrc: int, extension: bytes = b""
) -> bytes:
    """A header, with `extension` behind it (empty, or what `extension_block` made)."""
    first = _VERSION | _EXTENSION if extension else _VERSION
    second = payload_type | _MARKER if marker else payload_type
    return HEADER.pack(first, second, sequence_number, timestamp, ssrc) + extension


def extension_block(profile: int, value: bytes) -> bytes:
    """The extension's own header and `value`, whose length is a multiple of 4 (RFC 8285 section 4.1.2)."""
    return struct.pack("!HH", profile, len(value) // 4) + value if value else b""
