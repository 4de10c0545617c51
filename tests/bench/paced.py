"""What the primitives cost at a server's pace: thread CPU time for each 20 ms of a session.

`python -m tests.bench.paced` prints one JSON line. In a loop without a pause (micro.py) they are at their
cheapest. A server's core sleeps between packets, and wakes cold: here each of forty sessions has its own
coders, SRTP and sockets, and takes and sends its packets at its own 20 ms.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from media.opus import Decoder, Encoder
from media.rtp import parse
from tests.bench.crowd import microphone_payloads
from tests.bench.micro import (
    BUFFER_BYTES,
    PACKET_MS,
    TALK_DUTY,
    frames_of,
    on_the_servers_core,
    packets,
    srtp_pair,
)
from tests.bench.sounds import speechlike

SESSIONS = 40
ROUNDS, PACKETS = 3, 150
PERIOD_S = PACKET_MS / 1000


@dataclass(frozen=True, slots=True)
class Paced:
    """Microseconds for one packet, of the cheapest round."""

    sessions: int
    in_us: float
    """recvfrom, unprotect and decode."""
    out_us: float
    """Encode, protect and sendto."""

    @property
    def floor(self) -> float:
        """Of a session in the bench's stream mode, as a share of a core."""
        return (self.in_us + TALK_DUTY * self.out_us) / (PACKET_MS * 1000)


class _Voices:
    """One session's coders and sockets; all that it will hear waits in its socket."""

    def __init__(self, stack: contextlib.ExitStack, payloads: list[bytes], frames: list[bytes]) -> None:
        self._ear, self._mouth, self._sink = (
            stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(3)
        )
        for end in (self._ear, self._sink):
            end.bind(("127.0.0.1", 0))
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._address = self._sink.getsockname()
        theirs, ours = srtp_pair()
        for packet in itertools.islice(packets(payloads), PACKETS):
            self._mouth.sendto(theirs.protect(packet), self._ear.getsockname())
        self._unprotect = ours.unprotect
        self._protect = srtp_pair()[0].protect
        self._headers = packets([b""])
        self._frames = itertools.cycle(frames)
        self._encoder, self._decoder = Encoder(), Decoder()

    def take(self) -> None:
        """Raises BlockingIOError when the system's limit of a socket's buffer is too low for all packets."""
        packet = self._unprotect(self._ear.recvfrom(2048, socket.MSG_DONTWAIT)[0])
        self._decoder.decode(parse(packet)[4])

    def send(self) -> None:
        payload = self._encoder.encode(next(self._frames))
        self._mouth.sendto(self._protect(next(self._headers) + payload), self._address)


def measure(sessions: int = SESSIONS) -> Paced:
    payloads, frames = microphone_payloads(), frames_of(speechlike(6.0))
    rounds = []
    for _ in range(ROUNDS):
        with contextlib.ExitStack() as stack:
            rounds.append(_round([_Voices(stack, payloads, frames) for _ in range(sessions)]))
    in_us, out_us = (round(min(costs), 1) for costs in zip(*rounds, strict=True))
    return Paced(sessions, in_us, out_us)


def _round(voices: list[_Voices]) -> tuple[float, float]:
    """The mean cost of taking and of sending a packet."""
    spent_ns = [0, 0]
    begin_s = time.monotonic()
    for at_s, way, work in _timetable(voices):
        wait_s = begin_s + at_s - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        before_ns = time.thread_time_ns()
        work()
        spent_ns[way] += time.thread_time_ns() - before_ns
    count = len(voices) * PACKETS
    return spent_ns[0] / count / 1000, spent_ns[1] / count / 1000


def _timetable(voices: list[_Voices]) -> Iterator[tuple[float, int, Callable[[], None]]]:
    """When each session, at its own phase, takes (0) or sends (1) a packet."""
    phase = random.Random(1)
    order = sorted(
        (phase.random() * PERIOD_S, way, number) for number in range(len(voices)) for way in (0, 1)
    )
    for turn in range(PACKETS):
        for at_s, way, number in order:
            voice = voices[number]
            yield turn * PERIOD_S + at_s, way, voice.send if way else voice.take


def main() -> None:
    on_the_servers_core()
    paced = measure()
    print(json.dumps(asdict(paced) | {"floor": paced.floor}), flush=True)


if __name__ == "__main__":
    main()
