"""A program written for OpenAI's voices runs unchanged on the embedded engine: `openai-agents`, by voice.

Nothing but the address is ours: the SDK's own default settings, among them semantic turn detection and its
truncation to what was played. The SDK is imported inside, because only `make accept` installs it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sessions import Note

from tests.fakes.realtime_engine import running_engine, speech

if TYPE_CHECKING:
    from agents.realtime import RealtimeAgent, RealtimeSession

pytestmark = pytest.mark.accept

CHUNK_BYTES = 960
BYTES_PER_SECOND = 48_000
REPLY_SECONDS = 20.0
TALKED_OVER_S = 1.0
QUESTION = "What is the weather in Paris?"
STORY = "We bake fresh bread and cakes for the families in our street."
INTERRUPTION = "Hello, what is your name?"


class Conversation:
    """A session with an open microphone, and everything that came of it."""

    def __init__(self, session: RealtimeSession) -> None:
        self.session = session
        self.kinds: list[str] = []
        self.raw: list[str] = []
        self.errors: list[object] = []
        self.audio_bytes = 0
        self._says: asyncio.Queue[bytes] = asyncio.Queue()

    async def microphone(self) -> None:
        """20 ms at a time, silence where nobody speaks: as a microphone does it."""
        due, waiting = asyncio.get_running_loop().time(), b""
        while True:
            if not waiting and not self._says.empty():
                waiting = self._says.get_nowait()
            chunk, waiting = waiting[:CHUNK_BYTES].ljust(CHUNK_BYTES, b"\0"), waiting[CHUNK_BYTES:]
            await self.session.send_audio(chunk)
            due += 0.02
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

    async def listen(self) -> None:
        async for event in self.session:
            self.kinds.append(event.type)
            if event.type == "error":
                self.errors.append(event.error)
            elif event.type == "audio":
                self.audio_bytes += len(event.audio.data)
            elif event.type == "raw_model_event" and event.data.type == "raw_server_event":
                self.raw.append(event.data.data["type"])

    def say(self, text: str) -> None:
        self._says.put_nowait(speech(text, "echo", before_ms=0, after_ms=0))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(REPLY_SECONDS):
            while not condition():
                await asyncio.sleep(0.01)

    def answers(self) -> list[str]:
        """What the assistant said, message by message."""
        items = [item.model_dump() for item in self.session._history]
        said = [item for item in items if item.get("role") == "assistant"]
        return [" ".join(part.get("transcript") or "" for part in item["content"]) for item in said]


@asynccontextmanager
async def talking(agent: RealtimeAgent[None], port: int) -> AsyncIterator[Conversation]:
    from agents.realtime import RealtimeRunner

    url = f"ws://127.0.0.1:{port}/v1/realtime?model=gpt-realtime-2.1"
    async with await RealtimeRunner(agent).run(model_config={"url": url, "api_key": "x"}) as session:
        conversation = Conversation(session)
        tasks = [asyncio.create_task(conversation.listen()), asyncio.create_task(conversation.microphone())]
        try:
            yield conversation
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_agent_of_the_openai_agents_sdk_holds_a_spoken_conversation(note: Note) -> None:
    from agents import function_tool, set_tracing_disabled
    from agents.realtime import RealtimeAgent

    set_tracing_disabled(True)
    cities: list[str] = []

    @function_tool
    def get_weather(city: str) -> str:
        """The weather in a city."""
        cities.append(city)
        return json.dumps({"message": "It is sunny and warm."})

    agent = RealtimeAgent(name="Mia", instructions="You are Mia, a helpful guide.", tools=[get_weather])
    async with running_engine() as port, talking(agent, port) as human:
        human.say(QUESTION)
        await human.until(lambda: any("sunny" in answer for answer in human.answers()))
        await human.until(lambda: human.raw.count("response.done") >= 2)
        await asyncio.sleep(human.audio_bytes / BYTES_PER_SECOND)
        human.say(STORY)
        await human.until(lambda: human.raw.count("response.done") >= 3)
        await asyncio.sleep(TALKED_OVER_S)
        assert "conversation.item.truncated" not in human.raw
        human.say(INTERRUPTION)
        await human.until(lambda: human.raw.count("response.done") >= 4)
    measured = f"{human.raw.count('response.done')} responses, tool called for {cities}, "
    truncations = human.raw.count("conversation.item.truncated")
    measured += f"truncated {truncations} times, {len(human.errors)} errors"
    required = "three spoken turns, one tool call, one interruption with truncation, no error"
    note(point="openai-agents on the engine", required=required, measured=measured)
    print(human.answers(), human.errors)
    assert not human.errors
    assert len(cities) == 1
    assert "audio_interrupted" in human.kinds
    assert truncations == 1
    assert "Mia" in human.answers()[-1]
