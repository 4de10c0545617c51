"""The words so far, from a real worker: early, rarely taken back, and good enough to tell an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from server.engine.downsampler import Downsampler
from server.engine.endings import PATIENCE, patience_ms
from server.engine.hearing import Heard, Hearing, Progress, Utterance
from tests.fakes.realtime_engine import speech

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLICE_BYTES = 3_200
"""100 ms at 16 kHz."""
FINISHED = (
    "We sell fresh bread every day.",
    "Our customers are young families.",
    "I would like three pages.",
    "Yes.",
    "We repair old bicycles.",
    "It should look warm and friendly.",
)
OPEN = (
    "We sell fresh bread and.",
    "Our customers are.",
    "I would like pages with.",
    "Our shop is called the.",
    "We repair bicycles because.",
    "It should look like a.",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hearing() -> AsyncIterator[Hearing]:
    hearing = Hearing(1)
    await hearing.open()
    yield hearing
    await hearing.close()


async def listen(hearing: Hearing, pcm: bytes) -> tuple[list[Progress], str]:
    """All progress, and the final transcript."""
    result: asyncio.Future[Heard | None] = asyncio.get_running_loop().create_future()

    def done(_: Utterance, heard: Heard | None) -> None:
        result.set_result(heard)

    progress: list[Progress] = []
    utterance = hearing.begin(done, "", progress.append)
    audio = Downsampler().push(pcm)
    for start in range(0, len(audio), SLICE_BYTES):
        utterance.feed(audio[start : start + SLICE_BYTES])
    utterance.pause()
    utterance.finish()
    async with asyncio.timeout(30):
        heard = await result
    assert heard
    return progress, " ".join(word for word, _ in heard.words)


async def test_words_are_known_before_the_stretch_is_over_and_all_after_it(hearing: Hearing) -> None:
    text = "We bake fresh bread and cakes for the families in our street."
    progress, final = await listen(hearing, speech(text, after_ms=300))
    *early, last = progress
    assert last == Progress(tuple(final.split()), settled=True)
    assert len(early) >= 3
    assert not any(one.settled for one in early)
    assert len(set(early[-1].words) & set(text.lower().rstrip(".").split())) >= 6
    assert len(early[0].words) < len(early[-1].words)


async def test_an_abandoned_utterance_tells_nothing_more(hearing: Hearing) -> None:
    progress: list[Progress] = []
    utterance = hearing.begin(lambda *_: None, "", progress.append)
    utterance.feed(Downsampler().push(speech("Nobody wants to know.")))
    await asyncio.sleep(0.05)
    utterance.abandon()
    before = len(progress)
    _, final = await listen(hearing, speech("We sell fresh bread."))
    assert "bread" in final
    assert len(progress) == before


async def test_most_phrases_are_told_apart_by_their_end(hearing: Hearing) -> None:
    """Two voices say six finished and six open phrases."""
    right = 0  # 24 of 24, when this was written
    for voice in ("echo", "ballad"):
        for text in (*FINISHED, *OPEN):
            progress, _ = await listen(hearing, speech(text, voice, after_ms=300))
            waits_ms = patience_ms(progress[-1].words, "medium")
            is_open = waits_ms == PATIENCE["medium"].unfinished_ms
            right += is_open == (text in OPEN)
    assert right >= 20
