"""Where we reach into aiortc 1.16 and aioice 0.13: the only file that touches their privates.

aiortc keeps ICE, DTLS and SDP; RTP and RTCP are ours. Its sender's and receiver's loops are replaced per
instance, packets leave by the nominated pair's own socket, and the microphone's packets are taken at the
datagram. Use, in this order, for each RTCPeerConnection::

    await pc.setRemoteDescription(offer)
    check(pc)                                             # raises SeamMovedError; nothing is changed yet
    keep_opus(pc)
    detach_voice = attach_voice(pc, session.outbound)  # adds the track; before createAnswer
    detach_ear = attach_microphone(pc, microphone)        # a peer that only listens has none
    announce_fec(pc)
    await pc.setLocalDescription(await pc.createAnswer())
    guard(pc)                                             # whatever is attached, and where nothing is

`pc.close()` ends everything that was attached. `detach_*()` ends it earlier (a peer that was replaced
must be deaf and mute at once, before its close is through); calling it twice is harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable
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
from media.fanout import Voice
from media.losses import Losses
from media.microphone import Microphone
from media.receiving import Receiving
from media.sending import Sending
from media.tracks import VoiceTrack

logger = logging.getLogger(__name__)

Detach = Callable[[], None]
T = TypeVar("T")

DATAGRAM_BYTES = 1500
"""What SRTP's buffer and DTLS take; a longer datagram, or an empty one, would end aiortc's reading."""
_RECEIVE_BYTES = 2048
"""For which asyncio would otherwise take 256 KiB of memory each time."""
BACKLOG_BYTES = 8 * 1024
"""A socket that could not send so much already (about 60 packets) gets no more until it has."""
_GUARDED = "_guarded"
_NAMELESS = "ear"
"""The CNAME of an end that only receives: aiortc names its senders alone."""

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
_TRANSCEIVER_FIELDS = ("_codecs",)
_DTLS_FIELDS = ("_tx_srtp", "_rx_srtp", "_rtp_router", "_state")
_ICE_FIELDS = ("_nominated", "_protocols")


class SeamMovedError(RuntimeError):
    """This aiortc is not the one that these seams were made for; the message names what is missing."""


def attach_voice(pc: RTCPeerConnection, voice: Voice, decides_fec: bool = True) -> Detach:
    """Let this peer hear the session, from the next packet after its connection stands.

    Adds a track to `pc` (call it after setRemoteDescription and before createAnswer, or before createOffer)
    and sends the session's packets with their own RTP timestamp and marker. Sequence numbers are the
    session's too, but for their top bit. Sender Reports pair the session clock with NTP time.
    `decides_fec`: this peer's loss reports switch FEC, which one peer per session (the human) should do.

    Raises SeamMovedError, with the track added and nothing else changed.
    """
    track = VoiceTrack(voice)
    sender = pc.addTrack(track)
    try:
        mouth = _Mouth(sender, voice, decides_fec)
    except SeamMovedError:
        track.stop()
        raise
    return mouth.detach


def attach_microphone(pc: RTCPeerConnection, microphone: Microphone) -> Detach:
    """Give the packets of this peer's (first) audio receiver to `microphone`, as they arrive.

    Call it after setRemoteDescription (or addTransceiver) and before setLocalDescription. The remote
    track never yields a frame then, and need not be read. Reception reports are ours.

    Raises SeamMovedError before anything is changed, LookupError when `pc` has no audio receiver.
    """
    for transceiver in pc.getTransceivers():
        if transceiver.kind == "audio":
            return _Ear(transceiver.receiver, microphone, transceiver.sender).detach
    raise LookupError("no audio receiver: call this after setRemoteDescription")


def check(pc: RTCPeerConnection) -> None:
    """Raise SeamMovedError unless all that is reached into is where it was; nothing is changed."""
    for transceiver in pc.getTransceivers():
        if missing := [name for name in _TRANSCEIVER_FIELDS if name not in vars(transceiver)]:
            raise SeamMovedError(f"the transceiver has no {', '.join(missing)}")
        _demand(transceiver.sender, _SENDER_FIELDS, _SENDER_METHODS)
        _demand(transceiver.receiver, _RECEIVER_FIELDS, _RECEIVER_METHODS)
        _demand_transport(transceiver.receiver.transport)


def keep_opus(pc: RTCPeerConnection) -> None:
    """Answer with Opus alone: aiortc sends whatever codec the offer names first.

    Call it between setRemoteDescription and createAnswer.
    """
    for transceiver in pc.getTransceivers():
        transceiver._codecs = [codec for codec in transceiver._codecs if codec.name.lower() == "opus"]


def announce_fec(pc: RTCPeerConnection) -> None:
    """Say in our SDP that we decode in-band FEC (RFC 7587 section 6.1), so that the browser sends it.

    Call it between setRemoteDescription and createAnswer.
    """
    for transceiver in pc.getTransceivers():
        for codec in transceiver._codecs:
            if codec.mimeType.lower() == "audio/opus":
                codec.parameters.update({"minptime": 10, "useinbandfec": 1})


def guard(pc: RTCPeerConnection) -> None:
    """Let no datagram in that anybody could end the connection with, before it is authenticated.

    Call it after setLocalDescription, when the sockets are there. Where aiortc has other insides, nothing is
    guarded.
    """
    transports = [transceiver.receiver.transport for transceiver in pc.getTransceivers()]
    if pc.sctp is not None:
        transports.append(pc.sctp.transport)
    for dtls in transports:
        for protocol in getattr(getattr(dtls.transport, "_connection", None), "_protocols", ()):
            if not hasattr(protocol.datagram_received, _GUARDED):
                vars(protocol)["datagram_received"] = _guarded(protocol.datagram_received)


class _Wire:
    """The protected way of one connection: datagrams out by the nominated pair, SRTP in and out."""

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self.protocols: list[StunProtocol] = dtls.transport._connection._protocols
        self.dropped = 0
        """Packets that a peer too slow, or without a connection, was spared."""
        self._dtls = dtls
        self._nominated: dict[int, CandidatePair] = dtls.transport._connection._nominated
        self._pair: CandidatePair | None = None

    def send(self, packet: bytes) -> bool:
        return self._put(packet, self._dtls._tx_srtp.protect)

    def send_rtcp(self, compound: bytes) -> bool:
        return self._put(compound, self._dtls._tx_srtp.protect_rtcp)

    def unprotect(self, datagram: bytes) -> bytes | None:
        """The RTP packet inside, None when it was not meant for us, forged, or a repetition."""
        try:
            return self._dtls._rx_srtp.unprotect(datagram)
        except (pylibsrtp.Error, ValueError):
            return None

    def _put(self, packet: bytes, protect: Callable[[bytes], bytes]) -> bool:
        pair = self._nominated.get(1)
        if pair is None or self._dtls._state is not State.CONNECTED:
            self.dropped += 1
            return False
        if pair is not self._pair:
            self._use(pair)
        if self._backlog() > BACKLOG_BYTES:
            self.dropped += 1
            return False
        try:
            self._sendto(protect(packet), self._address)
        except (pylibsrtp.Error, ValueError):  # a human's packet may be too long for SRTP
            self.dropped += 1
            return False
        return True

    def _use(self, pair: CandidatePair) -> None:
        transport = pair.protocol.transport
        self._pair, self._address, self._sendto = pair, pair.remote_addr, transport.sendto
        # A relay's transport (TURN) has no such figure; it queues nothing itself.
        self._backlog: Callable[[], int] = getattr(transport, "get_write_buffer_size", int)


class _Mouth:
    """One sender, driven by Outbound instead of by its track."""

    def __init__(self, sender: RTCRtpSender, voice: Voice, decides_fec: bool) -> None:
        _demand(sender, _SENDER_FIELDS, _SENDER_METHODS)
        _demand_transport(sender.transport)
        self._sender = sender
        self._source = voice
        self._unsubscribe: Detach | None = None
        self._detached = False
        self._loop = asyncio.get_running_loop()
        self._losses = Losses(voice.expects_loss, self._loop.time()) if decides_fec else None
        vars(sender)["_run_rtp"] = self._run
        vars(sender)["_run_rtcp"] = self._report
        vars(sender)["_handle_rtcp_packet"] = self._hear_report

    def detach(self) -> None:
        self._detached = True
        if self._unsubscribe is not None:
            self._unsubscribe()

    @cached_property
    def _sending(self) -> Sending:
        """First asked for when the connection stands: until then bundling may change the transport."""
        codec = self._codec
        assert codec.payloadType is not None  # negotiated by now
        return Sending(
            _Wire(self._sender.transport),
            self._source.clock,
            ssrc=self._sender._ssrc,
            payload_type=codec.payloadType,
            cname=_get(self._sender, "cname", str),
            extension=self._extension,
            ntp_offset=aiortc_clock.current_ntp_time() - reports.ntp(self._loop.time()),
        )

    async def _run(self, codec: RTCRtpCodecParameters) -> None:
        """Stands in for RTCRtpSender._run_rtp: aiortc starts it when DTLS is up and cancels it at the end."""
        self._codec = codec
        _get(self._sender, "rtp_started", asyncio.Event).set()
        try:
            if codec.mimeType.lower() != "audio/opus":
                logger.warning("the peer does not take Opus and will hear nothing")
            elif not self._detached:
                self._unsubscribe = self._source.subscribe(self._sending.send)
            await self._loop.create_future()
        except asyncio.CancelledError:
            pass  # as in aiortc: RTCRtpSender.stop cancels and then waits for `rtp_exited`
        finally:
            self.detach()
            if self._sender.track is not None:
                self._sender.track.stop()
            _get(self._sender, "rtp_exited", asyncio.Event).set()

    def _extension(self, level_dbov: int) -> bytes:
        """The negotiated ones of: mid (RFC 9143 section 15), audio level (RFC 6464)."""
        known = _get(self._sender, "rtp_header_extensions_map", HeaderExtensionsMap)
        level = (level_dbov > -127, -level_dbov)
        values = HeaderExtensions(mid=_get(self._sender, "mid", str), audio_level=level)
        return rtp.extension_block(*known.set(values))

    async def _report(self) -> None:
        """Stands in for RTCRtpSender._run_rtcp: a Sender Report about every second, a BYE at the end."""
        _get(self._sender, "rtcp_started", asyncio.Event).set()
        try:
            async for _ in _rtcp_times():
                _attempt(self._sending.report, self._loop.time())
            _attempt(self._sending.leave, self._loop.time())
        finally:  # RTCRtpSender.stop waits for it
            _get(self._sender, "rtcp_exited", asyncio.Event).set()

    async def _hear_report(self, packet: AnyRtcpPacket) -> None:
        if self._losses is None or self._detached or not isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            return
        for block in packet.reports:
            if block.ssrc == self._sender._ssrc:
                now = self._loop.time()
                lossy = self._losses.report(block.highest_sequence, block.packets_lost, now)
                self._source.expect_loss(lossy)


class _Ear:
    """One receiver, whose packets go to a Microphone instead of a jitter buffer and a decoder thread."""

    def __init__(self, receiver: RTCRtpReceiver, microphone: Microphone, sender: RTCRtpSender) -> None:
        """`sender` is the same section's: both are one end, with one name (RFC 3550 section 6.5.1)."""
        _demand(receiver, _RECEIVER_FIELDS, _RECEIVER_METHODS)
        _demand_transport(receiver.transport)
        self._receiver = receiver
        self._payload_types: set[int] = set()
        self._sender = sender
        self._receiving = Receiving(microphone, self._payload_types, self._route, self._forget)
        self._loop = asyncio.get_running_loop()
        vars(receiver)["_run_rtcp"] = self._run
        vars(receiver)["_handle_rtp_packet"] = self._take_parsed
        vars(receiver)["_handle_rtcp_packet"] = self._hear_report

    def detach(self) -> None:
        self._receiving.deafen()

    async def _run(self) -> None:
        """Stands in for RTCRtpReceiver._run_rtcp: from here on packets are taken; a report a second."""
        _get(self._receiver, "rtcp_started", asyncio.Event).set()
        try:
            await self._listen(self._receiver)
        finally:  # RTCRtpReceiver.stop waits for it
            _get(self._receiver, "rtcp_exited", asyncio.Event).set()

    async def _listen(self, receiver: RTCRtpReceiver) -> None:
        self._stop_decoder()
        codecs = _get(receiver, "codecs", dict[int, RTCRtpCodecParameters])
        self._payload_types |= {number for number, codec in codecs.items() if codec.name.lower() == "opus"}
        wire = _Wire(receiver.transport)
        untaps = [self._tap(protocol, wire) for protocol in wire.protocols]
        try:
            async for _ in _rtcp_times():
                _attempt(self._report, wire)
        finally:
            for untap in untaps:
                untap()

    def _report(self, wire: _Wire) -> None:
        ssrc = _get(self._receiver, "rtcp_ssrc", object)
        if isinstance(ssrc, int):
            cname = _get(self._sender, "cname", str) or _NAMELESS
            if compound := self._receiving.report(ssrc, cname, self._loop.time()):
                wire.send_rtcp(compound)

    def _tap(self, protocol: StunProtocol, wire: _Wire) -> Callable[[], None]:
        """Take what is RTP at the datagram; STUN, DTLS and RTCP go their way. Returns the way out."""
        others = protocol.datagram_received
        is_rtp, unprotect, take, now = rtp.is_rtp, wire.unprotect, self._receiving.take, self._loop.time

        def datagram_received(data: bytes, addr: tuple[str, int]) -> None:
            if not 0 < len(data) <= DATAGRAM_BYTES:
                pass
            elif not is_rtp(data):
                others(data, addr)
            elif (packet := unprotect(data)) is not None:
                take(packet, now())

        vars(protocol)["datagram_received"] = datagram_received
        vars(protocol.transport)["max_size"] = _RECEIVE_BYTES
        return lambda: vars(protocol).update(datagram_received=others)

    def _route(self, ssrc: int) -> None:
        """aiortc's router passes a source's Sender Reports on by this table alone."""
        self._receiver.transport._rtp_router.ssrc_table[ssrc] = self._receiver

    def _forget(self, ssrc: int) -> None:
        """libsrtp keeps a stream for each source that it ever saw, and looks through all for each packet."""
        transport = self._receiver.transport
        transport._rtp_router.ssrc_table.pop(ssrc, None)
        with contextlib.suppress(pylibsrtp.Error):
            transport._rx_srtp.remove_stream(ssrc)

    async def _take_parsed(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """Stands in for RTCRtpReceiver._handle_rtp_packet: what came before the sockets were tapped."""
        del arrival_time_ms
        self._receiving.take(packet.serialize(HeaderExtensionsMap()), self._loop.time())

    async def _hear_report(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            ntp_timestamp = packet.sender_info.ntp_timestamp
            self._receiving.sender_report(packet.ssrc, ntp_timestamp, self._loop.time())

    def _stop_decoder(self) -> None:
        """Its thread has nothing to do; it is idle, so that joining it takes no time."""
        if _get(self._receiver, "decoder_thread", object) is not None:
            cast(Callable[[], None], self._receiver._RTCRtpReceiver__stop_decoder)()  # type: ignore[attr-defined]


def _guarded(receive: Callable[[bytes, tuple[str, int]], None]) -> Callable[[bytes, tuple[str, int]], None]:
    def datagram_received(data: bytes, addr: tuple[str, int]) -> None:
        if 0 < len(data) <= DATAGRAM_BYTES:
            try:
                receive(data, addr)
            except Exception:  # aioice's parser lets some through; a stranger must not fill the log
                logger.debug("a datagram was malformed", exc_info=True)

    setattr(datagram_received, _GUARDED, True)
    return datagram_received


def _attempt(work: Callable[[T], None], given: T) -> None:
    """A report that fails must not end those after it."""
    try:
        work(given)
    except Exception:
        logger.exception("an RTCP report failed")


async def _rtcp_times() -> AsyncIterator[None]:
    """When reports are due, until aiortc cancels the loop that this stands in."""
    try:
        while True:
            await asyncio.sleep(reports.INTERVAL_S * (0.5 + random.random()))
            yield
    except asyncio.CancelledError:
        pass


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
