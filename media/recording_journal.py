"""The form in which a recording is stored: both sides' Opus packets as they passed, appended, nothing else.

A file is the magic and then records, little-endian: kind (1 byte), position on the session clock (signed
64 bits, 24 kHz), length of the payload (16 bits), payload. A crash leaves at worst a last record that is
cut short or zeros where one should be: reading ends there.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO

MAGIC = b"MOREC01\n"
MODE = 0o600
_HEAD = struct.Struct("<cqH")
PAYLOAD_BYTES_MAX = 0xFFFF


class Kind(Enum):
    """What a record says; the letters are the file's."""

    ON = b"+"
    """Recording begins at the position; no payload."""
    OFF = b"-"
    """Recording ends at the position; no payload."""
    TEAM = b"T"
    HUMAN = b"H"


@dataclass(frozen=True, slots=True)
class Record:
    """A packet of one side, or a turn of the switch. `position` is that of the packet's first sample."""

    kind: Kind
    position: int
    payload: bytes = b""


def packed(record: Record) -> bytes:
    """The record as it is stored. The payload may have 65535 bytes."""
    return _HEAD.pack(record.kind.value, record.position, len(record.payload)) + record.payload


def append(path: Path, records: bytes, end: int) -> int:
    """Write packed records at `end` bytes, over whatever a failed write left there; returns the new end.

    At end 0 the file is begun. Its folder must exist. Raises OSError.
    """
    data = records if end else MAGIC + records
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, MODE), "wb") as file:
        file.truncate(end)
        file.seek(end)
        file.write(data)
    return end + len(data)


def read(path: Path) -> Iterator[Record]:
    """All whole records, in the order of their arrival. Raises OSError; a foreign file has no records."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return
        while (record := _next(file)) is not None:
            yield record


def _next(file: BinaryIO) -> Record | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, position, length = _HEAD.unpack(head)
    payload = file.read(length)
    if len(payload) < length or kind not in _KINDS:
        return None
    return Record(Kind(kind), position, payload)


_KINDS = frozenset(kind.value for kind in Kind)
