"""The test's side of a jobs_server: start it, tell it what to do, remember what it says, kill it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.workshops import until

ROOT = Path(__file__).parents[2]


@dataclass
class KilledServer:
    """A running one. `outcomes` and `lines` are what its listeners heard of all jobs."""

    process: Process
    workshop: int = 0
    lines: list[str] = field(default_factory=list)
    outcomes: list[dict[str, object]] = field(default_factory=list)

    def tell(self, **what: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what).encode() + b"\n")

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while (line := await self.process.stdout.readline()).endswith(b"\n"):
            heard = json.loads(line)
            if "workshop" in heard:
                self.workshop = heard["workshop"]
            elif "lines" in heard:
                self.lines += heard["lines"]
            else:
                self.outcomes.append(heard)

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def server(data: Path, linkedin: str = "http://127.0.0.1:9") -> AsyncIterator[KilledServer]:
    """One whose workshop takes work; it is gone afterwards."""
    command = (sys.executable, "-m", "tests.fakes.jobs_server", str(data), linkedin)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=2**22
    )
    one = KilledServer(process)
    listening = asyncio.create_task(one.listen())
    try:
        await until(lambda: one.workshop)
        yield one
    finally:
        await one.kill()
        await asyncio.wait({listening})
        assert process.stdin is not None
        process.stdin.close()
