"""With two humans speaking at once, nobody waits longer for the engine than one human alone."""

from __future__ import annotations

import asyncio
import base64
import json
import statistics
from dataclasses import dataclass

import pytest
from sessions import Note

from tests.fakes.realtime_engine import Client, client, running_engine, speech

pytestmark = pytest.mark.accept

ROUNDS = 7
LATER_MS = 30
BEFORE_MS = 600
TURNS = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}
SENTENCE = "We bake fresh bread and cakes for the families in our street."


@dataclass(frozen=True, slots=True)
class Figures:
    """Delays in ms: of `speech_started` after the speech began, of the transcript and the first audio after
    the engine said that the turn was over."""

    started: float
    transcript: float
    first_audio: float


async def spoken_turn(human: Client, pcm: bytes) -> Figures:
    """Speak in real time, and measure what comes back by the clock of the loop."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    speaking = asyncio.create_task(human.speak(pcm))
    await human.until("input_audio_buffer.speech_started")
    started = loop.time() - began - BEFORE_MS / 1000
    await human.until("input_audio_buffer.speech_stopped")
    stopped = loop.time()
    await human.until("conversation.item.input_audio_transcription.completed")
    transcript = loop.time() - stopped
    await human.until("response.output_audio.delta")
    first_audio = loop.time() - stopped
    await human.until("response.done")
    await speaking
    return Figures(started * 1000, transcript * 1000, first_audio * 1000)


async def measure(port: int, humans: int) -> list[Figures]:
    """`humans` sessions speak the same words at the same moment."""
    pcm = speech(SENTENCE, before_ms=BEFORE_MS, after_ms=1_000)
    async with asyncio.TaskGroup() as group:
        turns = [group.create_task(_one_human(port, pcm)) for _ in range(humans)]
    return [turn.result() for turn in turns]


async def _one_human(port: int, pcm: bytes) -> Figures:
    async with client(port, validate=False) as human:
        await human.configure(audio={"input": {"turn_detection": TURNS, "transcription": {"model": "any"}}})
        return await spoken_turn(human, pcm)


def median(figures: list[Figures], name: str) -> float:
    return statistics.median(getattr(figure, name) for figure in figures)


async def test_two_humans_at_once_wait_no_longer_than_one(note: Note) -> None:
    """Alone and together take turns, so that what else the machine does strikes both alike."""
    alone: list[Figures] = []
    together: list[Figures] = []
    async with running_engine() as port:
        await measure_once_to_warm(port)
        for _ in range(ROUNDS):
            alone += await measure(port, 1)
            together += await measure(port, 2)
    names = ("started", "transcript", "first_audio")
    delays = [(name, median(alone, name), median(together, name)) for name in names]
    measured = "; ".join(f"{name} {one:.0f} ms alone, {two:.0f} ms together" for name, one, two in delays)
    required = f"speech_started and first audio at most {LATER_MS} ms later than with one"
    note(point="Two humans speak at once", required=required, measured=measured)
    for name in ("started", "first_audio"):
        assert median(together, name) - median(alone, name) <= LATER_MS, name


async def measure_once_to_warm(port: int) -> None:
    await _one_human(port, speech("We sell bread.", before_ms=BEFORE_MS))


async def test_a_large_append_of_one_session_does_not_hold_the_other_up(note: Note) -> None:
    """A minute of audio in one message is taken in slices; the other session's speech is noticed in time."""
    async with running_engine() as port, client(port) as greedy:
        await measure_once_to_warm(port)
        alone = [figure for _ in range(ROUNDS) for figure in await measure(port, 1)]
        minute = base64.b64encode(bytes(48 * 60_000)).decode()
        await greedy.configure(audio={"input": {"turn_detection": TURNS}})
        append = json.dumps({"type": "input_audio_buffer.append", "audio": minute})

        async def burden() -> None:
            while True:
                await greedy.sdk.send_raw(append)
                await asyncio.sleep(1.0)

        task = asyncio.create_task(burden())
        together = [figure for _ in range(ROUNDS) for figure in await measure(port, 1)]
        task.cancel()
    measured = (
        f"started {median(alone, 'started'):.0f} ms alone, {median(together, 'started'):.0f} ms beside it"
    )
    required = f"speech_started at most {2 * LATER_MS} ms later beside a session that sends a minute at once"
    note(point="A greedy neighbour", required=required, measured=measured)
    assert median(together, "started") - median(alone, "started") <= 2 * LATER_MS
