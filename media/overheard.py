"""The human's packets as they came, for those who may have them: a recording, spectators if allowed."""

from __future__ import annotations

from collections.abc import Callable

from media.clock import SessionClock
from media.fanout import Fanout, OutboundPacket, Subscriber
from media.microphone import Microphone
from media.opus import OpusError, packet_samples

_SEQUENCE_NUMBERS = 1 << 16


class Overheard:
    """A `Voice` without an encoder: what the browser coded goes on, on the session clock.

    The microphone's packets are not looked at while nobody takes them.
    """

    def __init__(self, microphone: Microphone, clock: SessionClock) -> None:
        self.clock = clock
        self._microphone = microphone
        self._fanout = Fanout()
        self._sequence_number = 0
        self._next_position: int | None = None

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Hand every packet from now on to `subscriber`. Returns the way out."""
        leave = self._fanout.subscribe(subscriber)
        self._microphone.on_packet = self._pass_on

        def unsubscribe() -> None:
            leave()
            if not len(self._fanout):
                self._microphone.on_packet = None

        return unsubscribe

    @property
    def expects_loss(self) -> bool:
        return False

    def expect_loss(self, lossy: bool) -> None:
        """The human's browser codes for its own way to us; a spectator's way is the spectator's."""

    def _pass_on(self, payload: bytes, position: int) -> None:
        packet = OutboundPacket(
            sequence_number=self._sequence_number,
            timestamp=self.clock.rtp_timestamp(position),
            marker=position != self._next_position,
            payload=payload,
            position=position,
            level_dbov=max(-127, round(self._microphone.level_dbfs)),
        )
        self._sequence_number = (self._sequence_number + 1) % _SEQUENCE_NUMBERS
        try:
            self._next_position = position + packet_samples(payload)
        except OpusError:
            self._next_position = None
        self._fanout.send(packet)
