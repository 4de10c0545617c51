"""The same packets to every listener of a session."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from media.clock import SessionClock

logger = logging.getLogger(__name__)


class OutboundPacket(NamedTuple):
    """One Opus packet of 20 ms with what its RTP header says (RFC 3550 section 5.1, RFC 7587 section 4.2).

    A tuple, as it is made fifty times a second for each session.
    """

    sequence_number: int
    """16 bits, without a gap."""
    timestamp: int
    """32 bits at 48 kHz: the session clock."""
    marker: bool
    """The first packet of a talk spurt."""
    payload: bytes
    position: int
    """The first sample's position on the session clock (24 kHz, never wraps)."""
    level_dbov: int
    """RMS level, 0 (loudest) to -127 (silence), for RFC 6464."""


Subscriber = Callable[[OutboundPacket], None]


class Voice(Protocol):
    """What a peer can be sent: the session's own (media.outbound), or the human's (media.overheard)."""

    @property
    def clock(self) -> SessionClock: ...

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Hand every packet from now on to `subscriber`, when it is due. Returns the way out."""

    @property
    def expects_loss(self) -> bool:
        """What `expect_loss` said last; it outlives the peer that decided it."""

    def expect_loss(self, lossy: bool) -> None:
        """Whether the peer that decides it loses packets (media.losses)."""


class Fanout:
    """Calls every subscriber with every packet, in the order of subscription."""

    def __init__(self) -> None:
        self._subscribers: dict[int, Subscriber] = {}
        self._failing: set[int] = set()
        self._next = 0

    def __len__(self) -> int:
        return len(self._subscribers)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """From the next packet on. Returns the function that ends it; calling that twice is harmless."""
        key = self._next
        self._next += 1
        self._subscribers[key] = subscriber

        def unsubscribe() -> None:
            self._subscribers.pop(key, None)
            self._failing.discard(key)

        return unsubscribe

    def send(self, packet: OutboundPacket) -> None:
        """What befalls one listener must not silence the others, nor one packet that listener for good."""
        for key, subscriber in tuple(self._subscribers.items()):
            try:
                subscriber(packet)
            except Exception:
                self._failed(key)

    def _failed(self, key: int) -> None:
        """Told once for each listener: a peer may bring it about as often as it likes."""
        if key in self._subscribers and key not in self._failing:
            self._failing.add(key)
            logger.exception("a listener could not take a packet")
