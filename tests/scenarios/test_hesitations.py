"""Answers with pauses of 0.5 to 1.5 s in them: nobody replies before the human is done.

Measured when this was written: 0 of 40 premature, neither tuned nor held out; the reply comes at most 2.07 s
after the last sound.
"""

from __future__ import annotations

import pytest

from orchestration import events, notices
from orchestration.turn import Stage
from server.engine.protocol_config import TurnSettings
from server.engine.turns import TurnBegan, TurnDetector, TurnEnded
from tests.orchestration.theatre import Theatre, in_stage, silent
from tests.scenarios.ear import PACKET_BYTES, PACKET_S, WAY_S, Timed
from tests.scenarios.sounds import Clip, afresh, hesitations

pytestmark = [pytest.mark.accept, pytest.mark.timeout(180)]

PREMATURE_MAX = 0.02
WORDS_S = 0.1
REPLY_MAX_S = 2.3
"""After the last sound: the interview's patience, the way, the transcript, the voice."""
BRIEF_MS = 500
"""A patience with which most of these answers are broken: the pauses are real ones."""


def detected(pcm: bytes, silence_ms: int) -> Timed:
    """Turns as the real detector finds them; what was said does not matter here."""
    turns, told, item = TurnDetector(TurnSettings(silence_duration_ms=silence_ms)), [], 0
    for start in range(0, len(pcm), PACKET_BYTES):
        now = start / PACKET_BYTES * PACKET_S + WAY_S
        for event in turns.append(pcm[start : start + PACKET_BYTES]):
            if isinstance(event, TurnBegan):
                item += 1
                told.append((now, events.SpeechStarted(f"item{item}")))
            elif isinstance(event, TurnEnded):
                told.append((now, events.SpeechStopped(f"item{item}")))
                told.append((now + WORDS_S, events.HumanSaid("part of it", item=f"item{item}")))
    return told


def reply_s(clip: Clip, silence_ms: int | None = None) -> float:
    """When, after the answer's last sound, a voice replies; negative for a premature reply."""
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    began = theatre.now
    before = len(theatre.acts())
    for at, event in detected(clip.pcm, silence_ms or theatre.conversation.patience_ms):
        theatre.later(at, event)
    theatre.run(until=lambda: len(theatre.acts()) > before, limit_s=began + 60)
    assert theatre.told(notices.HumanHeard)
    return theatre.now - began - clip.end_s


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return afresh(hesitations)


def test_nobody_replies_in_a_pause_for_thought(clips: list[Clip]) -> None:
    assert len(clips) == 40
    replies = {clip.name: reply_s(clip) for clip in clips}
    premature = [name for name, late_s in replies.items() if late_s < 0]
    print(f"{len(premature)} of {len(clips)} premature; replies after {max(replies.values()):.2f} s at most")
    assert len(premature) <= PREMATURE_MAX * len(clips), premature
    assert max(replies.values()) <= REPLY_MAX_S


def test_less_patience_breaks_these_answers(clips: list[Clip]) -> None:
    broken = [clip.name for clip in clips[:10] if reply_s(clip, BRIEF_MS) < 0]
    assert len(broken) >= 5
