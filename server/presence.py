"""Who is connected to a session, and whether its human can hear.

The human has one Peer at a time: a new one replaces the old, but only once it was accepted. The human is
there from the first message of a connected Peer, and gone when the Peer closed or was silent for 3 s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from server.auth import Role
from server.errors import Code, Problem
from server.events import EventLog
from server.pagemessages import PageMessage, Ping, Playout
from server.peer import Attach, Peer
from server.settings.values import IceServer

SILENCE_S = 3.0
MAX_SPECTATORS = 16
LAST_MESSAGES_S = 0.5


class PresenceListener(Protocol):
    """Who is told. Called on the event loop; must not block or raise."""

    def listener_arrived(self) -> None: ...

    def listener_lost(self, confirmed_rtp_timestamp: int | None) -> None: ...

    def page_said(self, message: PageMessage) -> None: ...


class Presence:
    """The Peers of one session. `now` is the event loop's clock."""

    def __init__(
        self,
        events: EventLog,
        listener: PresenceListener,
        attach: Callable[[Role], Attach],
        servers: Sequence[IceServer],
        now: Callable[[], float],
    ) -> None:
        self.listening = False
        self.absent_since: float = now()
        self.ever_heard = False
        self._events = events
        self._listener = listener
        self._attach = attach
        self._servers = servers
        self._now = now
        self._peer: Peer | None = None
        self._peers: dict[str, Peer] = {}
        self._closed = False

    async def connect(self, role: Role, offer: str) -> tuple[Peer, str]:
        """Answer an offer; returns the Peer and the SDP answer. Raises OfferError, Problem."""
        self._check_open(role)
        peer = Peer(role, self._events, self, self._servers)
        self._peers[peer.id] = peer
        try:
            answer = await peer.accept(offer, self._attach(role))
            self._check_open(role)
        except BaseException:
            peer.close()
            raise
        if role is Role.HUMAN:
            self._replace(peer)
        return peer, answer

    def find(self, peer: str) -> Peer | None:
        """The Peer of this id, None when it is closed or never was."""
        found = self._peers.get(peer)
        return found if found is not None and not found.closed else None

    def watch(self, now: float) -> None:
        """To be called a few times a second: notices the silent and those that never connect."""
        for peer in list(self._peers.values()):
            if peer.overdue(now):
                peer.close()
        if self.listening and self._peer is not None and now - self._peer.last_sign > SILENCE_S:
            self._lost(self._peer)

    async def close(self, linger_s: float = LAST_MESSAGES_S) -> None:
        """Close every Peer; nothing of them is left when this returns."""
        self._closed = True
        for task in [peer.close(linger_s) for peer in list(self._peers.values())]:
            await task

    # ------------------------------------------------------------------ what the Peers tell

    def peer_said(self, peer: Peer, message: PageMessage) -> None:
        if peer is not self._peer:
            return
        if isinstance(message, Playout) and message.rtp_timestamp is not None:
            peer.confirmed_rtp_timestamp = message.rtp_timestamp
        if not self.listening and isinstance(message, Playout | Ping):
            self.listening = self.ever_heard = True
            self._listener.listener_arrived()
        self._listener.page_said(message)

    def peer_closed(self, peer: Peer) -> None:
        self._peers.pop(peer.id, None)
        if peer is self._peer:
            self._lost(peer)
            self._peer = None

    # ------------------------------------------------------------------ inside

    def _replace(self, peer: Peer) -> None:
        old, self._peer = self._peer, peer
        if old is not None:
            self._lost(old)
            old.mute()
            old.complain("replaced", "The session was opened elsewhere; this page is no longer connected.")
            old.close(LAST_MESSAGES_S)

    def _lost(self, peer: Peer) -> None:
        if self.listening:
            self.listening = False
            self.absent_since = self._now()
            self._listener.listener_lost(peer.confirmed_rtp_timestamp)

    def _check_open(self, role: Role) -> None:
        if self._closed:
            raise Problem(Code.SESSION_ENDED)
        spectators = sum(peer.role is Role.SPECTATOR for peer in self._peers.values())
        if role is Role.SPECTATOR and spectators > MAX_SPECTATORS:
            raise Problem(Code.FULL, "This session has all the spectators it can have.")
