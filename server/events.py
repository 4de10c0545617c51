"""The event log of a session: every notice once, numbered, replayable, in bounded memory.

Readers hold a cursor (the last `seq` that they have) and ask for what came after; a slow reader therefore
costs nothing and never blocks a publisher. The envelope is
`{"seq": 17, "type": "turn.started", "at_ms": 12345, "data": {…}}`, `at_ms` from the session's creation.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from orchestration.notices import JobDone, JobFailure, JobLog, Notice
from server.joblogs import JobLogs

BATCH_S = 0.1
"""Lines of output wait this long for company."""
MAX_BULKY_CHARS = 1024 * 1024
MAX_ENTRIES = 20_000
_PROMPT = (
    "session.",
    "phase.",
    "turn.",
    "question.",
    "human.",
    "approval.",
    "site.",
    "post.",
    "brief.",
    "recording.",
    "account.",
)
_BULKY = frozenset({"job.log", "job.progress", "metrics.turn"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it goes over the wire. `text` is the envelope's JSON."""

    seq: int
    type: str
    text: str

    @property
    def prompt(self) -> bool:
        """Whether it goes over the data channel too; the bulky types ride server-sent events alone."""
        return is_prompt(self.type)


def is_prompt(type: str) -> bool:
    return type in ("caption", "error") or type.startswith(_PROMPT)


class EventLog:
    """Publish on one side, read by cursor on the other. Single-threaded: the loop's thread only."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._started = now()
        self._entries: list[Entry] = []
        self._bulky: deque[int] = deque()
        self._bulky_chars = 0
        self._waiters: set[asyncio.Future[None]] = set()
        self._lines: dict[str, JobLog] = {}
        self._flush: asyncio.TimerHandle | None = None
        self.jobs = JobLogs()
        self.last_seq = 0
        self.closed = False

    def publish(self, notice: Notice) -> None:
        """Number the notice and wake the readers. Lines of output are gathered for 100 ms first."""
        if isinstance(notice, JobLog):
            self._gather(notice)
            return
        if isinstance(notice, JobDone | JobFailure):
            self.flush(notice.job)
        self._append(notice)

    def after(self, seq: int, limit: int = 1000) -> list[Entry]:
        """The events younger than `seq` that are still known, oldest first."""
        start = bisect_right(self._entries, seq, key=lambda entry: entry.seq)
        return self._entries[start : start + limit]

    async def news(self, seq: int) -> bool:
        """Wait for an event younger than `seq`. False: none will come, the log is closed."""
        while self.last_seq <= seq and not self.closed:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return self.last_seq > seq

    def flush(self, job: str | None = None) -> None:
        """Publish the gathered lines (of one job, or of all) now."""
        for name in [job] if job is not None else list(self._lines):
            if (notice := self._lines.pop(name, None)) is not None:
                self._append(notice)

    def close(self) -> None:
        """Nothing more will be published; readers get what is there and then the end. Idempotent."""
        if self._flush is not None:
            self._flush.cancel()
        self.flush()
        self.closed = True
        self._wake()

    def _gather(self, notice: JobLog) -> None:
        self.jobs.add(notice)
        waiting = self._lines.get(notice.job)
        self._lines[notice.job] = (
            notice if waiting is None else replace(waiting, lines=waiting.lines + notice.lines)
        )
        if self._flush is None and not self.closed:
            self._flush = asyncio.get_running_loop().call_later(BATCH_S, self._flush_due)

    def _flush_due(self) -> None:
        self._flush = None
        self.flush()

    def _append(self, notice: Notice) -> None:
        if self.closed:
            return
        self.last_seq += 1
        at_ms = round((self._now() - self._started) * 1000)
        envelope = {"seq": self.last_seq, "type": notice.type, "at_ms": at_ms, "data": asdict(notice)}
        text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
        self._entries.append(Entry(self.last_seq, notice.type, text))
        if notice.type in _BULKY:
            self._bulky.append(self.last_seq)
            self._bulky_chars += len(text)
        self._bound()
        self._wake()

    def _bound(self) -> None:
        """Forget the oldest bulky events first: their whole text is kept elsewhere."""
        while self._bulky and self._bulky_chars > MAX_BULKY_CHARS:
            self._forget(self._bulky.popleft())
        while len(self._entries) > MAX_ENTRIES:
            self._forget(self._entries[0].seq)

    def _forget(self, seq: int) -> None:
        index = bisect_right(self._entries, seq - 1, key=lambda entry: entry.seq)
        if index < len(self._entries) and self._entries[index].seq == seq:
            entry = self._entries.pop(index)
            if entry.type in _BULKY:
                self._bulky_chars -= len(entry.text)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
