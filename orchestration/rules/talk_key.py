"""The push-to-talk key: the human's turn begins with its press and ends with its release."""

from __future__ import annotations

from orchestration import events
from orchestration.rules import floor, human, overlap
from orchestration.standing import Standing
from orchestration.turn import Stage


def push_to_talk(c: Standing, event: events.PushToTalk) -> None:
    if not event.down:
        talk_key_released(c)
        return
    c.talk_key = c.by_key = True
    if c.stage is Stage.TALKING:
        overlap.take_floor(c, events.SpeechStarted(""))
    else:
        human.speech_started(c, events.SpeechStarted(""))


def talk_key_released(c: Standing) -> None:
    """The human's turn ends here, with what was understood of it; without a word nothing has happened."""
    c.talk_key = False
    if c.voice_open:
        c.do(events.CommitSpeech())
    if c.voice_open or c.transcript_due:
        human.speech_stopped(c, events.SpeechStopped(""))
        return
    human.stopped_speaking(c)
    if c.collected or c.cut is not None or c.fading is not None:
        human.human_said(c, events.HumanSaid(""))
        return
    c.by_key = False
    if c.farewell:
        c.complete()
    elif c.stage is Stage.LISTENING and (c.open_question or c.showing is not None):
        floor.listen(c, c.open_question)
    elif c.stage is not Stage.TALKING or c.current is None:
        floor.return_to(c, Stage.TALKING if c.stage is Stage.LISTENING else c.stage)
