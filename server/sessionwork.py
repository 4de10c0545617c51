"""The work of one session: what the Director starts, and what comes back from it.

Output goes straight to the page; results and failures go to the Director, which tells the page itself.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from orchestration.events import Event, JobFailed, JobFinished, JobProgressed
from orchestration.notices import JobLog
from orchestration.ports import Jobs, Publish
from server import folders
from server.live_preview import LivePreview

log = logging.getLogger(__name__)


class RunListener(Protocol):
    """Who is told what comes of a job (server.jobs.runner)."""

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None: ...

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None: ...

    def job_preview(self, job: str, socket: str, address: str) -> None: ...


class Workshop(Protocol):
    """Runs jobs for all sessions (server.jobs.runner.JobRunner)."""

    def start(
        self,
        session_id: str,
        job: str,
        kind: str,
        payload: dict[str, object],
        folder: Path,
        listener: RunListener,
    ) -> None: ...

    def cancel(self, session_id: str, job: str) -> bool: ...

    def cancel_session(self, session_id: str) -> Awaitable[object]: ...

    def attach(self, session_id: str, listener: RunListener) -> None: ...

    def forget(self, session_id: str) -> None: ...


class SessionWork:
    """One session's view of the Workshop."""

    def __init__(
        self, workshop: Workshop, session: str, folder: Path, publish: Publish, post: Callable[[Event], None]
    ) -> None:
        self._workshop = workshop
        self._session = session
        self._folder = folder
        self._publish = publish
        self._post = post
        self._printed: dict[str, int] = {}
        self.live = LivePreview(folder, publish)
        self.jobs = Jobs(start=self._start, cancel=self.cancel)

    def cancel(self, job: str) -> None:
        """Kill the job; its failure `cancelled` comes back as an event. Unknown or ended jobs are ignored."""
        self._workshop.cancel(self._session, job)

    async def close(self) -> None:
        """Cancel all; their processes are gone when this returns."""
        await self._workshop.cancel_session(self._session)
        await self.live.close()

    def _start(self, job: str, kind: str, payload: dict[str, object]) -> None:
        try:
            folders.make(self._folder)
        except OSError as error:
            # A full or read-only disk costs this job, not the session.
            log.error("no folder for a job", extra={"kind": kind, "why": error.strerror})
            self._post(JobFailed(job, kind, "storage_failed", "There is no room to store the work here."))
            return
        self._workshop.start(self._session, job, kind, payload, self._folder, self)

    # ------------------------------------------------------------------ what comes of it

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None:
        first = self._printed.get(job, 0)
        self._printed[job] = first + len(lines)
        self._publish(JobLog(job, kind, first, lines))

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None:
        if not isinstance(event, JobProgressed):
            self.live.closed(event.job)  # however it ended, its dev server did too
        self._post(event)

    def job_preview(self, job: str, socket: str, address: str) -> None:
        if address:
            self.live.opened(job, socket, address)
        else:
            self.live.closed(job)
