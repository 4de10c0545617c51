"""Speech to text in real worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from server.engine import hearing as hearing_module
from server.engine.downsampler import Downsampler
from server.engine.hearing import STARVED_SECONDS, Heard, Hearing, Utterance
from tests.fakes.realtime_engine import speech

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hearing() -> AsyncIterator[Hearing]:
    """One worker, so that a second utterance must wait."""
    hearing = Hearing(1)
    await hearing.open()
    yield hearing
    await hearing.close()


class Listener:
    def __init__(self, hearing: Hearing, pcm: bytes = b"", mean: str = "") -> None:
        self.result: asyncio.Future[Heard | None] = asyncio.get_running_loop().create_future()
        self.utterance = hearing.begin(self._done, mean)
        if pcm:
            self.utterance.feed(Downsampler().push(pcm))

    def _done(self, utterance: Utterance, heard: Heard | None) -> None:
        self.result.set_result(heard)

    async def text(self) -> str:
        self.utterance.finish()
        async with asyncio.timeout(30):
            heard = await self.result
        assert heard
        return " ".join(word for word, _ in heard.words)


async def test_words_come_with_probabilities_and_the_speakers_mean(hearing: Hearing) -> None:
    listener = Listener(hearing, speech("We sell fresh bread."))
    assert "bread" in await listener.text()
    heard = await listener.result
    assert heard
    assert all(logprob <= 0 for _, logprob in heard.words)
    assert heard.mean
    assert "bread" in await Listener(hearing, speech("We sell fresh bread."), heard.mean).text()


async def test_a_much_quieter_voice_is_understood_too(hearing: Hearing) -> None:
    quiet = (np.frombuffer(speech("We sell fresh bread."), "<i2") // 10).astype("<i2").tobytes()
    assert "bread" in await Listener(hearing, quiet).text()


async def test_what_comes_after_a_pause_belongs_to_the_same_utterance(hearing: Hearing) -> None:
    listener = Listener(hearing, speech("We sell fresh bread."))
    listener.utterance.pause()
    listener.utterance.feed(Downsampler().push(speech("And we sell books.")))
    listener.utterance.pause()
    text = await listener.text()
    assert text.index("bread") < text.index("books")


@pytest.mark.parametrize("pcm", [b"", bytes(48 * 1_000)])
async def test_silence_is_an_empty_transcript(hearing: Hearing, pcm: bytes) -> None:
    assert await Listener(hearing, pcm).text() == ""


async def test_when_all_workers_are_busy_an_utterance_waits_its_turn(hearing: Hearing) -> None:
    first, second = Listener(hearing, speech("We sell bread.")), Listener(hearing, speech("We sell books."))
    await asyncio.sleep(0.05)
    second.utterance.finish()
    await asyncio.sleep(0.05)
    assert not second.result.done()
    assert "bread" in await first.text()
    assert "books" in await second.text()


async def test_a_room_that_is_never_silent_does_not_keep_the_worker(hearing: Hearing) -> None:
    television = Listener(hearing)
    noise = Downsampler().push(speech("And now the news of the day, and more of it, without any end.") * 3)
    for start in range(0, len(noise), 3_200):
        television.utterance.feed(noise[start : start + 3_200])
    await asyncio.sleep(0.05)
    assert "bread" in await Listener(hearing, speech("We sell fresh bread.")).text()
    assert not television.result.done()
    assert (await television.text()).count("news") >= 2


async def test_an_utterance_whose_audio_stops_coming_does_not_keep_the_worker(hearing: Hearing) -> None:
    gone = Listener(hearing, speech("We sell books."))
    await asyncio.sleep(0.05)
    assert "bread" in await Listener(hearing, speech("We sell fresh bread.")).text()
    assert "books" in await gone.text()


async def test_after_a_pause_the_end_of_the_turn_needs_no_worker(hearing: Hearing) -> None:
    listener = Listener(hearing, speech("We sell fresh bread."))
    listener.utterance.pause()
    await asyncio.sleep(0.05)
    other = Listener(hearing, speech("We sell books."))
    await asyncio.sleep(STARVED_SECONDS / 2)
    assert "bread" in await listener.text()
    assert not other.result.done()
    assert "books" in await other.text()


@pytest.mark.parametrize("limit", ["RESULT_SECONDS", "DUE_SECONDS"])
async def test_a_recogniser_that_hangs_fails_the_transcript_and_is_replaced(
    hearing: Hearing, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_module, limit, 0.2)
    monkeypatch.setattr(hearing_module, "DROP_SECONDS", 0.2)
    (pid,) = hearing.pids
    os.kill(pid, signal.SIGSTOP)
    listener = Listener(hearing, speech("Hello."))
    listener.utterance.finish()
    async with asyncio.timeout(20):
        assert await listener.result is None
    monkeypatch.undo()
    assert "bread" in await Listener(hearing, speech("We sell fresh bread.")).text()
    assert pid not in hearing.pids


async def test_an_abandoned_utterance_frees_its_worker(hearing: Hearing) -> None:
    pids = hearing.pids
    abandoned = Listener(hearing, speech("Nobody wants to know."))
    await asyncio.sleep(0.05)
    abandoned.utterance.abandon()
    assert "bread" in await Listener(hearing, speech("We sell fresh bread.")).text()
    assert not abandoned.result.done()
    assert hearing.pids == pids


async def test_a_worker_that_dies_fails_its_utterance_and_is_replaced(hearing: Hearing) -> None:
    listener = Listener(hearing, speech("We sell fresh bread."))
    await asyncio.sleep(0.05)
    (pid,) = hearing.pids
    os.kill(pid, signal.SIGKILL)
    listener.utterance.finish()
    async with asyncio.timeout(30):
        assert await listener.result is None
    assert "bread" in await Listener(hearing, speech("We sell fresh bread.")).text()
    assert pid not in hearing.pids


async def test_closing_leaves_no_process_and_no_thread() -> None:
    threads = threading.active_count()
    hearing = Hearing(1)
    await hearing.open()
    (pid,) = hearing.pids
    Listener(hearing, speech("Unfinished."))
    await asyncio.sleep(0.05)
    await hearing.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    for _ in range(100):
        if threading.active_count() <= threads:
            return
        await asyncio.sleep(0.02)
    pytest.fail("a thread is left")
