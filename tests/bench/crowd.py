"""A crowd of listeners who also speak: one process, any number of aiortc peers against one server.

`python -m tests.bench.crowd --url http://127.0.0.1:PORT --sessions N` prints one JSON line, a Report. Each
session sends 50 microphone packets a second of 32 kbit/s Opus speech, and receives by a Tap. Everything is
judged after the window, from decrypted and decoded packets, when it disturbs nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from dataclasses import asdict, dataclass
from fractions import Fraction

import aiohttp
import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)

from tests.bench import content
from tests.bench.figures import Figures, Window, judge
from tests.bench.front import loopback_only
from tests.bench.meter import Cost, Meter
from tests.bench.sounds import lecture
from tests.bench.streams import Event, utterances
from tests.bench.tap import Heard, Tap

EVENTS = "events"
"""The product's data channel: whoever opens it says once a second what the page would."""
CONNECT_S, CLOSE_S = 30.0, 10.0
BETWEEN_S = 0.02
MICROPHONE_HZ, MICROPHONE_BPS = 48_000, 32_000
HEARD_BYTES_PER_S = 48_000
"""PCM16 24 kHz mono."""


@dataclass(frozen=True, slots=True)
class Plan:
    url: str
    sessions: int = 1
    mode: str = "stream"
    seconds: float = 12.0
    settle_s: float = 2.0
    channel: str = ""
    """A data channel to open before the offer; none when empty."""
    spectators: int = 0
    """Who only receive, all of them of the first session."""
    keep: bool = True
    """Whether packets are kept and judged; without, a run may take hours."""


@dataclass(frozen=True, slots=True)
class Report:
    cost: Cost
    rss_before_mib: float
    threads_before: int
    connected: int
    failed: int
    closed: int
    connect_p50_ms: float
    microphone_heard: float | None
    """What the server passed on, as a share of what was sent to it; None when it does not say."""
    figures: Figures | None
    contents: tuple[content.Content, ...] = ()
    """Of the first session's chirps."""
    spectators_same: bool | None = None
    """Whether every spectator got the same payloads under the same RTP times as the session's own peer."""


class Mute(MediaStreamTrack):
    """aiortc's sender waits for it for ever: the microphone's packets are the Tap's."""

    kind = "audio"

    async def recv(self) -> av.AudioFrame:
        await asyncio.get_running_loop().create_future()
        raise AssertionError


class Peer:
    """One connection, from `connect` to `close`."""

    def __init__(self, sid: int, plan: Plan, of: int | None = None) -> None:
        """`of`: the session that is only watched."""
        self.sid = sid
        self.closed = False
        self.tap: Tap | None = None
        self.took_ms = 0.0
        self._plan = plan
        self._of = of
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._stands = asyncio.Event()
        self._channel: RTCDataChannel | None = None
        self._page: asyncio.Task[None] | None = None
        self._connection.on("connectionstatechange", self._changed)

    async def connect(self, http: aiohttp.ClientSession) -> Tap:
        """Raises OSError (TimeoutError, too) or aiohttp.ClientError when the server does not manage."""
        if self._plan.channel and self._of is None:
            self._channel = self._connection.createDataChannel(self._plan.channel)
        direction = "sendrecv" if self._of is None else "recvonly"
        self._connection.addTransceiver("audio" if self._of is not None else Mute(), direction=direction)
        await self._connection.setLocalDescription(await self._connection.createOffer())
        body = {"sdp": self._connection.localDescription.sdp, "type": "offer", "sid": self.sid}
        body |= {"mode": self._plan.mode} if self._of is None else {"of": self._of}
        begin = time.monotonic()
        async with asyncio.timeout(CONNECT_S):
            async with http.post(f"{self._plan.url}/offer", json=body) as response:
                response.raise_for_status()
                answer = await response.json()
            await self._connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
            await self._stands.wait()
        self.took_ms = (time.monotonic() - begin) * 1000
        self.tap = Tap(self._connection, self._plan.keep)
        if self._plan.channel == EVENTS and self._channel is not None:
            self._page = asyncio.create_task(self._be_a_page(self._channel, self.tap))
        return self.tap

    async def close(self) -> None:
        for task in (self._page,) if self._page else ():
            task.cancel()
        if self.tap is not None:
            self.tap.close()
        self._connection.remove_listener("connectionstatechange", self._changed)
        await self._connection.close()

    def _changed(self) -> None:
        if self._connection.connectionState == "connected":
            self._stands.set()
        self.closed = self.closed or self._connection.connectionState in ("failed", "closed")

    async def _be_a_page(self, channel: RTCDataChannel, tap: Tap) -> None:
        """Say what the page says: `resume` first, then once a second what is heard."""
        while channel.readyState != "open":
            await asyncio.sleep(0.05)
        channel.send(json.dumps({"type": "resume", "after": 0}))
        await asyncio.sleep(random.random())
        begin = time.monotonic()
        while not self.closed:
            heard = {"rtp_timestamp": tap.timestamp, "at_ms": round((time.monotonic() - begin) * 1000)}
            channel.send(json.dumps({"type": "playout", **heard, "jitter_buffer_ms": 20, "rtt_ms": 1}))
            await asyncio.sleep(1.0)


class Crowd:
    def __init__(self, plan: Plan, http: aiohttp.ClientSession) -> None:
        self.peers: list[Peer] = []
        self.watchers: list[Peer] = []
        self._plan = plan
        self._http = http
        self._failed = 0

    async def gather(self) -> None:
        """Connect all, one after the other."""
        payloads = microphone_payloads()
        for sid in range(self._plan.sessions):
            tap = await self._connect(Peer(sid, self._plan), self.peers)
            if tap is not None:
                tap.speak(payloads)
        for number in range(self._plan.spectators):
            await self._connect(Peer(self._plan.sessions + number, self._plan, of=0), self.watchers)

    async def measure(self) -> Report:
        """Gather, wait for the window to pass, and judge it."""
        pid = await self._pid()
        before = Meter(pid).stop()
        await self.gather()
        settled_s, offset_s = time.monotonic(), _realtime_offset_s()
        await asyncio.sleep(self._plan.settle_s)
        heard_before = await self._microphones()
        begin_s, meter = time.monotonic(), Meter(pid)
        await asyncio.sleep(self._plan.seconds)
        cost, window = meter.stop(), Window(settled_s, begin_s, time.monotonic())
        heard_after = await self._microphones()
        mean_offset_s = (offset_s + _realtime_offset_s()) / 2
        everyone = self.peers + self.watchers
        report = Report(
            cost=cost,
            rss_before_mib=before.rss_mib,
            threads_before=before.threads,
            connected=len(everyone),
            failed=self._failed,
            closed=sum(peer.closed for peer in everyone),
            connect_p50_ms=round(float(np.median([peer.took_ms for peer in everyone] or [0])), 1),
            microphone_heard=_share(heard_before, heard_after, len(self.peers), cost.seconds),
            figures=None,
        )
        if not self._plan.keep:
            return report
        return self._judged(report, await self._events(), window, mean_offset_s)

    async def close(self) -> None:
        closing = [peer.close() for peer in self.peers + self.watchers]
        async with asyncio.timeout(CLOSE_S + len(closing) / 10):
            await asyncio.gather(*closing)

    def _judged(self, report: Report, events: list[Event], window: Window, offset_s: float) -> Report:
        since_s = window.settled_s - 1.0  # a decoder needs some packets to find its feet
        heard = {peer.sid: _heard(peer, since_s, offset_s) for peer in self.peers}
        watched = [_heard(peer, float("inf"), offset_s) for peer in self.watchers]
        figures = judge([one.stream for one in heard.values()], events, window)
        chirps = _contents(heard[0], events, window) if self._plan.mode == "chirp" and 0 in heard else ()
        same = all(_same(heard[0], one, window) for one in watched) if watched else None
        fields = {name: getattr(report, name) for name in Report.__dataclass_fields__}
        return Report(**fields | {"figures": figures, "contents": chirps, "spectators_same": same})

    async def _connect(self, peer: Peer, where: list[Peer]) -> Tap | None:
        try:
            tap = await peer.connect(self._http)
        except (OSError, aiohttp.ClientError):  # TimeoutError is one of the first
            self._failed += 1
            await peer.close()
            return None
        where.append(peer)
        await asyncio.sleep(BETWEEN_S)
        return tap

    async def _pid(self) -> int:
        async with self._http.get(f"{self._plan.url}/health") as response:
            return int((await response.json())["pid"])

    async def _events(self) -> list[Event]:
        async with self._http.get(f"{self._plan.url}/events") as response:
            events: list[Event] = await response.json()
            return events

    async def _microphones(self) -> int | None:
        """Bytes that the microphone paths passed on so far."""
        async with self._http.get(f"{self._plan.url}/mics") as response:
            return int((await response.json())["bytes"]) if response.status == 200 else None


def microphone_payloads() -> list[bytes]:
    """Opus as browsers send it: 48 kHz mono, 20 ms, 32 kbit/s, voice. The speech is a real one.

    What only resembles speech, over another sound of the same kind, is now and then taken for its echo.
    """
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = MICROPHONE_HZ, "mono", "s16"
    encoder.bit_rate, encoder.time_base = MICROPHONE_BPS, Fraction(1, MICROPHONE_HZ)
    encoder.options = {"application": "voip"}
    sound = np.frombuffer(lecture(pause_ms=0, voice="coral"), "<i2").repeat(2)
    payloads: list[bytes] = []
    for begin in range(0, sound.size - 959, 960):
        samples = sound[None, begin : begin + 960].copy()
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = MICROPHONE_HZ, begin
        payloads += [bytes(packet) for packet in encoder.encode(frame)]
    return payloads


def _heard(peer: Peer, since_s: float, offset_s: float) -> Heard:
    assert peer.tap is not None
    return peer.tap.heard(peer.sid, since_s, offset_s)


def _contents(heard: Heard, events: list[Event], window: Window) -> tuple[content.Content, ...]:
    """Of the utterances that began and ended inside the window."""
    found = []
    for spoken in utterances(events):
        inside = window.settled_s <= spoken.begin_s and spoken.next_s < window.end_s
        if inside and spoken.sid == heard.stream.sid:
            sound = b"".join(heard.sounds[heard.stream.part(spoken.begin_s, spoken.next_s)])
            found.append(content.judge(sound))
    return tuple(one for one in found if one is not None)


def _same(own: Heard, watched: Heard, window: Window) -> bool:
    """Inside the window, but for its ends: there one of them may have one packet more."""
    sets = []
    for heard in (own, watched):
        part = heard.stream.part(window.begin_s, window.end_s)
        stamps = heard.stream.timestamps[part].tolist()
        sets.append(set(zip(stamps, heard.payloads[part], strict=True)))
    return bool(sets[0]) and len(sets[0] ^ sets[1]) <= 2


def _share(before: int | None, after: int | None, sessions: int, seconds: float) -> float | None:
    if before is None or after is None or not sessions:
        return None
    return round((after - before) / (HEARD_BYTES_PER_S * sessions * seconds), 3)


def _realtime_offset_s() -> float:
    return (time.time_ns() - time.monotonic_ns()) / 1e9


async def run(plan: Plan) -> Report:
    loopback_only()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CONNECT_S)) as http:
        crowd = Crowd(plan, http)
        try:
            return await crowd.measure()
        finally:
            await crowd.close()


def arguments(plan: Plan) -> list[str]:
    """The command line that `main` reads as this plan."""
    words = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(plan).items() if name != "keep"]
    return words if plan.keep else [*words, "--no-keep"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    defaults = asdict(Plan(""))
    for name in ("url", "mode", "channel", "sessions", "spectators", "seconds", "settle_s"):
        default = defaults[name]
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--keep", action=argparse.BooleanOptionalAction, default=True)
    print(json.dumps(asdict(asyncio.run(run(Plan(**vars(parser.parse_args())))))), flush=True)


if __name__ == "__main__":
    main()
