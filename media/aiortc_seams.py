"""Where we reach into aiortc 1.16: the only file that touches its privates.

aiortc keeps ICE, DTLS, SRTP, SDP and RTCP's timing. The sender's RTP loop and the receiver's way from
packet to frame are replaced per instance. Use, in this order, for each RTCPeerConnection::

    await pc.setRemoteDescription(offer)
    detach_voice = attach_outbound(pc, outbound)          # adds the track; before createAnswer
    detach_ear = attach_microphone(pc, microphone)        # a peer that only listens has none
    announce_fec(pc)
    await pc.setLocalDescription(await pc.createAnswer())

`pc.close()` ends everything that was attached. `detach_*()` ends it earlier (a peer that was replaced
must be deaf and mute at once, before its close is through); calling it twice is harmless.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine
from typing import TypeVar, cast

from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender
from aiortc import clock as aiortc_clock
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import (
    AnyRtcpPacket,
    HeaderExtensionsMap,
    RtcpRrPacket,
    RtcpSrPacket,
    RtpPacket,
)

from media.fanout import OutboundPacket
from media.microphone import Microphone
from media.outbound import Outbound, OutboundTrack

logger = logging.getLogger(__name__)

Detach = Callable[[], None]
T = TypeVar("T")

_SENDER_FIELDS = (
    "rtp_started",
    "rtp_exited",
    "rtp_header_extensions_map",
    "ntp_timestamp",
    "rtp_timestamp",
    "octet_count",
    "packet_count",
    "lsr",
    "mid",
)
_SENDER_METHODS = ("_run_rtp", "_run_rtcp", "_send_rtcp", "_handle_rtcp_packet")
_RECEIVER_FIELDS = ("codecs", "remote_streams", "active_ssrc", "decoder_thread")
_RECEIVER_METHODS = ("_handle_rtp_packet", "_RTCRtpReceiver__stop_decoder")


class SeamMovedError(RuntimeError):
    """This aiortc is not the one that these seams were made for; the message names what is missing."""


def attach_outbound(pc: RTCPeerConnection, outbound: Outbound, decides_fec: bool = True) -> Detach:
    """Let this peer hear the session, from the next packet after its connection stands.

    Adds an OutboundTrack to `pc` (call it after setRemoteDescription and before createAnswer, or before
    createOffer) and sends the session's packets with their own RTP timestamp and marker. Sequence numbers
    are the session's too, but for their top bit. Sender Reports pair the session clock with NTP time.
    `decides_fec`: this peer's loss reports switch FEC, which one peer per session (the human) should do.

    Raises SeamMovedError before anything is changed.
    """
    track = OutboundTrack(outbound)
    sender = pc.addTrack(track)
    try:
        voice = _Voice(sender, outbound, decides_fec)
    except SeamMovedError:
        track.stop()
        raise
    return voice.detach


def attach_outbound_track(pc: RTCPeerConnection, outbound: Outbound) -> Detach:
    """The public way, for an aiortc whose privates moved: sound without our RTP timestamps."""
    track = OutboundTrack(outbound)
    pc.addTrack(track)
    return track.stop


def attach_microphone(pc: RTCPeerConnection, microphone: Microphone) -> Detach:
    """Give the packets of this peer's (first) audio receiver to `microphone`, as they arrive.

    Call it after setRemoteDescription (or addTransceiver) and before setLocalDescription. The remote
    track never yields a frame then, and need not be read. Reception reports go on.

    Raises SeamMovedError before anything is changed, LookupError when `pc` has no audio receiver.
    """
    for transceiver in pc.getTransceivers():
        if transceiver.kind == "audio":
            return _Ear(transceiver.receiver, microphone).detach
    raise LookupError("no audio receiver: call this after setRemoteDescription")


def announce_fec(pc: RTCPeerConnection) -> None:
    """Say in our SDP that we decode in-band FEC (RFC 7587 section 6.1), so that the browser sends it.

    Call it between setRemoteDescription and createAnswer.
    """
    for transceiver in pc.getTransceivers():
        for codec in transceiver._codecs:
            if codec.mimeType.lower() == "audio/opus":
                codec.parameters.update({"minptime": 10, "useinbandfec": 1})


def _get(owner: RTCRtpSender | RTCRtpReceiver, field: str, kind: type[T]) -> T:
    """A private attribute, by its mangled name."""
    del kind  # for the type checker alone
    return cast(T, vars(owner)[f"_{type(owner).__name__}__{field}"])


def _set(owner: RTCRtpSender | RTCRtpReceiver, field: str, value: object) -> None:
    vars(owner)[f"_{type(owner).__name__}__{field}"] = value


def _demand(owner: RTCRtpSender | RTCRtpReceiver, fields: tuple[str, ...], methods: tuple[str, ...]) -> None:
    kind = type(owner).__name__
    missing = [field for field in fields if f"_{kind}__{field}" not in vars(owner)]
    missing += [method for method in methods if not hasattr(owner, method)]
    if missing:
        raise SeamMovedError(f"{kind} has no {', '.join(missing)}")


def _send_now(transport: RTCDtlsTransport, data: bytes) -> bool:
    """Protect and send without a task: aiortc's coroutine runs through, as UDP sending never waits.

    Returns whether the packet left; it does not while the connection is down.
    """
    sending: Coroutine[object, None, None] = transport._send_rtp(data)
    try:
        sending.send(None)
    except StopIteration:
        return True
    except ConnectionError:
        return False
    finally:
        sending.close()
    raise SeamMovedError("RTCDtlsTransport._send_rtp waits for something")


class _Voice:
    """One sender, driven by Outbound instead of by its track."""

    def __init__(self, sender: RTCRtpSender, outbound: Outbound, decides_fec: bool) -> None:
        _demand(sender, _SENDER_FIELDS, _SENDER_METHODS)
        if not inspect.iscoroutinefunction(RTCDtlsTransport._send_rtp):
            raise SeamMovedError("RTCDtlsTransport has no coroutine _send_rtp")
        self._sender = sender
        self._outbound = outbound
        self._decides_fec = decides_fec
        self._payload_type = 0
        self._turn_down: int | None = None
        self._unsubscribe: Detach | None = None
        self._detached = False
        self._loop = asyncio.get_running_loop()
        self._ntp_offset = aiortc_clock.current_ntp_time() - self._ntp(self._loop.time())
        self._handle_rtcp = sender._handle_rtcp_packet
        self._send_rtcp = sender._send_rtcp
        vars(sender)["_run_rtp"] = self._run
        vars(sender)["_send_rtcp"] = self._refresh_and_send_rtcp
        vars(sender)["_handle_rtcp_packet"] = self._hear_report

    def detach(self) -> None:
        self._detached = True
        if self._unsubscribe is not None:
            self._unsubscribe()

    async def _run(self, codec: RTCRtpCodecParameters) -> None:
        """Stands in for RTCRtpSender._run_rtp: aiortc starts it when DTLS is up and cancels it at the end."""
        sender = self._sender
        assert codec.payloadType is not None  # negotiated by now
        _get(sender, "rtp_started", asyncio.Event).set()
        self._payload_type = codec.payloadType
        try:
            if codec.mimeType.lower() != "audio/opus":
                logger.warning("the peer does not take Opus and will hear nothing")
            elif not self._detached:
                self._unsubscribe = self._outbound.subscribe(self._send)
            await self._loop.create_future()
        except asyncio.CancelledError:
            pass  # as in aiortc: RTCRtpSender.stop cancels and then waits for `rtp_exited`
        finally:
            self.detach()
            if sender.track is not None:
                sender.track.stop()
            _get(sender, "rtp_exited", asyncio.Event).set()

    def _send(self, packet: OutboundPacket) -> None:
        sender = self._sender
        if self._turn_down is None:
            # Starting in the upper half, a lost packet near the wrap would leave the receiver's roll-over
            # counter wrong for good (RFC 3711 section 3.3.1).
            self._turn_down = packet.sequence_number & 0x8000
        rtp = RtpPacket(
            payload_type=self._payload_type,
            marker=int(packet.marker),
            sequence_number=packet.sequence_number ^ self._turn_down,
            timestamp=packet.timestamp,
            ssrc=sender._ssrc,
            payload=packet.payload,
        )
        rtp.extensions.mid = _get(sender, "mid", str)
        rtp.extensions.audio_level = (packet.level_dbov > -127, -packet.level_dbov)
        data = rtp.serialize(_get(sender, "rtp_header_extensions_map", HeaderExtensionsMap))
        if _send_now(sender.transport, data):
            _set(sender, "packet_count", _get(sender, "packet_count", int) + 1)
            _set(sender, "octet_count", _get(sender, "octet_count", int) + len(packet.payload))

    async def _refresh_and_send_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        """Put the session clock and NTP time of this very moment into the Sender Report."""
        now = self._loop.time()
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                ntp = self._ntp_offset + self._ntp(now)
                packet.sender_info.ntp_timestamp = ntp
                packet.sender_info.rtp_timestamp = self._outbound.clock.rtp_timestamp_at(now)
                _set(self._sender, "ntp_timestamp", ntp)
                _set(self._sender, "rtp_timestamp", packet.sender_info.rtp_timestamp)
                _set(self._sender, "lsr", (ntp >> 16) & 0xFFFFFFFF)  # the round trip is measured by it
        await self._send_rtcp(packets)

    async def _hear_report(self, packet: AnyRtcpPacket) -> None:
        if self._decides_fec and isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._sender._ssrc:
                    self._outbound.report_loss(report.fraction_lost / 256)
        await self._handle_rtcp(packet)

    @staticmethod
    def _ntp(seconds: float) -> int:
        return int(seconds * (1 << 32))


class _Ear:
    """One receiver, whose packets go to a Microphone instead of a jitter buffer and a decoder thread."""

    def __init__(self, receiver: RTCRtpReceiver, microphone: Microphone) -> None:
        _demand(receiver, _RECEIVER_FIELDS, _RECEIVER_METHODS)
        self._receiver = receiver
        self._microphone: Microphone | None = microphone
        self._loop = asyncio.get_running_loop()
        vars(receiver)["_handle_rtp_packet"] = self._take

    def detach(self) -> None:
        self._microphone = None

    async def _take(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """Stands in for RTCRtpReceiver._handle_rtp_packet; keeps its books for the reception reports."""
        receiver = self._receiver
        if not receiver._enabled:
            return
        codec = _get(receiver, "codecs", dict[int, RTCRtpCodecParameters]).get(packet.payload_type)
        if codec is None or codec.mimeType.lower() != "audio/opus":
            return
        self._stop_decoder()
        _get(receiver, "active_ssrc", dict[int, object])[packet.ssrc] = aiortc_clock.current_datetime()
        streams = _get(receiver, "remote_streams", dict[int, StreamStatistics])
        if packet.ssrc not in streams:
            streams[packet.ssrc] = StreamStatistics(codec.clockRate)
        streams[packet.ssrc].add(packet)
        if self._microphone is not None:
            self._microphone.receive(
                packet.payload, packet.sequence_number, packet.timestamp, packet.ssrc, self._loop.time()
            )

    def _stop_decoder(self) -> None:
        """Its thread has nothing to do; it is idle, so that joining it takes no time."""
        if _get(self._receiver, "decoder_thread", object) is not None:
            cast(Callable[[], None], self._receiver._RTCRtpReceiver__stop_decoder)()  # type: ignore[attr-defined]
