"""Three of the simulated humans of tests/scenarios, over real WebRTC with the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from machine import Load
from sessions import Note

from media.pcm import audible_end
from server.engine.voices import Voices
from server.rehearsal.client import Event, Visit
from server.rehearsal.interruptions import interruption
from server.rehearsal.mouth import RATE_HZ
from server.rehearsal.packets import PCM_HZ, Sound, decode
from server.rehearsal.spawn import running_server
from server.rehearsal.timeline import Timeline
from tests.scenarios.sounds import hum

pytestmark = [pytest.mark.accept, pytest.mark.timeout(180)]

VOICE = "echo"
SILENT_MAX_MS = 650
BACK_UP_DB = 6.0
"""A second after a hum the voice may be this much quieter than before it, by its own words."""
PAUSE_S = 1.2
REPLY_MAX_S = 3.0


async def until(visit: Visit, kind: str, **data: object) -> Event:
    """The next event of this kind with this data."""
    async with asyncio.timeout(60):
        while (event := await visit.next_event()) is not None:
            if event.type == kind and all(event.data.get(key) == value for key, value in data.items()):
                return event
    raise AssertionError(f"the events ended before {kind}")


@dataclass(slots=True)
class Guest:
    """One session, its events as they came."""

    visit: Visit
    greeting: Event

    async def until(self, kind: str, **data: object) -> Event:
        return await until(self.visit, kind, **data)

    async def say(self, text: str, pcm: bytes, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self.visit.say(text, pcm)

    def told(self, kind: str) -> list[Event]:
        return sorted((event for event in self.visit.events if event.type == kind), key=lambda one: one.seq)

    def sound(self) -> Sound:
        return decode(self.visit.tap.packets)


@asynccontextmanager
async def guest(folder: Path) -> AsyncIterator[Guest]:
    """Connected, and Marcus has just begun to greet."""
    async with running_server(folder / "data", folder / "server.log") as url, aiohttp.ClientSession() as http:
        visit = Visit(http, url)
        try:
            await visit.open()
            yield Guest(visit, await until(visit, "turn.started", act="greet"))
        finally:
            await visit.close()


def spoken(text: str) -> bytes:
    return b"".join(chunk.pcm for chunk in Voices().speak(text, VOICE))


def pcm16(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bytes:
    return np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes()


def loud_db(sound: Sound, place: int, seconds: float) -> float:
    """Level of the voice's louder half over this stretch."""
    part = np.abs(sound.pcm[place : place + round(seconds * PCM_HZ)].astype(np.float64))
    return float(20 * np.log10(np.percentile(part, 90) + 1))


async def test_a_hum_over_a_voice_does_not_stop_it(tmp_path: Path, note: Note) -> None:
    load = Load()
    async with guest(tmp_path) as here:
        await here.say("mm-hm", pcm16(hum(140, 0.35)), after_s=1.2)
        await here.say("mm-hm", pcm16(hum(190, 0.42)), after_s=1.2)
        ended = await here.until("turn.ended")
        await here.until("turn.started", act="ask")
        sound = here.sound()
        timeline = Timeline.of(here.visit.events, here.visit.tap.packets, sound, here.visit.mouth.said)
    drops = [loud_db(sound, at - PCM_HZ, 0.9) - loud_db(sound, at + PCM_HZ, 0.9) for at in timeline.speech]
    measured = (
        f"interrupted: {ended.data.get('interrupted')}; {len(here.told('human.said'))} remarks; "
        f"a second after each hum the voice was {', '.join(f'{drop:.1f}' for drop in drops)} dB quieter"
    )
    required = "the greeting is heard to its end, back at its level, and the first question follows"
    note(point="Hums over a voice", required=required, measured=measured, load=load.percent())
    assert ended.data.get("interrupted") is False
    assert not here.told("human.said")
    assert len(drops) == 2
    assert max(drops) <= BACK_UP_DB


async def test_who_thinks_in_the_middle_of_an_answer_is_waited_for(tmp_path: Path, note: Note) -> None:
    load = Load()
    parts = spoken("It is called"), bytes(2 * round(PAUSE_S * RATE_HZ)), spoken("golden crust bakery.")
    async with guest(tmp_path) as here:
        await here.until("human.listening", listening=True)
        await here.say("It is called … golden crust bakery.", b"".join(parts), after_s=0.5)
        said = here.visit.mouth.said[-1]
        done_s = said.started_s + audible_end(said.pcm) / RATE_HZ
        started = await here.until("turn.started", act="ask")
        answer = here.told("brief.updated")[-1].data
    late_s = started.arrival_s - done_s
    heard = [str(event.data.get("text")) for event in here.told("human.said")]
    measured = f"the reply {late_s:.2f} s after the last sound; one answer: {heard}"
    required = f"no reply in a pause of {PAUSE_S} s, and one within {REPLY_MAX_S:.0f} s of the end"
    note(point="A pause for thought", required=required, measured=measured, load=load.percent())
    assert 0 < late_s <= REPLY_MAX_S
    assert len(heard) == 1
    assert answer.get("changed") == "name"
    assert len(heard[0].split()) >= 4


async def test_who_talks_over_a_voice_has_the_floor(tmp_path: Path, note: Note) -> None:
    load = Load()
    async with guest(tmp_path) as here:
        await here.say("Sorry I have a question.", spoken("Sorry I have a question."), after_s=1.5)
        reply = await here.until("turn.started", act="reply")
        sound = here.sound()
        timeline = Timeline.of(here.visit.events, here.visit.tap.packets, sound, here.visit.mouth.said)
    greeting, answer = (sound.index(int(str(e.data["rtp_timestamp"]))) for e in (here.greeting, reply))
    decision = round(timeline.sample_at(timeline.decisions[0]))
    figures = interruption(sound, greeting, timeline.speech[0], decision, answer)
    assert figures is not None
    heard = [str(event.data.get("text")) for event in here.told("human.said")]
    measured = (
        f"ducked after {figures.ducked_ms:.0f} ms, silent after {figures.silent_ms:.0f} ms; heard {heard}"
    )
    required = f"silent within {SILENT_MAX_MS} ms of the human's first sound, and a reply"
    note(point="Talking over a voice", required=required, measured=measured, load=load.percent())
    assert figures.silent_ms <= SILENT_MAX_MS
    assert len(heard) == 1
