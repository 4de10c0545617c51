"""One rehearsal from start to end: prepare the answers, start a server, hold the session, keep its fruit."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from server.rehearsal import report
from server.rehearsal.answers import Answers, AnswersError, load
from server.rehearsal.client import RehearsalError, Visit
from server.rehearsal.human import DECISIONS, INTERRUPTIONS, OPINION, Human, Tell
from server.rehearsal.mouth import SpeechError, prepare
from server.rehearsal.part import Part
from server.rehearsal.spawn import running_server
from server.settings import Settings

SESSION_S = 10 * 60
AFTERGLOW_S = 0.8
"""What is still to come after the last event: the last packets of the last word."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is held, by whom, and where its fruit goes."""

    answers: Answers
    out: Path
    part: Part

    def texts(self) -> dict[str, str]:
        """All that will be said aloud."""
        answers = {} if self.part.given else {**self.answers.said, **OPINION}
        interruptions = INTERRUPTIONS if self.part.interruptions else {}
        return {**answers, **interruptions, **(DECISIONS if self.part.decisions else {})}


def rehearse(settings: Settings, answers: Path, out: Path, url: str, part: Part) -> int:
    """The exit code; see `server.rehearsal.run`."""
    del settings  # the server that is started reads the same environment itself
    try:
        plan = Plan(load(answers), out, part)
        out.mkdir(parents=True, exist_ok=True)
        asyncio.run(_rehearse(plan, url))
    except (RehearsalError, AnswersError, SpeechError, aiohttp.ClientError, TimeoutError) as error:
        print(f"moentreprise: {str(error) or type(error).__name__}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _rehearse(plan: Plan, url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        preparing = asyncio.create_task(
            prepare(plan.texts(), plan.part.voice, Path(folder)), name="prepare answers"
        )
        try:
            async with (
                _server(url, plan.out) as base,
                aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as http,
            ):
                await _hold(http, base, plan, await preparing)
        finally:
            preparing.cancel()
            await asyncio.gather(preparing, return_exceptions=True)


@asynccontextmanager
async def _server(url: str, out: Path) -> AsyncIterator[str]:
    if url:
        yield url
        return
    print("starting a server", flush=True)
    async with running_server((out / "data").resolve(), out / "server.log") as own:
        yield own


async def _hold(http: aiohttp.ClientSession, base: str, plan: Plan, spoken: dict[str, bytes]) -> None:
    loop = asyncio.get_running_loop()
    started_s = loop.time()

    def tell(line: str) -> None:
        seconds = round(loop.time() - started_s)
        print(f"[{seconds // 60}:{seconds % 60:02d}] {line}", flush=True)

    visit = Visit(http, base)
    human = Human(visit, plan.answers, spoken, tell, plan.part)
    try:
        failure = await _take_part(visit, human, plan, tell)
        downloads = await _downloads(visit)
    finally:
        await visit.close()
    figures = await asyncio.to_thread(report.write, plan.out, visit, plan.answers, downloads)
    if failure is not None:
        raise failure
    for line in report.headlines(figures):
        tell(line)
    if human.missed:
        raise RehearsalError(f"Not understood: {', '.join(human.missed)}.")
    if len(human.interrupted) < plan.part.interruptions:
        raise RehearsalError(f"Only {len(human.interrupted)} turns could be talked over.")


async def _take_part(visit: Visit, human: Human, plan: Plan, tell: Tell) -> RehearsalError | None:
    """The whole session; why it was not whole, if it was not."""
    try:
        async with asyncio.timeout(SESSION_S):
            await visit.open(plan.answers.corrected() if plan.part.given else ())
            tell(f"connected to session {visit.id}")
            await human.hold()
        await asyncio.sleep(AFTERGLOW_S)
    except TimeoutError:
        return RehearsalError(f"The session was not over after {SESSION_S // 60} minutes.")
    except RehearsalError as error:
        return error
    return None


async def _downloads(visit: Visit) -> report.Downloads:
    """Also of a session that failed: what it left tells why."""
    try:
        return await report.download(visit) if visit.id else report.NOTHING
    except aiohttp.ClientError:
        return report.NOTHING
