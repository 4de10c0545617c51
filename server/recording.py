"""A session's recording: the switch, both sides while it is on, and the file that is made of them when asked.

Only packets are stored while somebody speaks. The file is made by a child process of the lowest priority, at
most one for a session, and kept until more was recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from media.clock import SessionClock
from media.fanout import Voice
from media.recording import Ending, Recorder, RecordingFullError
from orchestration.notices import RecordingChanged
from orchestration.ports import Publish
from server import folders
from server.errors import Code, Problem
from server.jobs.process import worker_environment

log = logging.getLogger(__name__)

JOURNAL = "recording.journal"
FILE = "recording.ogg"
COMMAND = (sys.executable, "-P", "-m", "media.recording_render")
RENDER_S = 300.0
"""An hour takes about half a minute of an idle core; the lowest priority may wait long for it."""
RENDERS_MAX = 2
"""So many children at once, of all sessions; who asks beyond that waits for a turn, as long again."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the packets pass."""

    team: Voice
    human: Voice

    def connect(self, recorder: Recorder) -> Callable[[], None]:
        """Hand every packet of both sides to the recorder. Returns the way out."""
        leaves = self.team.subscribe(recorder.team), self.human.subscribe(recorder.human)

        def disconnect() -> None:
            for leave in leaves:
                leave()

        return disconnect


class Recording:
    """One per session. It is off until its human switches it on, and off for good with the session's end."""

    def __init__(
        self,
        folder: Path,
        sides: Sides,
        clock: SessionClock,
        publish: Publish,
        now: Callable[[], float],
        renders: asyncio.Semaphore,
    ) -> None:
        """`renders` is shared by all sessions: a child is run with one of it in hand."""
        self._renders = renders
        self._folder = folder
        self._sides = sides
        self._publish = publish
        self._recorder = Recorder(folder / JOURNAL, clock, now, self._ended)
        self._disconnect: Callable[[], None] = lambda: None
        self._rendering: asyncio.Task[bool] | None = None
        self._rendered_bytes = 0

    @property
    def on(self) -> bool:
        return self._recorder.on

    @property
    def recorded_ms(self) -> int:
        """How long it was on, in all."""
        return self._recorder.recorded_ms

    def switch(self, on: bool) -> None:
        """Idempotent. Raises Problem 507 when nothing (more) can be stored."""
        if on == self.on:
            return
        if on:
            self._start()
        else:
            self._stop()
        self._tell("human")

    def end(self) -> None:
        """The session is over."""
        if self.on:
            self._stop()
            self._tell("ended")

    async def close(self) -> None:
        """Off, written to the disk, and no child is left. What was recorded can still be asked for."""
        self.end()
        await self._recorder.close()
        if self._rendering is not None:
            self._rendering.cancel()
            await asyncio.wait({self._rendering})

    async def file(self) -> Path:
        """Everything so far as Ogg Opus. Raises Problem: 404 nothing was recorded, 503 or 500 not made."""
        await self._recorder.flush()
        if not self._recorder.written:
            raise Problem(Code.NOT_FOUND, "Nothing of this session was recorded.")
        wanted = self._recorder.written
        while self._rendered_bytes < wanted:  # a child that was under way began with less
            await self._render()
        return self._folder / FILE

    # ------------------------------------------------------------------ inside

    def _start(self) -> None:
        try:
            folders.make(self._folder)
            self._recorder.start()
        except OSError as error:
            log.error("no folder for a recording", extra={"why": error.strerror})
            raise Problem(Code.NO_ROOM, "There is no room to store a recording here.") from error
        except RecordingFullError:
            raise Problem(Code.NO_ROOM, "The recording is as long as it can be.") from None
        self._disconnect = self._sides.connect(self._recorder)

    def _stop(self) -> None:
        self._disconnect()
        self._recorder.stop()

    def _ended(self, ending: Ending) -> None:
        self._disconnect()
        self._tell(ending.value)

    def _tell(self, reason: str) -> None:
        self._publish(RecordingChanged(self.on, reason, self.recorded_ms))

    async def _render(self) -> None:
        """Whoever asks while it is being made waits for the same child."""
        if self._rendering is None or self._rendering.done():
            self._rendering = asyncio.create_task(self._made(self._recorder.written), name="recording-render")
        task = self._rendering
        await asyncio.wait({task})
        if task.cancelled():
            raise Problem(Code.NOT_READY, "The recording was being made when the session ended. Ask again.")
        if not task.result():
            raise Problem(Code.INTERNAL, "The recording could not be made.")

    async def _made(self, journal_bytes: int) -> bool:
        """Whether the child made the file. Cancelled or too late, it is killed and nothing is left of it."""
        made = self._folder / f"{FILE}.part"
        try:
            async with asyncio.timeout(2 * RENDER_S), self._renders, asyncio.timeout(RENDER_S):
                code = await _run(*COMMAND, str(self._folder / JOURNAL), str(made))
            if code == 0:
                made.replace(self._folder / FILE)
                self._rendered_bytes = journal_bytes
                return True
            log.error("a recording was not rendered", extra={"code": code})
        except (OSError, TimeoutError) as error:
            log.error("a recording was not rendered", extra={"why": str(error) or type(error).__name__})
        finally:
            with contextlib.suppress(OSError):
                made.unlink()
        return False


async def _run(*command: str) -> int:
    """The child's exit code. It reads its end from a pipe that dies with us; cancelled, it is killed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, cwd="/", env=worker_environment(), process_group=0
    )
    try:
        return await process.wait()
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    assert process.stdin is not None
    process.stdin.close()
    await asyncio.shield(process.wait())
