"""Frames between the engine and its worker processes: a JSON header and bytes.

On the pipe: length of all that follows (u32), length of the header (u32), header (JSON object), body.
"""

from __future__ import annotations

import json
import struct
from typing import BinaryIO, cast

Header = dict[str, object]
_LENGTHS = struct.Struct("<II")
PREFIX_BYTES = _LENGTHS.size


def pack(header: Header, body: bytes = b"") -> bytes:
    encoded = json.dumps(header, separators=(",", ":")).encode()
    return _LENGTHS.pack(4 + len(encoded) + len(body), len(encoded)) + encoded + body


def sizes(prefix: bytes) -> tuple[int, int]:
    """(bytes of the header, bytes of the body) that follow this prefix."""
    total, header = _LENGTHS.unpack(prefix)
    return header, total - 4 - header


def unpack_header(encoded: bytes) -> Header:
    return cast(Header, json.loads(encoded))


def read(stream: BinaryIO) -> tuple[Header, bytes] | None:
    """The next frame, blocking; None at the end of the stream."""
    prefix = stream.read(PREFIX_BYTES)
    if len(prefix) < PREFIX_BYTES:
        return None
    header_bytes, body_bytes = sizes(prefix)
    rest = stream.read(header_bytes + body_bytes)
    if len(rest) < header_bytes + body_bytes:
        return None
    return unpack_header(rest[:header_bytes]), rest[header_bytes:]


def write(stream: BinaryIO, header: Header, body: bytes = b"") -> None:
    stream.write(pack(header, body))
    stream.flush()
