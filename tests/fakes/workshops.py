"""For tests of jobs: a listener that remembers, and workers that do what a script in the payload says."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from orchestration.events import JobFailed, JobFinished, JobProgressed
from server.jobs.means import MeansOf, no_means
from server.jobs.runner import JobRunner
from server.jobs.wire import Limits

BRIEF: dict[str, object] = {
    "brief": {"name": "Ona", "offer": "we bake bread and cakes", "pages": "home menu and contact"}
}
_WORKER = """
import io, json, os, sys, time, types
from server.jobs.worker import end_with_parent
end_with_parent()
line = sys.stdin.buffer.readline()
asked = json.loads(line or b'{"payload": {}}')
def say(**m): print(json.dumps(m), flush=True)
if "script" in asked["payload"]:
    exec(asked["payload"]["script"])
else:
    sys.stdin = types.SimpleNamespace(buffer=io.BytesIO(line))
    from server.jobs.worker import main
    sys.exit(main())
"""
SCRIPTED = (sys.executable, "-P", "-c", _WORKER)
"""A worker that executes `payload["script"]` (with `say` and `asked`), and does real work without one."""
DONE = "say(type='result', result={'ok': 1})\n"


class Listener:
    """Keeps what a job says; `ended` is set by its one outcome."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.lines: list[str] = []
        self.outcomes: list[JobFinished | JobFailed] = []
        self.progress: list[JobProgressed] = []
        self.ended = asyncio.Event()
        self.spoken = asyncio.Event()
        self.previews: list[tuple[str, str, str]] = []

    def job_preview(self, job: str, socket: str, address: str) -> None:
        if address or self.previews:
            self.order.append("preview")
            self.previews.append((job, socket, address))

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None:
        self.order += ["log"]
        self.lines += lines
        self.spoken.set()

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None:
        self.order.append(type(event).__name__)
        if isinstance(event, JobProgressed):
            self.progress.append(event)
        else:
            self.outcomes.append(event)
            self.ended.set()

    async def outcome(self) -> JobFinished | JobFailed:
        async with asyncio.timeout(40):
            await self.ended.wait()
        assert len(self.outcomes) == 1
        return self.outcomes[0]

    async def failure(self) -> JobFailed:
        outcome = await self.outcome()
        assert isinstance(outcome, JobFailed)
        return outcome

    async def result(self) -> dict[str, object]:
        outcome = await self.outcome()
        assert isinstance(outcome, JobFinished), outcome
        return outcome.result


def runner(data: Path, limits: Limits | None = None, means: MeansOf = no_means) -> JobRunner:
    """With scripted workers, warm."""
    made = JobRunner(
        data, limits=limits or Limits(time_limit_s=60.0), command=SCRIPTED, means=means, log_level="warning"
    )
    made.warm()
    return made


def start(
    runner: JobRunner, folder: Path, script: str = "", kind: str = "research", job: str = "j1"
) -> Listener:
    """A job of the session whose folder it is."""
    folder.mkdir(parents=True, exist_ok=True)
    listener = Listener()
    payload: dict[str, object] = {"script": script} if script else dict(BRIEF)
    runner.start(folder.name, job, kind, payload, folder, listener)
    return listener


async def until(happened: Callable[[], object], within_s: float = 40.0) -> None:
    async with asyncio.timeout(within_s):
        while not happened():
            await asyncio.sleep(0.01)
