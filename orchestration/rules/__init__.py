"""Which rule holds for which event in which stage. The diagram in ARCHITECTURE.md is made from this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from orchestration import events
from orchestration.events import Event
from orchestration.rules import human, outage, overlap, page, peer, talk_key, turns, work
from orchestration.standing import Standing
from orchestration.turn import Stage

Rule = Callable[[Standing, Event], None]


def ignore(c: Standing, event: Event) -> None:
    """Nothing follows from this event in this stage."""


def _rule(function: Callable[[Standing, Any], None]) -> Rule:  # the table pairs each rule with its event
    return cast(Rule, function)


ALWAYS: dict[type[Event], Rule] = {
    events.ListenerArrived: _rule(peer.listener_arrived),
    events.ListenerLost: _rule(peer.listener_lost),
    events.StopRequested: _rule(peer.stop_requested),
    events.ResponseFinished: _rule(turns.response_finished),
    events.ResponseFailed: _rule(turns.response_failed),
    events.VoiceLost: _rule(outage.voice_lost),
    events.VoiceRestored: _rule(outage.voice_restored),
    events.PlayoutStarted: _rule(turns.playout_started),
    events.PlayoutFinished: _rule(turns.playout_finished),
    events.PlayoutInterrupted: _rule(turns.playout_interrupted),
    events.SoundHeard: _rule(overlap.sound_heard),
    events.SoundStopped: _rule(overlap.sound_stopped),
    events.SpeechStarted: _rule(human.speech_started),
    events.SpeechStopped: _rule(human.speech_stopped),
    events.HumanSaid: _rule(human.human_said),
    events.TranscriptionFailed: _rule(human.transcription_failed),
    events.PushToTalk: _rule(talk_key.push_to_talk),
    events.HumanTyping: _rule(page.human_typing),
    events.AnswerCorrected: _rule(page.answer_corrected),
    events.PostEdited: _rule(page.post_edited),
    events.PictureWanted: _rule(page.picture_wanted),
    events.ApprovalDecided: _rule(page.approval_decided),
    events.JobProgressed: _rule(work.job_progressed),
    events.JobFinished: _rule(work.job_finished),
    events.JobFailed: _rule(work.job_failed),
    events.TimePassed: _rule(work.time_passed),
}

OF_THE_HUMAN: tuple[type[Event], ...] = (
    events.SoundHeard,
    events.SoundStopped,
    events.SpeechStarted,
    events.SpeechStopped,
    events.HumanSaid,
    events.TranscriptionFailed,
    events.PushToTalk,
)
"""Before the conversation has begun nothing follows from these."""

TABLE: dict[tuple[Stage, type[Event]], Rule] = {
    (Stage.TALKING, events.SpeechStarted): _rule(overlap.speech_started),
    (Stage.TALKING, events.WordsHeard): _rule(overlap.words_heard),
    (Stage.TALKING, events.HumanSaid): _rule(overlap.human_said),
    (Stage.TALKING, events.TranscriptionFailed): _rule(overlap.transcription_failed),
    (Stage.TALKING, events.PushToTalk): _rule(talk_key.push_to_talk),
    **{(Stage.CREATED, kind): ignore for kind in OF_THE_HUMAN},
}


def rule_for(stage: Stage, event: type[Event]) -> Rule:
    """The rule of this stage, else the rule of all stages, else nothing."""
    return TABLE.get((stage, event)) or ALWAYS.get(event, ignore)
