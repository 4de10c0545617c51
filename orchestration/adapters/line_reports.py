"""Outcomes of the Realtime protocol, told to a `LineListener` in its own words."""

from __future__ import annotations

import logging

from orchestration.ports import LineListener
from orchestration.realtime_outcomes import (
    AudioReceived,
    Complaint,
    ConfigurationRejected,
    Configured,
    HumanHeardSoFar,
    HumanNotUnderstood,
    HumanStarted,
    HumanStopped,
    HumanUnderstood,
    Outcome,
    TurnFailed,
    TurnFinished,
    UsageReported,
    WordReceived,
)

logger = logging.getLogger(__name__)


def report(listener: LineListener, line: str, outcome: Outcome) -> None:
    """Tell the listener; what is for the log goes to the log."""
    match outcome:
        case AudioReceived(turn, pcm):
            listener.audio_received(turn, pcm)
        case WordReceived(turn, text, audio_ms):
            listener.word_received(turn, text, audio_ms)
        case TurnFinished(turn, text, calls):
            listener.response_finished(turn, text, calls)
        case TurnFailed(turn, code):
            listener.response_failed(turn, str(code), code.retryable)
        case UsageReported(usage):
            listener.usage_reported(line, usage)
        case Complaint(what, code):
            logger.info("realtime complaint", extra={"line": line, "what": what, "code": code})
        case Configured() | ConfigurationRejected():
            pass
        case _:
            _report_human(listener, outcome)


def _report_human(listener: LineListener, outcome: Outcome) -> None:
    match outcome:
        case HumanStarted(item):
            listener.speech_started(item)
        case HumanStopped(item):
            listener.speech_stopped(item)
        case HumanHeardSoFar(item, text):
            listener.words_heard(item, text)
        case HumanUnderstood(item, text, confidence):
            listener.human_said(item, text, confidence)
        case HumanNotUnderstood(item):
            listener.transcription_failed(item)
