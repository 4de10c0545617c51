"""A standing connection's UDP socket, taken over: kernel time stamps in, a microphone's packets out.

The one file of the bench that touches aiortc's and asyncio's privates. While a run is measured a packet
costs its listener a system call and an append; it is decrypted and decoded afterwards.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pylibsrtp
from aiortc import RTCPeerConnection

from media import rtp
from media.opus import Decoder, OpusError
from media.pcm import level_dbfs
from tests.bench.streams import Stream

SO_TIMESTAMPNS = 35
"""socket(7): the kernel's time of receipt, as a `struct timespec` beside the datagram."""
DATAGRAM_BYTES, ANCILLARY_BYTES = 2048, 64
DATAGRAMS_AT_ONCE = 64
BUFFER_BYTES = 1 << 21
PACKET_S, PACKET_TICKS = 0.02, 960
_TIMESPEC = struct.Struct("qq")
_Row = tuple[float, int, int, bool, int, float]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one listener got, packet by packet."""

    stream: Stream
    payloads: tuple[bytes, ...]
    sounds: tuple[bytes, ...]
    """PCM16 24 kHz mono; empty for what was not decoded."""


class Tap:
    """Reads and writes for one connected peer, from construction to `close`."""

    def __init__(self, connection: RTCPeerConnection, keep: bool = True) -> None:
        """Without `keep` packets are only counted. Raises OSError when the server hung up already."""
        sender = connection.getTransceivers()[0].sender
        self._dtls = sender.transport
        pair = self._dtls.transport._connection._nominated[1]
        self._protocol, self._address = pair.protocol, pair.remote_addr
        self._socket: socket.socket = pair.protocol.transport._sock  # type: ignore[attr-defined]
        self._ssrc = sender._ssrc
        self._payload_type = _opus_payload_type(connection.remoteDescription.sdp)
        self._keep = keep
        self._kept: list[tuple[int, bytes]] = []
        self._speaking: asyncio.TimerHandle | None = None
        self.count = 0
        self.timestamp: int | None = None
        """RTP time of the last packet."""
        self._loop = asyncio.get_running_loop()
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._loop._remove_reader(self._socket.fileno())  # type: ignore[attr-defined]
        self._loop._add_reader(self._socket.fileno(), self._read)  # type: ignore[attr-defined]

    def speak(self, payloads: Sequence[bytes]) -> None:
        """Send these Opus packets round and round, 50 a second on absolute deadlines, until `close`."""
        protect, send, address = self._dtls._tx_srtp.protect, self._socket.sendto, self._address
        due = self._loop.time() + random.random() * PACKET_S
        number, timestamp, index = random.randrange(1 << 14), random.getrandbits(31), 0

        def tick() -> None:
            nonlocal due, number, timestamp, index
            number, timestamp = (number + 1) & 0xFFFF, (timestamp + PACKET_TICKS) & 0xFFFFFFFF
            header = rtp.header(self._payload_type, index == 0, number, timestamp, self._ssrc)
            try:
                send(protect(header + payloads[index % len(payloads)]), address)
            except OSError:
                pass  # the server is gone or its buffer full: a microphone does not wait
            index += 1
            due += PACKET_S
            self._speaking = self._loop.call_at(due, tick)

        self._speaking = self._loop.call_at(due, tick)

    def close(self) -> None:
        """Mute and deaf, for RTP and all else."""
        if self._speaking is not None:
            self._speaking.cancel()
        if self._socket.fileno() >= 0:  # the server may have hung up, and aiortc closed it
            self._loop._remove_reader(self._socket.fileno())  # type: ignore[attr-defined]

    def heard(self, sid: int, since_s: float, realtime_offset_s: float) -> Heard:
        """What was kept, decrypted and decoded.

        `realtime_offset_s` is CLOCK_REALTIME - CLOCK_MONOTONIC. Packets before `since_s` are not decoded and
        count as silent.
        """
        decoder = Decoder()
        rows: list[_Row] = []
        payloads: list[bytes] = []
        sounds: list[bytes] = []
        for stamp_ns, datagram in self._kept:
            time_s = stamp_ns / 1e9 - realtime_offset_s
            try:
                packet = rtp.parse(self._dtls._rx_srtp.unprotect(datagram))
            except (pylibsrtp.Error, ValueError):
                continue  # forged, or sent twice: not a packet of this stream
            pcm = _decoded(decoder, packet.payload) if time_s >= since_s else b""
            marker, size = bool(datagram[1] & 0x80), len(packet.payload)
            rows.append((time_s, packet.sequence_number, packet.timestamp, marker, size, level_dbfs(pcm)))
            payloads.append(packet.payload)
            sounds.append(pcm)
        decoder.close()
        return Heard(_stream(sid, rows), tuple(payloads), tuple(sounds))

    def _read(self) -> None:
        receive = self._socket.recvmsg
        for _ in range(DATAGRAMS_AT_ONCE):
            try:
                datagram, ancillary, _, address = receive(DATAGRAM_BYTES, ANCILLARY_BYTES)
            except OSError:  # nothing more, or nobody there any more
                return
            if not rtp.is_rtp(datagram):
                self._protocol.datagram_received(datagram, address)
                continue
            self.count += 1
            self.timestamp = int.from_bytes(datagram[4:8], "big")
            if self._keep:
                self._kept.append((_stamp_ns(ancillary), datagram))


def _stamp_ns(ancillary: Sequence[tuple[int, int, bytes]]) -> int:
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(value[: _TIMESPEC.size])
            return cast(int, seconds * 1_000_000_000 + nanoseconds)
    return time.time_ns()  # it was in the socket before the stamps were asked for


def _decoded(decoder: Decoder, payload: bytes) -> bytes:
    try:
        return decoder.decode(payload)
    except OpusError:
        return b""


def _opus_payload_type(sdp: str) -> int:
    for line in sdp.splitlines():
        if line.startswith("a=rtpmap:") and "opus/48000" in line.lower():
            return int(line.removeprefix("a=rtpmap:").split()[0])
    raise LookupError("the answer does not take Opus")


def _stream(sid: int, rows: Sequence[_Row]) -> Stream:
    table = np.array(rows, float).reshape(-1, 6)
    numbers, timestamps, sizes = (table[:, column].astype(np.int64) for column in (1, 2, 4))
    return Stream(sid, table[:, 0], numbers, timestamps, table[:, 3] > 0, sizes, table[:, 5])
