"""The product with its embedded engine beside it, on the same core.

`python -m tests.bench.engine_server --port N`. As harness_server, but what is said comes from the engine, by
a Line for each session, and the microphone goes to a listening Line: the engine detects turns and recognises.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path

from openai import AsyncOpenAI

from orchestration import personas
from orchestration.adapters.openai_line import line_factory
from orchestration.events import ToolCall
from orchestration.personas import line_config
from orchestration.ports import Line, LineConfig, ResponseRequest
from orchestration.usage import Usage
from orchestration.workflow import MOENTREPRISE
from server import cli_serve
from server.engine_process import EngineProcess
from server.session import Crew
from tests.bench.front import Call, serve
from tests.bench.harness_server import Hall, NoWork, Puppet
from tests.bench.sounds import SENTENCES

PAUSE_S = 1.0


class Engaged(Puppet):
    """A Puppet whose words are the engine's: two sentences and a pause, again and again."""

    _numbers = itertools.count()
    _line: Line | None = None
    _listening: Line | None = None
    _asked = 0
    _deltas = 0

    async def run(self) -> str:
        persona = list(self.cast.values())[next(self._numbers) % len(self.cast)]
        self._line = self.open_line(line_config(persona, self.cast), self)
        self._listening = self.open_line(LineConfig("listener", "You only listen.", None), self)
        try:
            await asyncio.gather(self._line.open(), self._listening.open())
            self._ask()
            return await super().run()
        finally:
            await asyncio.gather(self._line.close(), self._listening.close())

    def hear(self, pcm: bytes) -> None:
        if self._listening is not None:
            self._listening.hear(pcm)
        self.call.ear.hear(pcm)

    def playout_finished(self, turn: str, sent_ms: int) -> None:
        super().playout_finished(turn, sent_ms)
        asyncio.get_running_loop().call_later(PAUSE_S, self._ask)

    def _ask(self) -> None:
        self._asked += 1
        self._deltas = 0
        said = " ".join(SENTENCES[(self._asked + half) % len(SENTENCES)] for half in (0, 7))
        assert self._line is not None
        self._line.respond(ResponseRequest(f"ask-{self._asked}", "", f"Say exactly: {said}"))

    # ------------------------------------------------------------------ what the Lines say

    def audio_received(self, turn: str, pcm: bytes) -> None:
        if not self._deltas:
            self.begin()
        self.call.note("delta", i=self._deltas, n=len(pcm))
        self._deltas += 1
        self.push(pcm)

    def response_finished(self, turn: str, text: str, calls: tuple[ToolCall, ...]) -> None:
        self.end()

    def response_failed(self, turn: str, code: str, retryable: bool) -> None:
        raise AssertionError(f"{turn}: {code}")

    def word_received(self, turn: str, text: str, audio_ms: int | None) -> None: ...

    def speech_started(self, item: str) -> None: ...

    def speech_stopped(self, item: str) -> None: ...

    def words_heard(self, item: str, text: str) -> None: ...

    def human_said(self, item: str, text: str, confidence: float) -> None: ...

    def transcription_failed(self, item: str) -> None: ...

    def line_lost(self, name: str, code: str) -> None:
        raise AssertionError(f"{name}: {code}")

    def line_restored(self, name: str) -> None: ...

    def usage_reported(self, name: str, usage: Usage) -> None: ...


class Theatre:
    """A Hall whose engine starts with the first call."""

    def __init__(self, folder: Path) -> None:
        self._engine = EngineProcess()
        self._starting = asyncio.Lock()
        self._client = AsyncOpenAI(
            api_key=self._engine.token, base_url="http://127.0.0.1:9/v1", max_retries=0
        )
        lines = line_factory(self._client, "gpt-realtime", "gpt-4o-transcribe")
        self._hall = Hall(folder, Crew(Engaged, lines, personas.load(), MOENTREPRISE, NoWork()))

    async def answer(self, sdp: str, call: Call) -> str:
        async with self._starting:
            if self._engine.pid is None:
                await self._engine.start()
                self._client.base_url = self._engine.base_url
        return await self._hall.answer(sdp, call)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as kept:
        cli_serve.settle()
        serve(Theatre(Path(kept)).answer)
