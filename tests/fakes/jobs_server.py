"""A small server to be killed: `python -m tests.fakes.jobs_server DATA LINKEDIN_URL`.

It runs jobs as it is told on stdin. A line `{"session", "job", "kind", "payload"}` starts a job,
`{"attach": session}` listens to what a former server left. What a listener hears is written to stdout, one
JSON object a line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import cast

from orchestration.events import JobFailed, JobFinished, JobProgressed
from server import logs
from server.accounts import Accounts
from server.jobs import means
from server.jobs.runner import JobRunner
from server.jobs.wire import Limits
from server.settings import Settings
from tests.fakes.workshops import SCRIPTED


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


class Teller:
    """Says at once what it hears."""

    def job_log(self, job: str, kind: str, lines: tuple[str, ...]) -> None:
        say(job=job, lines=lines)

    def job_event(self, event: JobProgressed | JobFinished | JobFailed) -> None:
        if isinstance(event, JobFinished):
            say(job=event.job, result=event.result)
        elif isinstance(event, JobFailed):
            say(job=event.job, code=event.code)

    def job_preview(self, job: str, socket: str, address: str) -> None:
        """Nothing of these jobs is seen live."""


async def main(data: Path, linkedin: str) -> None:
    logs.configure("warning")
    settings = Settings(data=data, linkedin_url=linkedin, linkedin_version="202611")
    given = means.of_settings(settings, Accounts(settings).means)
    runner = JobRunner(data, command=SCRIPTED, means=given, limits=Limits(), log_level="warning")
    runner.warm()
    while not runner.ready:
        await asyncio.sleep(0.01)
    say(workshop=runner.workshop_pid)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked: dict[str, object] = json.loads(line)
        if "attach" in asked:
            runner.attach(str(asked["attach"]), Teller())
            continue
        session, payload = str(asked["session"]), cast("dict[str, object]", asked["payload"])
        folder = data / "sessions" / session
        runner.start(session, str(asked["job"]), str(asked["kind"]), payload, folder, Teller())
    await runner.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
