"""The team's work, seen from the server: started, cancelled and told to who waits for it.

One JobRunner per server and data folder; a job belongs to a session. `start`, `cancel` and `cancel_session`
return at once; what comes of a job reaches its listener on the event loop, in order, and ends with exactly
one JobFinished or JobFailed, whoever is killed between. The work itself is the workshop's, a child process
(server/jobs/workshop.py); one that died is started again, and told again what is wanted.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from orchestration.adapters.work import WorkErrorCode
from orchestration.events import JobFailed, JobFinished, JobProgressed
from server.jobs import locks, wire
from server.jobs.child import Child
from server.jobs.means import MeansOf, no_means
from server.jobs.process import WORKER_COMMAND
from server.jobs.protocol import Result
from server.jobs.wire import Key, Limits, as_json, failed

FOLDER = "jobs"
CLOSE_S = 3.0
SERVICES = {"linkedin": (10, 60.0), "search": (30, 60.0), "pictures": (10, 60.0)}
"""Outside service → how many jobs may begin to use it in how many seconds."""
LIMITS = Limits(services=SERVICES)


class JobsError(Exception):
    """Jobs cannot be run here. The message is a sentence for the operator."""


class RunListener(Protocol):
    """Who is told what comes of a job. Called on the event loop; must not block or raise."""

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None: ...

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None: ...

    def job_preview(self, job: str, socket: str, address: str) -> None: ...


@dataclass(eq=False, slots=True)
class _Run:
    """One job that somebody waits for. Without a `start` it was found by `attach`."""

    session: str
    job: str
    kind: str
    listener: RunListener
    start: wire.Start | None = None
    printed: int = 0
    cancelled: bool = False
    over: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def key(self) -> Key:
        return (self.session, self.job)

    def asked(self) -> wire.Message:
        """What the workshop is to know of it, as often as there is a new one."""
        if self.start is None:
            return wire.Attach(self.session)
        start = self.start
        return wire.Start(start.session, start.job, start.kind, start.payload, start.folder, self.printed)

    def log(self, first: int, lines: tuple[str, ...]) -> None:
        """Tell the lines that were not told yet."""
        fresh = lines[max(0, self.printed - first) :]
        self.printed = max(self.printed, first + len(lines))
        if fresh:
            self.listener.job_log(self.job, self.kind, fresh)

    def report(self, kept: dict[str, object]) -> None:
        """Tell how it ended."""
        outcome = wire.outcome_of(kept)
        if isinstance(outcome, Result):
            self.listener.job_event(JobFinished(self.job, self.kind, outcome.result))
        else:
            self.listener.job_event(JobFailed(self.job, self.kind, outcome.code.value, outcome.reason))
        self.over.set_result(None)


class JobRunner:
    """See the module. Create it anywhere; use it on the event loop; `await close()` at the end."""

    def __init__(
        self,
        data: Path,
        *,
        database: str = "",
        limits: Limits = LIMITS,
        command: Sequence[str] = WORKER_COMMAND,
        means: MeansOf = no_means,
        log_level: str = "info",
        log_format: str = "text",
    ) -> None:
        """`data`: the server's data folder. `database`: a Postgres URL; an SQLite file there when empty."""
        self._folder = data.absolute() / FOLDER
        self._wishes = (database, tuple(command), limits, log_level, log_format)
        self._means = means
        self._runs: dict[Key, _Run] = {}
        self._attached: dict[str, RunListener] = {}
        self._ended: set[Key] = set()
        self._owed: dict[Key | str, wire.Message] = {}
        self._lock: int | None = None
        self._closing = False
        self._child = Child(self._setup, self._open, self._hear, self._gone, self._give_up)

    @property
    def workshop_pid(self) -> int | None:
        return self._child.pid

    @property
    def ready(self) -> bool:
        """Whether the workshop takes work now."""
        return self._child.open

    def warm(self) -> None:
        """Take the data folder and start the workshop, so that the first job need not wait. Safe to repeat.

        Raises JobsError when another server has the folder, or when nothing can be written there.
        """
        if self._closing:
            return
        if self._lock is None:
            self._lock = self._take_folder()
        self._child.start()

    def _take_folder(self) -> int:
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._folder.chmod(0o700)
            lock = locks.hold(self._folder / locks.SERVER)
        except OSError as error:
            raise JobsError(f"Nothing can be written to {self._folder}: {error.strerror}.") from error
        if lock is None:
            used = f"Another server uses the data folder {self._folder.parent}"
            raise JobsError(f"{used}; stop it or choose another with MOENTREPRISE_DATA.")
        return lock

    def start(
        self,
        session_id: str,
        job: str,
        kind: str,
        payload: dict[str, object],
        folder: Path,
        listener: RunListener,
    ) -> None:
        """Start a job, once: one that was started before is only listened to. `folder` is the session's.

        Raises ValueError for a job id that is being listened to.
        """
        key = (session_id, job)
        if key in self._runs:
            raise ValueError("this job is already running")
        start = wire.Start(session_id, job, kind, payload, str(folder.resolve()))
        run = _Run(session_id, job, kind, listener, start)
        self._runs[key] = run
        try:
            self.warm()
        except JobsError:
            self._end_soon(run, WorkErrorCode.CRASHED)
            return
        if self._closing:
            self._end_soon(run, WorkErrorCode.CANCELLED)
            return  # else the next workshop took it up
        self._child.say(run.asked())

    def attach(self, session_id: str, listener: RunListener) -> None:
        """Listen to the jobs that a session had under a former server: what was not told is told, once."""
        self._attached[session_id] = listener
        self._child.say(wire.Attach(session_id))

    def cancel(self, session_id: str, job: str) -> bool:
        """Kill the job's processes; False when no such job runs. JobFailed `cancelled` follows."""
        run = self._runs.get((session_id, job))
        if run is None:
            return False
        if not run.cancelled:
            run.cancelled = True
            self._cancel(run)
        return True

    def cancel_session(self, session_id: str) -> asyncio.Future[list[None]]:
        """Cancel all jobs of a session. The future is done when their processes are gone."""
        self._attached.pop(session_id, None)
        runs = [run for run in self._runs.values() if run.session == session_id]
        for run in runs:
            self.cancel(*run.key)
        return asyncio.gather(*(run.over for run in runs))

    def forget(self, session_id: str) -> None:
        """The session's data are deleted: nothing of its jobs is kept."""
        self._attached.pop(session_id, None)
        self._ended = {key for key in self._ended if key[0] != session_id}
        if self._lock is not None and not self._closing:
            self._owe(session_id, wire.Forget(session_id))

    def running(self, session_id: str) -> tuple[str, ...]:
        """The ids of the session's jobs under way."""
        return tuple(run.job for run in self._runs.values() if run.session == session_id)

    async def close(self) -> None:
        """Cancel everything and leave no process."""
        self._closing = True
        runs = list(self._runs.values())
        for run in runs:
            self.cancel(*run.key)
        if runs:
            await asyncio.wait([run.over for run in runs], timeout=CLOSE_S)
        await self._child.close()
        for run in runs:
            if not run.over.done():
                self._end(run, as_json(failed(WorkErrorCode.CANCELLED)))
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # ------------------------------------------------------------------ with the workshop

    def _setup(self) -> wire.Setup:
        database, command, limits, log_level, log_format = self._wishes
        owed = self._owed.values()
        cancelled = tuple((one.session, one.job) for one in owed if isinstance(one, wire.Cancel))
        return wire.Setup(str(self._folder), database, command, limits, log_level, log_format, cancelled)

    def _cancel(self, run: _Run) -> None:
        self._owe(run.key, wire.Cancel(*run.key))
        if not self._child.open:
            # Its processes died with the workshop, or never were; the next one takes it up no more.
            self._end_soon(run, WorkErrorCode.CANCELLED)

    def _owe(self, what: Key | str, message: wire.Message) -> None:
        """To be said until it is done, also to the next workshop."""
        self._owed[what] = message
        self._child.say(message)

    def _open(self) -> None:
        for owed in self._owed.values():
            self._child.say(owed)
        for session in self._attached:
            self._child.say(wire.Attach(session))
        for run in self._runs.values():
            run.listener.job_preview(run.job, "", "")  # what was seen live died with the last workshop
            if run.start is not None and not run.cancelled:
                self._child.say(run.asked())

    def _hear(self, message: wire.Message) -> None:
        match message:
            case wire.Ask(ask, session, kind):
                self._child.say(wire.Means(ask, dict(self._means(session, kind))))
            case wire.Lines(session, job, kind, first, lines):
                if (run := self._run_of((session, job), kind)) is not None:
                    run.log(first, lines)
            case wire.Step(session, job, kind, percent, text):
                if (run := self._run_of((session, job), kind)) is not None:
                    run.listener.job_event(JobProgressed(job, percent, text))
            case wire.Preview(session, job, kind, name, address):
                if (run := self._run_of((session, job), kind)) is not None:
                    run.listener.job_preview(job, name, address)
            case wire.Ended(session, job, kind, outcome):
                owed = self._owed.pop((session, job), None)
                found = self._run_of if owed is None else self._run_under_way
                if (run := found((session, job), kind)) is not None:
                    self._end(run, outcome)
                self._child.say(wire.Told(session, job))
            case wire.Forgotten(session):
                self._owed.pop(session, None)
            case _:
                pass

    def _run_of(self, key: Key, kind: str) -> _Run | None:
        """The job as somebody here waits for it; None when nobody does (any more)."""
        run = self._runs.get(key)
        listener = self._attached.get(key[0]) if key not in self._ended else None
        if run is None and listener is not None:
            run = self._runs[key] = _Run(*key, kind, listener)
        return run

    def _run_under_way(self, key: Key, kind: str) -> _Run | None:
        return self._runs.get(key)

    def _end(self, run: _Run, outcome: dict[str, object]) -> None:
        if self._runs.get(run.key) is run:
            del self._runs[run.key]
            self._ended.add(run.key)
            run.report(outcome)

    def _end_soon(self, run: _Run, code: WorkErrorCode) -> None:
        """Not at once: who starts or cancels a job is in the middle of something."""
        asyncio.get_running_loop().call_soon(self._end, run, as_json(failed(code)))

    def _gone(self) -> None:
        """What was to be cancelled died with the workshop; the next one takes it up no more."""
        for run in [run for run in self._runs.values() if run.cancelled]:
            self._end(run, as_json(failed(WorkErrorCode.CANCELLED)))

    def _give_up(self) -> None:
        """No workshop can be started: nobody is to wait for it."""
        for run in list(self._runs.values()):
            self._owe(run.key, wire.Cancel(*run.key))
            self._end(run, as_json(failed(WorkErrorCode.CRASHED)))
