"""The source of speech that every server under test is fed from."""

from __future__ import annotations

import asyncio
import time

from media.pcm import ms_to_samples
from tests.bench.front import Ear, Event, Source
from tests.bench.sounds import speechlike

SAID = speechlike(1.0)


class Written:
    """A voice that writes down what it is told."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.pcm = b""

    def begin(self) -> None:
        self.calls.append("begin")

    def push(self, pcm: bytes) -> None:
        self.calls.append("push")
        self.pcm += pcm

    def end(self) -> None:
        self.calls.append("end")

    def interrupt(self) -> None:
        self.calls.append("interrupt")


async def test_an_utterance_is_handed_over_whole_and_faster_than_real_time() -> None:
    voice, log = Written(), list[Event]()
    began = time.monotonic()
    await Source(1, voice, log).utter(SAID)
    assert time.monotonic() - began < 0.9
    assert voice.pcm == SAID
    assert (voice.calls[0], voice.calls[-1]) == ("begin", "end")
    assert [event["i"] for event in log] == list(range(len(log)))
    assert [event["last"] for event in log] == [False] * (len(log) - 1) + [True]
    assert sum(int(event["n"]) for event in log) == len(SAID)


async def test_an_interruption_names_its_utterance_and_comes_after_it() -> None:
    voice, log = Written(), list[Event]()
    source = asyncio.create_task(Source(1, voice, log).run("interrupt"))
    async with asyncio.timeout(10):
        while "interrupt" not in voice.calls:
            await asyncio.sleep(0.02)
    source.cancel()
    # On a busy machine the next utterance may have begun.
    assert voice.calls[: voice.calls.index("interrupt")].count("begin") == 1
    told = [(event["k"], event["u"]) for event in log]
    before = told[: told.index(("interrupt", 0))]
    assert before
    assert set(before) == {("delta", 0)}


async def test_an_idle_source_waits_to_be_told() -> None:
    voice, log = Written(), list[Event]()
    await Source(1, voice, log).run("idle")
    assert not voice.calls


def test_an_ear_counts_always_and_keeps_when_asked() -> None:
    counting, keeping = Ear(keep=False), Ear(keep=True)
    for ear in (counting, keeping):
        ear.hear(bytes(2 * ms_to_samples(20)))
    assert counting.bytes == keeping.bytes == 2 * ms_to_samples(20)
    assert not counting.chunks
    assert [samples for _, samples in keeping.chunks] == [ms_to_samples(20)]
