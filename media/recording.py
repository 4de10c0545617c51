"""A session's recording while it runs: both sides' Opus packets, as they pass, into a file (no coding).

Packets wait in memory for half a second and are then appended in a thread, one write at a time. What
waits is bounded, and so is the file; a disk that fails or is too slow ends the recording, nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from media import recording_journal as journal
from media.clock import SessionClock
from media.fanout import OutboundPacket
from media.pcm import SAMPLE_RATE_HZ, samples_to_ms
from media.recording_journal import Kind, Record

logger = logging.getLogger(__name__)

WRITE_EVERY_S = 0.5
"""A crash may cost a second: this, and the write itself."""
WRITE_BYTES = 64 * 1024
WAITING_BYTES_MAX = 512 * 1024
"""About a minute: a disk that takes nothing for so long has failed."""
BYTES_MAX = 64_000_000
"""About two hours of both sides."""
CLOSE_S = 2.0
AHEAD_MAX_SAMPLES = SAMPLE_RATE_HZ
"""A packet from farther in the future is a mistake, and would make a huge pause."""


class Ending(StrEnum):
    """Why a recording ended by itself."""

    STORAGE_FAILED = "storage_failed"
    TOO_LONG = "too_long"


class RecordingFullError(RuntimeError):
    """The file is as long as it may be."""


Append = Callable[[Path, bytes, int], int]


class Recorder:
    """One per session; off until `start`. Off and on again continues the same file, with a true gap.

    `now` is the event loop's clock. `on_ended` is told when the recording ends by itself.
    """

    def __init__(
        self,
        path: Path,
        clock: SessionClock,
        now: Callable[[], float],
        on_ended: Callable[[Ending], None],
        *,
        append: Append = journal.append,
        write_every_s: float = WRITE_EVERY_S,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self.on = False
        self.written = 0
        """Bytes of the file; 0 while there is none."""
        self._path = path
        self._clock = clock
        self._now = now
        self._on_ended = on_ended
        self._append = append
        self._write_every_s = write_every_s
        self._bytes_max = bytes_max
        self._waiting = bytearray()
        self._in_flight = 0
        self._full = self._loss_told = False
        self._since = 0
        self._recorded_samples = 0
        self._due = asyncio.Event()
        self._one_writer = asyncio.Lock()
        self._writing: asyncio.Task[None] | None = None

    @property
    def waiting_bytes(self) -> int:
        """What is in memory and not in the file yet."""
        return len(self._waiting) + self._in_flight

    @property
    def recorded_ms(self) -> int:
        """How long it was on, in all."""
        running = self._position() - self._since if self.on else 0
        return samples_to_ms(self._recorded_samples + running)

    def start(self) -> None:
        """Record from now on. Raises RecordingFullError."""
        if self.on:
            return
        if self._full:
            raise RecordingFullError
        self.on = True
        self._loss_told = False
        self._since = self._position()
        self._put(Record(Kind.ON, self._since))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="recorder")

    def stop(self) -> None:
        """Take nothing any more; what was taken is still written. Idempotent."""
        if not self.on:
            return
        position = self._position()
        self._put(Record(Kind.OFF, position))
        self.on = False
        self._recorded_samples += position - self._since
        self._due.set()

    def team(self, packet: OutboundPacket) -> None:
        """A packet of the team's voice."""
        self._take(Record(Kind.TEAM, packet.position, packet.payload))

    def human(self, packet: OutboundPacket) -> None:
        """A packet of the human's voice."""
        self._take(Record(Kind.HUMAN, packet.position, packet.payload))

    async def flush(self) -> None:
        """Return when everything that was taken before is in the file, or lost with its disk."""
        async with self._one_writer:
            records, self._waiting = bytes(self._waiting), bytearray()
            if not records:
                return
            self._in_flight = len(records)
            try:
                self.written = await asyncio.to_thread(self._append, self._path, records, self.written)
            except OSError as error:
                self._end(Ending.STORAGE_FAILED, error.strerror or type(error).__name__)
            finally:
                self._in_flight = 0

    async def close(self) -> None:
        """Off, and written, unless the disk hangs; no task is left."""
        self.stop()
        if self._writing is None:
            return
        _, hanging = await asyncio.wait({self._writing}, timeout=CLOSE_S)
        for task in hanging:
            logger.error("the disk hangs: a recording's end is lost")
            self._waiting.clear()
            task.cancel()
            await asyncio.wait({task})

    # ------------------------------------------------------------------ inside

    def _take(self, record: Record) -> None:
        if not self.on or not self._since <= record.position <= self._position() + AHEAD_MAX_SAMPLES:
            return
        if len(record.payload) > journal.PAYLOAD_BYTES_MAX:
            return
        self._put(record)
        if self.waiting_bytes > WAITING_BYTES_MAX:
            self._end(Ending.STORAGE_FAILED, "the disk is too slow")
        elif self.written + self.waiting_bytes > self._bytes_max:
            self._full = True
            self._end(Ending.TOO_LONG, "")
        elif len(self._waiting) >= WRITE_BYTES:
            self._due.set()

    def _put(self, record: Record) -> None:
        self._waiting += journal.packed(record)

    async def _write(self) -> None:
        while self.on or self._waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._write_every_s):
                    await self._due.wait()
            self._due.clear()
            await self.flush()

    def _end(self, ending: Ending, why: str) -> None:
        lost = ending is Ending.STORAGE_FAILED  # also when it was off already and this was its last write
        told = self.on or (lost and not self._loss_told)
        self._loss_told = self._loss_told or lost
        self.stop()
        if lost:
            self._waiting.clear()  # it would have nowhere to go
            self._recorded_samples = self._recorded_samples if self.written else 0
        if told:
            logger.error("a recording ended by itself", extra={"reason": ending.value, "why": why})
            self._on_ended(ending)

    def _position(self) -> int:
        return self._clock.position(self._now())
