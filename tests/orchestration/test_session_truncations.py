"""A human who talks over everybody: each voice's memory is cut to what was heard, and the service agrees."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import cast

import pytest
from studio import WORD_MS, Studio, script
from websockets.exceptions import ConnectionClosed

from orchestration import notices
from tests.fakes import virtual_time
from tests.fakes.openai_service import Json, Reply, Speech

INTERRUPTIONS = 50
AT_ONCE = 25
"""As many in one session; the replies to what was said are talked over too."""
BEGINS_MAX_S = 1.2
SPARED = {"ask", "nudge", "didnt_catch", "close"}
"""Talking over these would be an answer, or the end."""
BENIGN = {"response_cancel_not_active"}
"""A cancel that crosses the response's own end."""


def untimed(request: Json) -> Reply:
    """As OpenAI says it: no word tells where it sounds."""
    reply = script(request)
    for part in reply.parts:
        if isinstance(part, Speech):
            part.times = False
    return reply


class TalkedOver(Studio):
    """The human begins at a random moment of each turn, until it was enough."""

    def __init__(self, seed: int, times: bool) -> None:
        super().__init__()
        self.service.script = script if times else untimed
        self._dice = random.Random(seed)
        self._sounding = ""

    def _publish(self, notice: notices.Notice) -> None:
        super()._publish(notice)
        match notice:
            case notices.TurnStarted(turn=turn, act=act):
                self._sounding = turn
                if act not in SPARED and len(self.cut()) < AT_ONCE:
                    self._start(self._talk_over(turn))
            case notices.TurnEnded():
                self._sounding = ""
            case _:
                pass

    async def _talk_over(self, turn: str) -> None:
        await asyncio.sleep(self._dice.uniform(0.0, BEGINS_MAX_S))
        if self._sounding == turn:
            with suppress(ConnectionClosed, IndexError):
                await self._speak("wait a moment I have a question", self._ear())

    def cut(self) -> list[notices.TurnEnded]:
        return [turn for turn in self.of(notices.TurnEnded) if turn.interrupted]

    def truncations(self) -> list[Json]:
        """As each persona's session got them."""
        sent = (event for session in self.service.sessions for event in session.received)
        return [event for event in sent if event["type"] == "conversation.item.truncate"]


async def talked_over(seed: int, times: bool) -> tuple[list[notices.TurnEnded], list[int]]:
    """The turns that were cut, and where the service was told that the human stopped listening, in ms."""
    studio = TalkedOver(seed, times)
    assert await studio.run() == "completed"
    assert [error for error in studio.service.errors if error["code"] not in BENIGN] == []
    remembered = [entry.text for entry in studio.director.conversation.transcript if entry.interrupted]
    assert remembered == [turn.text for turn in studio.cut()]
    return studio.cut(), [cast(int, event["audio_end_ms"]) for event in studio.truncations()]


@pytest.mark.parametrize("times", [True, False])
def test_fifty_interruptions_are_remembered_as_far_as_they_were_heard_without_an_error(times: bool) -> None:
    """The fake refuses an end behind the audio that it made, an unknown item and one without sound."""
    held = [virtual_time.run(talked_over(seed, times)) for seed in range(INTERRUPTIONS // AT_ONCE)]
    for cut, ends_ms in held:
        assert sorted(ends_ms) == sorted(turn.heard_ms for turn in cut)
        assert min(ends_ms) > 0
        off = [len(turn.text.split()) - turn.heard_ms / WORD_MS for turn in cut]
        # The fake's audio is silence, from which no times can be told (test_word_times has real voices).
        assert not times or max(map(abs, off)) <= 1, off
    assert sum(len(ends_ms) for _, ends_ms in held) >= INTERRUPTIONS
    assert len({ms for _, ends_ms in held for ms in ends_ms}) > 10, "they were cut at many places"
