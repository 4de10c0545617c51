"""The public way through aiortc: the session's voice as a track, the microphone read from one.

No private of aiortc is touched here. It costs several times as much as `aiortc_seams`: aiortc paces RTCP,
keeps a thread per microphone, and sets its own RTP origin and the marker on every packet.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from fractions import Fraction

import av
import av.stream
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender
from aiortc.mediastreams import MediaStreamError
from aiortc.stats import RTCRemoteInboundRtpStreamStats

from media.clock import RTP_RATE_HZ, RTP_TICKS_PER_SAMPLE
from media.fanout import OutboundPacket, Voice
from media.losses import Losses
from media.microphone import Microphone, OnPacket
from media.opus import Encoder
from media.pcm import BYTES_PER_SAMPLE, FRAME_SAMPLES, SAMPLE_RATE_HZ

Detach = Callable[[], None]
LOOK_EVERY_S = 2.0
"""How often the listener's reports are looked at."""
_PACKETS_MAX = 50
_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE


def attach_voice_track(pc: RTCPeerConnection, voice: Voice, decides_fec: bool = True) -> Detach:
    """Let this peer hear the session. Call it after setRemoteDescription and before createAnswer.

    `detach` ends it and may be called twice; so does `pc.close()`.
    """
    track = VoiceTrack(voice)
    sender = pc.addTrack(track)
    watch = asyncio.create_task(_watch_losses(sender, track, voice)) if decides_fec else None

    def detach() -> None:
        track.stop()
        if watch is not None:
            watch.cancel()

    return detach


def attach_microphone_track(pc: RTCPeerConnection, microphone: Microphone) -> Detach:
    """Read this peer's (first) audio track into `microphone`. Call it after setRemoteDescription.

    Raises LookupError when `pc` has no audio receiver.
    """
    for transceiver in pc.getTransceivers():
        if transceiver.kind == "audio":
            ear = asyncio.create_task(_listen(transceiver.receiver.track, microphone))

            def detach(ear: asyncio.Task[None] = ear) -> None:
                ear.cancel()

            return detach
    raise LookupError("no audio receiver: call this after setRemoteDescription")


async def _listen(track: MediaStreamTrack, microphone: Microphone) -> None:
    """Until the track ends. Unread it would grow without bound, so this waits for nothing else."""
    loop = asyncio.get_running_loop()
    resampler = _AnyResampler()
    coder = _Coder()
    try:
        while True:
            frame = await track.recv()
            assert isinstance(frame, av.AudioFrame)
            for piece in resampler.resample(frame):
                pcm = bytes(piece.planes[0])[: piece.samples * BYTES_PER_SAMPLE]
                microphone.hear(pcm, loop.time())
                if microphone.on_packet is not None and not microphone.muted:
                    coder.push(pcm, microphone.position - piece.samples, microphone.on_packet)
    except MediaStreamError:
        pass


class _AnyResampler:
    """To 24 kHz mono, also of a stream that changes its form on the way (another codec)."""

    def __init__(self) -> None:
        self._form: tuple[str, str, int] | None = None

    def resample(self, frame: av.AudioFrame) -> list[av.AudioFrame]:
        form = frame.format.name, frame.layout.name, frame.sample_rate
        if form != self._form:  # PyAV's resampler refuses a frame unlike its first one
            self._form = form
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
        return self._resampler.resample(frame)


class _Coder:
    """A track shows no packets, so that who takes the microphone's gets them coded anew."""

    def __init__(self) -> None:
        self._encoder = Encoder()
        self._rest = b""
        self._end = 0

    def push(self, pcm: bytes, position: int, on_packet: OnPacket) -> None:
        """`position` is that of the first sample on the session clock."""
        if abs(position - self._end) >= FRAME_SAMPLES:
            self._rest = b""  # a pause
        self._rest += pcm
        self._end = position + len(pcm) // BYTES_PER_SAMPLE
        while len(self._rest) >= _FRAME_BYTES:
            frame, waiting = self._rest[:_FRAME_BYTES], len(self._rest) // BYTES_PER_SAMPLE
            self._rest = self._rest[_FRAME_BYTES:]
            on_packet(self._encoder.encode(frame), self._end - waiting)


async def _watch_losses(sender: RTCRtpSender, track: MediaStreamTrack, voice: Voice) -> None:
    loop = asyncio.get_running_loop()
    losses = Losses(voice.expects_loss, loop.time())
    while track.readyState == "live":
        await asyncio.sleep(LOOK_EVERY_S)
        for stats in (await sender.getStats()).values():
            if isinstance(stats, RTCRemoteInboundRtpStreamStats):
                sent = stats.packetsReceived + stats.packetsLost
                voice.expect_loss(losses.report(sent, stats.packetsLost, loop.time()))


class VoiceTrack(MediaStreamTrack):
    """The session's voice as a track for one peer: `recv` returns ready Opus packets (av.Packet).

    This is the public way through aiortc: the sender only packetises. It sets its own RTP origin and the
    marker on every packet; `aiortc_seams.attach_voice` puts ours on the wire instead.
    """

    kind = "audio"

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._source = voice
        self._packets: deque[OutboundPacket] = deque(maxlen=_PACKETS_MAX)
        self._arrived = asyncio.Event()
        self._unsubscribe: Callable[[], None] | None = None

    async def recv(self) -> av.Packet[av.stream.Stream]:
        """The next packet when it is due. Raises MediaStreamError once the track is stopped."""
        if self._unsubscribe is None and self.readyState == "live":
            self._unsubscribe = self._source.subscribe(self._take)
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        return self._as_av(self._packets.popleft())

    def stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._packets.clear()
        self._arrived.set()
        super().stop()

    def _take(self, packet: OutboundPacket) -> None:
        self._packets.append(packet)
        self._arrived.set()

    @staticmethod
    def _as_av(packet: OutboundPacket) -> av.Packet[av.stream.Stream]:
        made = av.Packet(packet.payload)
        made.pts = packet.position * RTP_TICKS_PER_SAMPLE
        made.time_base = Fraction(1, RTP_RATE_HZ)
        return made
