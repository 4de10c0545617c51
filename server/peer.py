"""One connection to a session: an RTCPeerConnection, its data channel and its media, closed once.

A Peer knows nothing of the conversation. What happens on it goes to its PeerListener; what the page is to
be told comes from the session's EventLog by cursor, so a new Peer of the same session misses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from media import aiortc_seams
from server import ice, offers, pagemessages
from server.auth import Role
from server.events import EventLog
from server.limits import Bucket, Rate, refuse
from server.pagemessages import MessageError, PageMessage, Ping, Resume
from server.sdpfrag import Fragment
from server.settings.values import IceServer

log = logging.getLogger(__name__)

CHANNEL = "events"
ANSWER_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 2.0
SENDING = Rate(burst=30, per_s=10.0)
"""A message costs more than three frames of audio: ten a second, with room for a replay."""
RECEIVING = Rate(burst=100, per_s=20.0)
TRICKLING = Rate(burst=32, per_s=2.0)
"""A browser sends its candidates within the first seconds, a few together."""
MAX_CANDIDATES = 64
"""Of one Peer, for its whole life: each one is sent STUN checks."""
BUFFERED_BYTES = 256 * 1024


class PeerListener(Protocol):
    """Who is told what happens on a Peer. Called on the event loop; must not block or raise."""

    def peer_said(self, peer: Peer, message: PageMessage) -> None: ...

    def peer_closed(self, peer: Peer) -> None: ...


class Attachment(Protocol):
    """The media of one Peer, as the session attached it."""

    def close(self) -> None:
        """Deaf and mute at once."""


Attach = Callable[[RTCPeerConnection], Attachment]
"""Called between offer and answer: adds the outbound track, takes the microphone."""


class Peer:
    """Create, `accept` the offer, and `close` in any case. `id` and `etag` name it in its WHIP resource."""

    def __init__(
        self, role: Role, events: EventLog, listener: PeerListener, servers: Sequence[IceServer]
    ) -> None:
        self.role = role
        self.id = secrets.token_urlsafe(9)
        self.etag = f'"{secrets.token_urlsafe(9)}"'
        self.replaced = False
        self.confirmed_rtp_timestamp: int | None = None
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self.last_sign = self._created = loop.time()
        self._events = events
        self._listener = listener
        self._pc = RTCPeerConnection(ice.configuration(servers))
        self._channel: RTCDataChannel | None = None
        self._media: Attachment | None = None
        self._pump: asyncio.Task[None] | None = None
        self._cursor = 0
        self._receiving = Bucket(RECEIVING, loop.time())
        self._trickling = Bucket(TRICKLING, loop.time())
        self._candidates = 0
        self._remote_ice = offers.Ice("", "", "")
        self._closing: asyncio.Task[None] | None = None
        self._pc.on("datachannel", self._channel_opened)
        self._pc.on("connectionstatechange", self._state_changed)

    # ------------------------------------------------------------------ signalling

    async def accept(self, offer: str, attach: Attach) -> str:
        """Apply an SDP offer, attach the media, return the answer with all our candidates.

        Raises offers.OfferError when the offer cannot be used; the caller closes the Peer then.
        """
        self._remote_ice = offers.check(offer, self.role)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            with _as_offer_error():
                await self._pc.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
            self._media = attach(self._pc)
            with _as_offer_error():
                await self._pc.setLocalDescription(await self._pc.createAnswer())
            aiortc_seams.guard(self._pc)
        return self._pc.localDescription.sdp

    def limit(self) -> None:
        """Count one request about it. Raises Problem 429 when there were too many."""
        refuse(self._trickling.take(self._now()))

    async def trickle(self, fragment: Fragment) -> None:
        """Add the candidates that came after the offer. Raises offers.OfferError, offers.RestartError."""
        ufrag, pwd, mid = self._remote_ice
        if (fragment.ufrag and fragment.ufrag != ufrag) or (fragment.pwd and fragment.pwd != pwd):
            raise offers.RestartError
        # All sections are bundled on the first one: the others' mids stand for the same transport.
        candidates = [offers.candidate(value, mid) for _, value in fragment.candidates]
        self._candidates += len(candidates)
        if self._candidates > MAX_CANDIDATES:
            raise offers.OfferError("A connection may have 64 candidates.")
        for candidate in candidates:
            if candidate is not None:
                await self._pc.addIceCandidate(candidate)
        if fragment.complete:
            await self._pc.addIceCandidate(None)

    # ------------------------------------------------------------------ state

    @property
    def connected(self) -> bool:
        return self._pc.connectionState == "connected"

    @property
    def closed(self) -> bool:
        return self._closing is not None

    def overdue(self, now: float) -> bool:
        """Whether it should have connected by now."""
        return not self.connected and now - self._created > CONNECT_TIMEOUT_S

    def _state_changed(self) -> None:
        if self._pc.connectionState in ("failed", "closed"):
            self.close()

    # ------------------------------------------------------------------ the data channel

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if channel.label == CHANNEL and self._channel is None and self.role is Role.HUMAN:
            self._channel = channel
            channel.on("message", self._received)
            channel.on("close", self.close)

    def _received(self, raw: str | bytes) -> None:
        if self.closed:
            return
        self.last_sign = self._now()
        if self._receiving.take(self.last_sign):
            return  # nobody types that fast; what is dropped is not answered either
        try:
            message = pagemessages.parse(raw)
        except MessageError as error:
            self.complain(error.code, error.message)
            return
        if isinstance(message, Ping):
            self._send(json.dumps({"type": "pong"}))
        if isinstance(message, Resume) or self._pump is None:
            self._resume(message.after if isinstance(message, Resume) else 0)
        self._listener.peer_said(self, message)

    def complain(self, code: str, message: str) -> None:
        """An `error` for this Peer alone: no `seq`, for it is not part of the session's events."""
        self._send(json.dumps({"type": "error", "data": {"code": code, "message": message}}))

    def _resume(self, after: int) -> None:
        self._cursor = min(after, self._events.last_seq)
        if self._pump is None:
            self._pump = asyncio.create_task(self._pump_events(), name="peer-events")

    async def _pump_events(self) -> None:
        """Send the prompt events, in order, at most ten a second beyond a small burst."""
        bucket = Bucket(SENDING, self._now())
        while await self._events.news(self._cursor):
            entries = self._events.after(self._cursor, limit=20)
            for entry in entries:
                self._cursor = entry.seq
                if not entry.prompt:
                    continue
                while wait_s := bucket.take(self._now()):
                    await asyncio.sleep(wait_s)
                self._send(entry.text)
            if not entries:  # forgotten before they were read
                self._cursor = self._events.last_seq

    def _send(self, text: str) -> None:
        channel = self._channel
        if channel is not None and channel.readyState == "open" and channel.bufferedAmount < BUFFERED_BYTES:
            channel.send(text)

    # ------------------------------------------------------------------ the end

    def mute(self) -> None:
        """Deaf and mute from now on, whatever its connection still does."""
        if self._media is not None:
            self._media.close()

    def close(self, linger_s: float = 0.0) -> asyncio.Task[None]:
        """Close once, in its own task (always the same one). `linger_s` lets the last messages out."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(linger_s), name="peer-close")
        return self._closing

    async def _close(self, linger_s: float) -> None:
        try:
            await self._flush(linger_s)
        finally:
            self.mute()
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await self._pc.close()
            except Exception:
                # The end of a Peer: whatever aiortc meets while closing, the session goes on without it.
                log.warning("closing a connection failed", exc_info=True)
            self._listener.peer_closed(self)

    async def _flush(self, linger_s: float) -> None:
        if self._pump is not None:
            if linger_s and self._events.closed:
                await asyncio.wait({self._pump}, timeout=linger_s)
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        deadline = self._now() + linger_s
        while self._channel is not None and self._channel.bufferedAmount and self._now() < deadline:
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def _as_offer_error() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # As broad as aiortc: a broken line in the offer makes it raise whatever it meets, here or later.
        raise offers.OfferError("The offer cannot be used.") from error
