"""What the primitives cost that no voice server can do without: thread CPU time for each 20 ms.

`python -m tests.bench.micro` prints one JSON line. Of several rounds the cheapest counts: it was disturbed
least. The floor is what a session would cost if it did nothing else.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import pylibsrtp
from aiortc.rtcdtlstransport import SRTP_PROFILES

from media import rtp
from media.opus import Decoder, Encoder
from media.outbound import FEC_LOSS_PERCENT
from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES
from tests.bench.crowd import microphone_payloads
from tests.bench.servers import SERVER_CORE
from tests.bench.sounds import SENTENCES, speechlike, spoken

ROUNDS, TIMES = 9, 600
FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE
PACKET_MS = 20
TALK_DUTY = 6 / 7
"""The share of its time in which the bench's source speaks, and packets leave."""
BUFFER_BYTES = 1 << 22
Cost = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Primitives:
    """Microseconds for one packet."""

    encode_us: float
    """Opus 24 kHz mono at the product's settings, of the bench's speech-like signal."""
    encode_spoken_us: float | None
    """The same of a synthesized voice; None where there is none."""
    encode_fec_us: float
    """In hybrid mode with FEC, as for a listener who loses packets."""
    decode_us: float
    """Of the microphone's packets."""
    protect_us: float
    unprotect_us: float
    send_us: float
    receive_us: float
    """By loopback UDP; sending and receiving together, less sending alone."""

    @property
    def floor_us(self) -> float:
        """Of a session in the bench's stream mode, for each 20 ms."""
        out = self.encode_us + self.protect_us + self.send_us
        return TALK_DUTY * out + self.receive_us + self.unprotect_us + self.decode_us

    @property
    def floor(self) -> float:
        """As a share of a core."""
        return self.floor_us / (PACKET_MS * 1000)


def measure() -> Primitives:
    payloads = microphone_payloads()
    send_us, both_us = _udp(payloads[0])
    protect_us, unprotect_us = _srtp(payloads)
    lossy = Encoder()
    lossy.expected_loss_percent = FEC_LOSS_PERCENT
    return Primitives(
        encode_us=_encoding_us(Encoder(), speechlike(6.0)),
        encode_spoken_us=_spoken_us(),
        encode_fec_us=_encoding_us(lossy, speechlike(6.0)),
        decode_us=_decoding_us(payloads),
        protect_us=protect_us,
        unprotect_us=unprotect_us,
        send_us=send_us,
        receive_us=max(0.0, both_us - send_us),
    )


def frames_of(pcm: bytes) -> list[bytes]:
    """All whole packets' sound."""
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def srtp_pair() -> tuple[pylibsrtp.Session, pylibsrtp.Session]:
    """One that protects and one that unprotects, with the profile that two aiortc peers agree upon."""
    profile = SRTP_PROFILES[0]
    key = os.urandom(profile.key_length + profile.salt_length)
    ways = pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SSRC_ANY_INBOUND
    out, back = (pylibsrtp.Policy(key, way, 0, profile.libsrtp_profile) for way in ways)
    return pylibsrtp.Session(out), pylibsrtp.Session(back)


def packets(payloads: list[bytes]) -> Iterator[bytes]:
    """RTP packets without an end, the payloads in turn."""
    for number, payload in enumerate(itertools.cycle(payloads)):
        yield rtp.header(96, False, number & 0xFFFF, number * 960 & 0xFFFFFFFF, 1) + payload


def on_the_servers_core() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE} & allowed or allowed)


def least_us(cost: Cost) -> float:
    cost()
    rounds = []
    for _ in range(ROUNDS):
        begin_ns = time.thread_time_ns()
        for _ in range(TIMES):
            cost()
        rounds.append((time.thread_time_ns() - begin_ns) / TIMES / 1000)
    return round(min(rounds), 2)


def _encoding_us(encoder: Encoder, pcm: bytes) -> float:
    return _each(encoder.encode, frames_of(pcm))


def _spoken_us() -> float | None:
    try:
        pcm = b"".join(spoken(sentence) for sentence in SENTENCES[:2])
    except (ImportError, OSError):
        return None
    return _encoding_us(Encoder(), pcm)


def _decoding_us(payloads: list[bytes]) -> float:
    return _each(Decoder().decode, payloads)


def _each(work: Callable[[bytes], object], inputs: list[bytes]) -> float:
    endless = itertools.cycle(inputs)
    return least_us(lambda: work(next(endless)))


def _srtp(payloads: list[bytes]) -> tuple[float, float]:
    clear = packets(payloads)
    protect = srtp_pair()[0].protect
    protect_us = least_us(lambda: protect(next(clear)))
    ours, theirs = srtp_pair()
    enough = itertools.islice(packets(payloads), ROUNDS * TIMES + 1)
    sealed = iter([ours.protect(packet) for packet in enough])
    return protect_us, least_us(lambda: theirs.unprotect(next(sealed)))


def _udp(payload: bytes) -> tuple[float, float]:
    """Sending, and sending with receiving. Nobody waits: a datagram is there when `sendto` returns."""
    datagram = payload + bytes(28)
    with socket.socket(type=socket.SOCK_DGRAM) as sender, socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        address = receiver.getsockname()

        def both() -> None:
            sender.sendto(datagram, address)
            receiver.recvfrom(2048)

        both_us = least_us(both)
        return least_us(lambda: sender.sendto(datagram, address)), both_us


def main() -> None:
    on_the_servers_core()
    primitives = measure()
    print(json.dumps(asdict(primitives) | {"floor": primitives.floor}), flush=True)


if __name__ == "__main__":
    main()
