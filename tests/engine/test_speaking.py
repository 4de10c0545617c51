"""Text to speech in real worker processes: what hangs is told and replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from server.engine import speaking as speaking_module
from server.engine.speaking import Speaking, SpeakingFailed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speaking() -> AsyncIterator[Speaking]:
    """One worker, so that a second text must wait."""
    speaking = Speaking(1)
    await speaking.open()
    yield speaking
    await speaking.close()


async def say(speaking: Speaking, text: str = "We sell fresh bread.") -> bytes:
    async with asyncio.timeout(20), aclosing(speaking.speak(text, "marin", 1.0)) as chunks:
        return b"".join([chunk.pcm async for chunk in chunks])


async def test_a_text_becomes_sound(speaking: Speaking) -> None:
    assert len(await say(speaking)) > 24_000


async def test_a_voice_that_hangs_fails_the_text_and_is_replaced(
    speaking: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking_module, "CHUNK_SECONDS", 0.2)
    monkeypatch.setattr(speaking_module, "ABORT_SECONDS", 0.2)
    (pid,) = speaking.pids
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SpeakingFailed):
        await say(speaking)
    monkeypatch.undo()
    async with asyncio.timeout(20):
        while pid in speaking.pids or not speaking.pids:
            await asyncio.sleep(0.02)
    assert await say(speaking)


async def test_who_waits_too_long_for_a_voice_is_told(
    speaking: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking_module, "LEND_SECONDS", 0.1)
    async with aclosing(speaking.speak("One sentence. And another one.", "cedar", 1.0)) as held:
        await anext(held)
        with pytest.raises(SpeakingFailed):
            await say(speaking)
    monkeypatch.undo()
    assert await say(speaking)
