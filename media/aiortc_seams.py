"""Where we reach into aiortc 1.16 and aioice 0.13: the only file that touches their privates.

aiortc keeps ICE, DTLS and SDP; RTP and RTCP are ours. Its sender's and receiver's loops are replaced per
instance, packets leave by the nominated pair's own socket, and the microphone's packets are taken at the
datagram. Use, in this order, for each RTCPeerConnection::

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
import logging
import random
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar, cast

import pylibsrtp
from aioice.ice import CandidatePair, StunProtocol
from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender
from aiortc import clock as aiortc_clock
from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import (
    AnyRtcpPacket,
    HeaderExtensions,
    HeaderExtensionsMap,
    RtcpRrPacket,
    RtcpSrPacket,
    RtpPacket,
)

from media import reports, rtp
from media.fanout import OutboundPacket
from media.losses import Losses
from media.microphone import Microphone
from media.outbound import Outbound
from media.reception import Reception
from media.tracks import OutboundTrack

logger = logging.getLogger(__name__)

Detach = Callable[[], None]
T = TypeVar("T")

DATAGRAM_BYTES = 2048
"""More than any packet of a browser; asyncio would take 256 KiB of memory to receive each one."""
BACKLOG_BYTES = 8 * 1024
"""A socket that could not send so much already (about 60 packets) gets no more until it has."""

_SENDER_FIELDS = (
    "rtp_started",
    "rtp_exited",
    "rtcp_started",
    "rtcp_exited",
    "cname",
    "mid",
    "rtp_header_extensions_map",
)
_SENDER_METHODS = ("_run_rtp", "_run_rtcp", "_handle_rtcp_packet", "_ssrc")
_RECEIVER_FIELDS = ("codecs", "decoder_thread", "rtcp_ssrc", "rtcp_started", "rtcp_exited")
_RECEIVER_METHODS = (
    "_run_rtcp",
    "_handle_rtp_packet",
    "_handle_rtcp_packet",
    "_RTCRtpReceiver__stop_decoder",
)
_DTLS_FIELDS = ("_tx_srtp", "_rx_srtp", "_rtp_router", "_state")
_ICE_FIELDS = ("_nominated", "_protocols")


class SeamMovedError(RuntimeError):
    """This aiortc is not the one that these seams were made for; the message names what is missing."""


def attach_outbound(pc: RTCPeerConnection, outbound: Outbound, decides_fec: bool = True) -> Detach:
    """Let this peer hear the session, from the next packet after its connection stands.

    Adds a track to `pc` (call it after setRemoteDescription and before createAnswer, or before createOffer)
    and sends the session's packets with their own RTP timestamp and marker. Sequence numbers are the
    session's too, but for their top bit. Sender Reports pair the session clock with NTP time.
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


def attach_microphone(pc: RTCPeerConnection, microphone: Microphone) -> Detach:
    """Give the packets of this peer's (first) audio receiver to `microphone`, as they arrive.

    Call it after setRemoteDescription (or addTransceiver) and before setLocalDescription. The remote
    track never yields a frame then, and need not be read. Reception reports are ours.

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


class _Wire:
    """The protected way of one connection: datagrams out by the nominated pair, SRTP in and out."""

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        _demand_transport(dtls)
        self.connection = dtls.transport._connection
        self._dtls = dtls
        self._nominated: dict[int, CandidatePair] = self.connection._nominated
        self.dropped = 0
        """Packets that a peer too slow, or without a connection, was spared."""

    def send(self, packet: bytes) -> bool:
        """Protect an RTP packet and send it, now or never. Returns whether it left."""
        return self._up() and self._put(self._dtls._tx_srtp.protect(packet))

    def send_rtcp(self, compound: bytes) -> bool:
        """The same for a compound RTCP packet."""
        return self._up() and self._put(self._dtls._tx_srtp.protect_rtcp(compound))

    def unprotect(self, datagram: bytes) -> bytes | None:
        """The RTP packet inside, None when it was not meant for us, forged, or a repetition."""
        try:
            return self._dtls._rx_srtp.unprotect(datagram)
        except pylibsrtp.Error:
            return None

    def _up(self) -> bool:
        if self._dtls._state is State.CONNECTED and 1 in self._nominated:
            return True
        self.dropped += 1
        return False

    def _put(self, datagram: bytes) -> bool:
        pair = self._nominated[1]
        transport = pair.protocol.transport
        # A relay's transport (TURN) has no such figure; it queues nothing itself.
        backlog = getattr(transport, "get_write_buffer_size", None)
        if backlog is not None and backlog() > BACKLOG_BYTES:
            self.dropped += 1
            return False
        transport.sendto(datagram, pair.remote_addr)
        return True


class _Voice:
    """One sender, driven by Outbound instead of by its track."""

    def __init__(self, sender: RTCRtpSender, outbound: Outbound, decides_fec: bool) -> None:
        _demand(sender, _SENDER_FIELDS, _SENDER_METHODS)
        _demand_transport(sender.transport)
        self._sender = sender
        self._ssrc: int = sender._ssrc
        self._outbound = outbound
        self._losses = Losses() if decides_fec else None
        self._payload_type = 0
        self._turn_down: int | None = None
        self._extensions: dict[int, bytes] = {}
        self._packets = self._octets = 0
        self._unsubscribe: Detach | None = None
        self._detached = False
        self._loop = asyncio.get_running_loop()
        self._ntp_offset = aiortc_clock.current_ntp_time() - reports.ntp(self._loop.time())
        vars(sender)["_run_rtp"] = self._run
        vars(sender)["_run_rtcp"] = self._report
        vars(sender)["_handle_rtcp_packet"] = self._hear_report

    @cached_property
    def _wire(self) -> _Wire:
        """First asked for when the connection stands: until then bundling may change the transport."""
        return _Wire(self._sender.transport)

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
        if self._turn_down is None:
            # Starting in the upper half, a lost packet near the wrap would leave the receiver's roll-over
            # counter wrong for good (RFC 3711 section 3.3.1).
            self._turn_down = packet.sequence_number & 0x8000
        level = packet.level_dbov
        extension = self._extensions.get(level)
        if extension is None:
            extension = self._extensions[level] = self._extension(level)
        header = rtp.header(
            self._payload_type,
            packet.marker,
            packet.sequence_number ^ self._turn_down,
            packet.timestamp,
            self._ssrc,
            extension,
        )
        if self._wire.send(header + packet.payload):
            self._packets += 1
            self._octets += len(packet.payload)

    def _extension(self, level_dbov: int) -> bytes:
        """The negotiated ones of: mid (RFC 9143 section 15), audio level (RFC 6464)."""
        known = _get(self._sender, "rtp_header_extensions_map", HeaderExtensionsMap)
        values = HeaderExtensions(
            mid=_get(self._sender, "mid", str), audio_level=(level_dbov > -127, -level_dbov)
        )
        return rtp.extension_block(*known.set(values))

    async def _report(self) -> None:
        """Stands in for RTCRtpSender._run_rtcp: a Sender Report about every second, a BYE at the end."""
        _get(self._sender, "rtcp_started", asyncio.Event).set()
        try:
            while True:
                await asyncio.sleep(reports.INTERVAL_S * (0.5 + random.random()))
                self._wire.send_rtcp(self._sender_report())
        except asyncio.CancelledError:
            pass
        self._wire.send_rtcp(self._sender_report() + reports.bye(self._ssrc))
        _get(self._sender, "rtcp_exited", asyncio.Event).set()

    def _sender_report(self) -> bytes:
        """It pairs the session clock and NTP time of this very moment (RFC 3550 section 6.4.1)."""
        now = self._loop.time()
        return reports.sender_report(
            self._ssrc,
            _get(self._sender, "cname", str),
            ntp_timestamp=self._ntp_offset + reports.ntp(now),
            rtp_timestamp=self._outbound.clock.rtp_timestamp_at(now),
            packets=self._packets,
            octets=self._octets,
        )

    async def _hear_report(self, packet: AnyRtcpPacket) -> None:
        if self._losses is None or self._detached or not isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            return
        for block in packet.reports:
            if block.ssrc == self._ssrc:
                now = self._loop.time()
                lossy = self._losses.report(block.highest_sequence, block.packets_lost, now)
                self._outbound.expect_loss(lossy)


class _Ear:
    """One receiver, whose packets go to a Microphone instead of a jitter buffer and a decoder thread."""

    def __init__(self, receiver: RTCRtpReceiver, microphone: Microphone) -> None:
        _demand(receiver, _RECEIVER_FIELDS, _RECEIVER_METHODS)
        _demand_transport(receiver.transport)
        self._receiver = receiver
        self._microphone: Microphone | None = microphone
        self._payload_types: set[int] = set()
        self._sources: dict[int, Reception] = {}
        self._loop = asyncio.get_running_loop()
        vars(receiver)["_run_rtcp"] = self._run
        vars(receiver)["_handle_rtp_packet"] = self._take_parsed
        vars(receiver)["_handle_rtcp_packet"] = self._hear_report

    @cached_property
    def _wire(self) -> _Wire:
        return _Wire(self._receiver.transport)

    def detach(self) -> None:
        self._microphone = None

    async def _run(self) -> None:
        """Stands in for RTCRtpReceiver._run_rtcp: from here on packets are taken; a report a second."""
        _get(self._receiver, "rtcp_started", asyncio.Event).set()
        self._stop_decoder()
        codecs = _get(self._receiver, "codecs", dict[int, RTCRtpCodecParameters])
        self._payload_types = {number for number, codec in codecs.items() if "opus" in codec.mimeType.lower()}
        protocols = [self._tap(protocol) for protocol in self._wire.connection._protocols]
        try:
            while True:
                await asyncio.sleep(reports.INTERVAL_S * (0.5 + random.random()))
                self._send_report()
        except asyncio.CancelledError:
            pass
        for protocol in protocols:
            vars(protocol).pop("datagram_received", None)
        _get(self._receiver, "rtcp_exited", asyncio.Event).set()

    def _tap(self, protocol: StunProtocol) -> StunProtocol:
        """Take what is RTP at the datagram; STUN, DTLS and RTCP go their way as before."""
        others = protocol.datagram_received
        is_rtp, unprotect, take, loop = rtp.is_rtp, self._wire.unprotect, self._take, self._loop

        def datagram_received(data: bytes, addr: tuple[str, int]) -> None:
            if not is_rtp(data):
                others(data, addr)
            elif (packet := unprotect(data)) is not None:
                take(packet, loop.time())

        vars(protocol)["datagram_received"] = datagram_received
        vars(protocol.transport)["max_size"] = DATAGRAM_BYTES
        return protocol

    def _take(self, data: bytes, now: float) -> None:
        try:
            payload_type, sequence_number, timestamp, ssrc, payload = rtp.parse(data)
        except ValueError:
            return
        if payload_type not in self._payload_types:
            return
        source = self._sources.get(ssrc)
        if source is None:
            source = self._sources[ssrc] = self._new_source(ssrc)
        source.add(sequence_number, timestamp, now)
        if self._microphone is not None:
            self._microphone.receive(payload, sequence_number, timestamp, ssrc, now)

    def _new_source(self, ssrc: int) -> Reception:
        if len(self._sources) >= reports.BLOCKS_MAX:
            self._sources.pop(next(iter(self._sources)))
        # aiortc's router passes a Sender Report on by this table alone.
        self._receiver.transport._rtp_router.ssrc_table[ssrc] = self._receiver
        return Reception(ssrc)

    async def _take_parsed(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """Stands in for RTCRtpReceiver._handle_rtp_packet: what came before the sockets were tapped."""
        del arrival_time_ms
        self._take(packet.serialize(HeaderExtensionsMap()), self._loop.time())

    async def _hear_report(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket) and packet.ssrc in self._sources:
            self._sources[packet.ssrc].sender_report(packet.sender_info.ntp_timestamp, self._loop.time())

    def _send_report(self) -> None:
        ssrc = _get(self._receiver, "rtcp_ssrc", int | None)  # type: ignore[arg-type]
        if ssrc is not None and self._sources:
            now = self._loop.time()
            blocks = [source.report(now) for source in self._sources.values()]
            self._wire.send_rtcp(reports.receiver_report(ssrc, blocks))

    def _stop_decoder(self) -> None:
        """Its thread has nothing to do; it is idle, so that joining it takes no time."""
        if _get(self._receiver, "decoder_thread", object) is not None:
            cast(Callable[[], None], self._receiver._RTCRtpReceiver__stop_decoder)()  # type: ignore[attr-defined]


def _get(owner: RTCRtpSender | RTCRtpReceiver, field: str, kind: type[T]) -> T:
    """A private attribute, by its mangled name."""
    del kind  # for the type checker alone
    return cast(T, vars(owner)[f"_{type(owner).__name__}__{field}"])


def _demand(owner: RTCRtpSender | RTCRtpReceiver, fields: tuple[str, ...], methods: tuple[str, ...]) -> None:
    kind = type(owner).__name__
    missing = [field for field in fields if f"_{kind}__{field}" not in vars(owner)]
    missing += [method for method in methods if not hasattr(owner, method)]
    if missing:
        raise SeamMovedError(f"{kind} has no {', '.join(missing)}")


def _demand_transport(dtls: RTCDtlsTransport) -> None:
    missing = [name for name in _DTLS_FIELDS if name not in vars(dtls)]
    missing += [name for name in _ICE_FIELDS if name not in vars(dtls.transport._connection)]
    if missing:
        raise SeamMovedError(f"the transport has no {', '.join(missing)}")
