"""A loudspeaker beside the microphone: the team does not interrupt itself, and its human still can."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import aiohttp
import pytest
from loudspeaker import SpeakerphoneMouth
from machine import Load
from sessions import FIXTURES, Note

from server.rehearsal.answers import Answers, load
from server.rehearsal.client import RehearsalError, Visit
from server.rehearsal.human import INTERRUPTIONS, Human
from server.rehearsal.mouth import prepare
from server.rehearsal.overtalk import overtalks, uncut_ms
from server.rehearsal.packets import decode
from server.rehearsal.part import Part
from server.rehearsal.spawn import running_server
from server.rehearsal.timeline import Timeline

pytestmark = pytest.mark.accept

DELAYS_MS = (100, 200, 300)
GAIN_DB = -20
VOICE_S = 600.0
FALSE_MAX = 1
BARGE_INS, BARGE_INS_LEAST = 4, 6
"""So many are tried in each session; so many must be there in all."""
SILENT_MAX_MS = 650
SESSION_S = 420


@dataclass(frozen=True, slots=True)
class Outcome:
    """One session. `noticed` counts how often the human was believed to speak."""

    voice_s: float
    interrupted: tuple[str, ...]
    talked_over: tuple[str, ...]
    noticed: int
    words: tuple[str, ...]
    silent_ms: tuple[float, ...]
    """Of the voices that were cut, and of those that ended by themselves before they were."""
    failure: str

    @property
    def false(self) -> int:
        return len(set(self.interrupted) - set(self.talked_over))


@dataclass(frozen=True, slots=True)
class Evening:
    listened: list[Outcome]
    talked_over: list[Outcome]
    load: float


@pytest.fixture(scope="module")
def evening() -> Evening:
    """Sessions in which the human only listens, until enough was said; then one wave of barge-ins."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("MOENT", "OPENAI_"))}
    usual["MOENTREPRISE_MAX_LOAD_PERCENT"] = "1000"
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(usual):
            patch.delenv(name)
        patch.setenv("MOENTREPRISE_MAX_LOAD_PERCENT", "1000")
        return asyncio.run(_evening())


async def _evening() -> Evening:
    answers = load(FIXTURES / "answers-yoga.json")
    listened: list[Outcome] = []
    measured = Load()
    with tempfile.TemporaryDirectory() as folder:
        spoken = await prepare(INTERRUPTIONS, "echo", Path(folder))
        async with (
            running_server(Path(folder) / "data", Path(folder) / "server.log") as url,
            aiohttp.ClientSession() as http,
        ):
            while sum(one.voice_s for one in listened) < VOICE_S:
                listened += await _wave(http, url, answers, spoken, 0)
            talked_over = await _wave(http, url, answers, spoken, BARGE_INS)
    return Evening(listened, talked_over, measured.percent())


async def _wave(
    http: aiohttp.ClientSession, url: str, answers: Answers, spoken: dict[str, bytes], barge_ins: int
) -> list[Outcome]:
    """A session with each delay, at once."""
    async with asyncio.TaskGroup() as group:
        held = [group.create_task(_hold(http, url, answers, spoken, barge_ins, ms)) for ms in DELAYS_MS]
    return [one.result() for one in held]


async def _hold(
    http: aiohttp.ClientSession,
    url: str,
    answers: Answers,
    spoken: dict[str, bytes],
    barge_ins: int,
    delay_ms: int,
) -> Outcome:
    mouth = SpeakerphoneMouth(delay_ms, GAIN_DB)
    visit = Visit(http, url, mouth=mouth)
    mouth.hears(visit.tap)
    part = Part(interruptions=barge_ins, given=True)
    human = Human(visit, answers, spoken, lambda line: None, part)
    failure = ""
    try:
        async with asyncio.timeout(SESSION_S):
            await visit.open(answers.corrected())
            await human.hold()
    except (RehearsalError, TimeoutError) as error:
        failure = str(error) or type(error).__name__
    finally:
        await visit.close()
    return await asyncio.to_thread(_outcome, visit, tuple(human.interrupted), failure)


def _outcome(visit: Visit, talked_over: tuple[str, ...], failure: str) -> Outcome:
    events = visit.events
    sound = decode(visit.tap.packets)
    timeline = Timeline.of(events, visit.tap.packets, sound, visit.mouth.said)
    ended = [event.data for event in events if event.type == "turn.ended"]
    cut = overtalks(timeline, events, visit.tap.packets, sound)
    return Outcome(
        voice_s=len(visit.tap.packets) * 0.02,
        interrupted=tuple(str(data.get("turn")) for data in ended if data.get("interrupted")),
        talked_over=talked_over,
        noticed=sum(event.type == "human.speaking" and bool(event.data.get("speaking")) for event in events),
        words=tuple(str(event.data.get("text")) for event in events if event.type == "human.said"),
        silent_ms=(*(one.measured.silent_ms for one in cut), *uncut_ms(timeline, sound)),
        failure=failure,
    )


def test_the_teams_own_voice_coming_back_interrupts_nobody(evening: Evening, note: Note) -> None:
    held = evening.listened
    voice_s, false = sum(one.voice_s for one in held), sum(one.false for one in held)
    noticed, words = sum(one.noticed for one in held), [word for one in held for word in one.words]
    failed = [one.failure for one in held if one.failure]
    measured = (
        f"{false} in {voice_s / 60:.1f} minutes at {GAIN_DB} dB and {DELAYS_MS} ms, {len(held)} sessions"
        f" ({len(failed)} not completed); taken for speech {noticed} times, for words {len(words)} times"
    )
    required = f"at most {FALSE_MAX} interruption in {VOICE_S / 60:.0f} minutes of voice"
    note(point="Echo", required=required, measured=measured, load=evening.load)
    assert not failed
    assert false * VOICE_S / voice_s <= FALSE_MAX


def test_a_human_interrupts_over_the_echo(evening: Evening, note: Note) -> None:
    held = evening.talked_over
    tried = sum(len(one.talked_over) for one in held)
    cut = sum(len(set(one.interrupted) & set(one.talked_over)) for one in held)
    silent = [ms for one in held for ms in one.silent_ms]
    p95 = quantiles(silent, n=20, method="inclusive")[18] if len(silent) > 1 else float("inf")
    note(
        point="Barge-in over an echo",
        required=f"silent within {SILENT_MAX_MS} ms (p95) of the human's first audible sample",
        measured=f"{cut} of {tried} voices cut, p95 {p95:.0f} ms, worst {max(silent, default=0):.0f} ms"
        f" of {len(silent)}; {sum(one.false for one in held)} others cut",
        load=evening.load,
    )
    assert cut >= BARGE_INS_LEAST
    assert p95 <= SILENT_MAX_MS
