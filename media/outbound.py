"""The session's voice on the wire: one encoder, one sequence of packets, the same for every listener.

A talk spurt begins off any grid at the position that the Floor names, with the marker bit; its packets
leave on absolute deadlines 20 ms apart; it ends with one encoded packet of silence, which empties the
encoder, and then nothing is sent. RTP time is the session clock throughout (RFC 3550 section 5.1).
Packets are encoded ahead: send, then encode the next ones. When these turn out to be wrong (cut, duck),
the encoder goes back to its state after the last packet that was sent.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from media.clock import SessionClock
from media.fanout import Fanout, OutboundPacket, Subscriber
from media.floor import Block, Floor
from media.opus import Encoder
from media.pcm import FRAME_SAMPLES, level_dbfs
from media.timing import Loop, Timer

logger = logging.getLogger(__name__)

LATE_MAX_S = 0.2
"""After a longer stall of the loop the rest of the spurt moves to now instead of being sent in a burst."""
AHEAD = 4
"""So many packets are encoded in one go: a few at once cost much less than one after the other."""
HURRY_S = 0.0015
"""So much before its deadline a fade leaves: an event loop's timer may be a millisecond late, and a human who
talks over a voice should not wait longer than one packet for its end."""
FEC_LOSS_PERCENT = 10
"""What the encoder is told while a listener loses packets: with 6 or more it adds FEC."""


class _Prepared(NamedTuple):
    block: Block
    payload: bytes
    level_dbov: int


class Outbound:
    """One per session; runs from construction to `close`, with any number of listeners."""

    def __init__(
        self, floor: Floor, clock: SessionClock, loop: Loop | None = None, encoder: Encoder | None = None
    ) -> None:
        self.clock = clock
        self._floor = floor
        self._loop: Loop = loop or asyncio.get_running_loop()
        self._encoder = encoder or Encoder()
        self._fanout = Fanout()
        # In the lower half, so that the first wrap is minutes away (RFC 3711 section 3.3.1).
        self._sequence_number = secrets.randbits(15)
        self._ready: deque[_Prepared] = deque()
        """What goes out next if nothing changes."""
        self._gone: list[bytes] = []
        """The sound sent since the encoder's state was kept."""
        self._loss_percent = self._encoder.expected_loss_percent
        self._position: int | None = None
        """Of the next packet of the spurt; None between the spurts."""
        self._marker = False
        self._timer: Timer | None = None
        self._hurried = False
        """The timer is set for before the deadline."""
        self._busy = False
        self._closed = False
        self.on_sound: Callable[[int, bytes], None] | None = None
        """Called with the position and the samples of each packet with sound in it, once it is sent."""
        floor.on_change = self._wake

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Hand every packet from now on to `subscriber`, at its deadline. Returns the way out."""
        return self._fanout.subscribe(subscriber)

    @property
    def listeners(self) -> int:
        return len(self._fanout)

    @property
    def expects_loss(self) -> bool:
        return self._loss_percent > 0

    def expect_loss(self, lossy: bool) -> None:
        """Whether the speaking peer loses packets (media.losses): with FEC, from the next few packets on."""
        self._loss_percent = FEC_LOSS_PERCENT if lossy else 0

    def close(self) -> None:
        """Stop sending at once; nothing is called back after this."""
        self._closed = True
        self._floor.on_change = lambda: None
        self._cancel()
        self._encoder.close()

    # ------------------------------------------------------------------ inside

    def _wake(self) -> None:
        if self._busy or self._closed:
            return
        if self._position is None:
            self._plan_spurt()
            return
        self._look_again()
        if self._fades != self._hurried:
            self._plan_next()

    def _plan_spurt(self) -> None:
        self._cancel()
        now = self._loop.time()
        start = self._floor.next_start(self.clock.position(now))
        if start is not None:
            when = max(now, self.clock.time_of(start))
            self._timer = self._loop.call_at(when, lambda: self._begin(start))

    def _begin(self, start: int) -> None:
        if self._floor.next_start(start) != start or self._lateness(start) > LATE_MAX_S:
            self._plan_spurt()
            return
        self._position = start
        self._marker = True
        self._tick()

    def _tick(self) -> None:
        """The deadline of the packet at `_position` has come."""
        self._timer = None
        assert self._position is not None
        if self._lateness(self._position) > LATE_MAX_S:
            self._position = self.clock.position(self._loop.time())
            self._marker = True
            self._prepare(decisive=True)
        elif not self._ready:
            self._prepare(decisive=True)
        prepared = self._ready.popleft()
        block = prepared.block
        self._gone.append(block.pcm)
        self._busy = True  # what is reported from here on may call back
        try:
            self._send(prepared)
            if self.on_sound is not None and block.sounds:
                self.on_sound(block.position, block.pcm)
            self._floor.sent(block)
        except Exception:  # whoever is told what was sent must not silence the session
            logger.exception("what was sent could not be told")
        finally:
            self._busy = False
        if not self._closed:
            self._go_on(block)

    def _send(self, prepared: _Prepared) -> None:
        block = prepared.block
        packet = OutboundPacket(
            sequence_number=self._sequence_number,
            timestamp=self.clock.rtp_timestamp(block.position),
            marker=self._marker,
            payload=prepared.payload,
            position=block.position,
            level_dbov=prepared.level_dbov,
        )
        self._sequence_number = (self._sequence_number + 1) & 0xFFFF
        self._marker = False
        self._fanout.send(packet)

    def _go_on(self, block: Block) -> None:
        if not block.sounds:  # that was the silent packet which ends the spurt
            self._position = None
            self._plan_spurt()
            return
        self._position = block.position + FRAME_SAMPLES
        self._look_again()
        self._plan_next()

    @property
    def _fades(self) -> bool:
        return bool(self._ready and self._ready[0].block.faded)

    def _plan_next(self) -> None:
        assert self._position is not None
        self._cancel()
        self._hurried = self._fades
        early_s = HURRY_S if self._hurried else 0.0
        self._timer = self._loop.call_at(self.clock.time_of(self._position) - early_s, self._tick)

    def _look_again(self) -> None:
        """Prepare what comes next, unless that stands already."""
        ready = self._ready
        if not ready or ready[0].block.version != self._floor.version or not ready[-1].block.full:
            self._prepare(decisive=False)

    def _prepare(self, decisive: bool) -> None:
        """Encode the packets from `_position` on, from the encoder's state after the last one sent."""
        assert self._position is not None
        blocks = [] if decisive else self._floor.run(self._position, len(self._ready) or AHEAD)
        if not blocks:
            block = self._floor.peek(self._position, decisive)
            blocks = [block] if block is not None else []
        if self._ready:
            if [prepared.block for prepared in self._ready] == blocks:
                return
            self._go_back()
        if blocks:
            self._encode(blocks)

    def _go_back(self) -> None:
        """What was prepared is wrong: bring the encoder to where it was after the last packet sent."""
        self._ready.clear()
        self._encoder.go_back()
        for pcm in self._gone:
            self._encoder.encode(pcm)

    def _encode(self, blocks: list[Block]) -> None:
        if self._encoder.expected_loss_percent != self._loss_percent:
            self._encoder.expected_loss_percent = self._loss_percent
        self._encoder.keep()
        self._gone.clear()
        for block in blocks:
            level_dbov = max(-127, round(level_dbfs(block.pcm))) if block.sounds else -127
            self._ready.append(_Prepared(block, self._encoder.encode(block.pcm), level_dbov))

    def _lateness(self, position: int) -> float:
        return self._loop.time() - self.clock.time_of(position)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
