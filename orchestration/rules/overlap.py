"""Two at once: the human makes a sound while a voice is heard.

The voice makes room at once (it is ducked). Half a second later it is decided: who then still speaks has the
floor, who made a short sound only listens, aloud. What a short sound meant, its words tell when they come.
"""

from __future__ import annotations

from dataclasses import replace

from orchestration import events
from orchestration.rules import floor, human
from orchestration.standing import Standing
from orchestration.turn import Overlap, Stage, Turn
from orchestration.understanding import is_backchannel, is_meant
from orchestration.wishes import is_wish

DECIDE_S = 0.505
"""From the sound being noticed, 80 to 100 ms after it began; the voice is silent 40 ms after the decision.
Half a second, and enough for the end of a sound that comes with the 25th packet after its beginning."""
LONGER_S, AGREES_MAX_S = 0.2, 1.3
"""Who has only agreed so far ("yeah, yeah") may go on agreeing."""
DUCKED_S = 0.7
"""How long a sound that is no speech holds a voice down."""
BACK_UP_S = 0.25
"""After the end of the sound: who says "Wait, what …" pauses for so long, and the voice must not flutter."""
DETECTED_S, DETECTED_LATE_S = 0.1, 0.4
"""Turn detection says so much after its beginning that a sound is speech; or, over a network, so much."""
ANEW_S = 0.25
"""After so much quiet another sound is another one, and is measured by itself."""


def sound_heard(c: Standing, event: events.SoundHeard) -> None:
    """Perhaps speech: make room at once, decide nothing."""
    c.sounding = True
    if _over_a_voice(c):
        overlap = _measured(c)
        overlap.sounding = True
        _make_room(c, overlap)


def speech_started(c: Standing, event: events.SpeechStarted) -> None:
    """It is speech. Before a voice is heard the human simply goes first."""
    if not _over_a_voice(c):
        take_floor(c, event)
        return
    human.speaking(c, event)
    overlap = _measured(c)
    if overlap.noise:
        overlap.began, overlap.noise = c.now - DETECTED_S, False
    overlap.speech = True
    if overlap.sounding:
        _make_room(c, overlap)


def _measured(c: Standing) -> Overlap:
    """The sound that goes on; another one after a pause.

    Where the gate hears nothing, and heard nothing just before, the sound is too quiet for it and goes on.
    """
    overlap = c.overlap
    if overlap is None or (not overlap.sounding and c.now > overlap.stopped + ANEW_S):
        over = not c.sounding and c.now < c.quiet_at + DETECTED_LATE_S
        overlap = c.overlap = Overlap(c.now, not over, c.quiet_at, speech=c.voice_open)
    return overlap


def _over_a_voice(c: Standing) -> bool:
    """Somebody is heard, or is about to be, right after another voice."""
    turn = c.current
    if turn is None or turn.started_at is not None:
        return turn is not None
    return turn.cue is not None and c.last is not None and not c.just_answered


def _make_room(c: Standing, overlap: Overlap) -> None:
    c.do(events.Duck())
    c.timers.clear("duck")
    if c.now < overlap.began + DECIDE_S:
        c.timers.set("decide", overlap.began + DECIDE_S)
    else:
        decide(c)


def sound_stopped(c: Standing, event: events.SoundStopped) -> None:
    c.sounding, c.quiet_at = False, event.at
    overlap = c.overlap
    if overlap is not None and overlap.sounding:
        overlap.sounding = False
        overlap.stopped = c.now
        c.timers.set("duck", c.now + BACK_UP_S)


def words_heard(c: Standing, event: events.WordsHeard) -> None:
    """The beginning of what the human says, understood while it goes on."""
    if c.overlap is not None:
        c.overlap.words = event.text
        if c.overlap.sounding and "decide" not in c.timers:
            decide(c)


def decide(c: Standing) -> None:
    """The half second is over: does the human still speak?"""
    overlap = c.overlap
    if overlap is None or not overlap.sounding or c.stage is not Stage.TALKING:
        return
    if not c.voice_open:
        overlap.noise = True
        c.timers.set("duck", overlap.began + DUCKED_S)
    elif overlap.words and is_backchannel(overlap.words) and c.now < overlap.began + AGREES_MAX_S:
        c.timers.set("decide", c.now + LONGER_S)
    else:
        take_floor(c, events.SpeechStarted(""))


def back_up(c: Standing) -> None:
    """The sound is over, or was no speech: the voice comes back up."""
    c.do(events.Restore())
    overlap = c.overlap
    if overlap is not None and not overlap.sounding and not overlap.speech:
        c.timers.set("forget", c.now + DETECTED_LATE_S)


def forget_click(c: Standing) -> None:
    """No speech belonged to the sound: what the human says next has nothing to do with it."""
    if c.overlap is not None and not c.overlap.sounding and not c.overlap.speech:
        forget(c)


def take_floor(c: Standing, event: events.SpeechStarted) -> None:
    """Whoever is heard falls silent, whatever waits unheard is dropped."""
    forget(c)
    c.drop_prepared()
    turn, c.current = c.current, None
    c.stage = Stage.LISTENING
    if turn is not None:
        floor.silence(c, turn)
        if turn.started_at is None:
            _before_it_sounded(c, turn)
    human.speech_started(c, event)


def _before_it_sounded(c: Standing, turn: Turn) -> None:
    """The human was quicker: goes on with the answer given last, or interrupts what is beside the script,
    or what had broken off.
    """
    if turn.cue is None or turn.command.after:
        c.cut = (turn, turn.heard_before)
        return
    c.give_back(turn)
    c.appending = c.just_answered
    c.open_question = ""


def human_said(c: Standing, event: events.HumanSaid) -> None:
    """Words over a voice. Typed ones, and spoken ones that are meant, interrupt; a hum changes nothing."""
    if not event.typed and c.overlap is not None:
        _weigh(c, event)
    elif event.text.strip():
        _interrupt(c, event)
    elif not event.typed:
        c.transcript_due = False


def transcription_failed(c: Standing, event: events.TranscriptionFailed) -> None:
    human_said(c, events.HumanSaid("", item=event.item))


def _weigh(c: Standing, event: events.HumanSaid) -> None:
    if is_meant(event.text, event.confidence) or is_wish(event.text):
        _interrupt(c, event)
        return
    if c.current is None:  # the voice broke off meanwhile: its recovery waits for these words
        human.human_said(c, replace(event, text=""))
        return
    c.transcript_due = False
    c.timers.clear("transcript")
    if not c.voice_open:
        forget(c)
        human.stopped_speaking(c)
        c.do(events.Restore())


def _interrupt(c: Standing, event: events.HumanSaid) -> None:
    """The words are understood when the voice is silent."""
    take_floor(c, events.SpeechStarted(""))
    human.stopped_speaking(c)
    human.human_said(c, event)


def forget(c: Standing) -> None:
    c.overlap = None
    c.timers.clear("decide", "duck", "forget")
