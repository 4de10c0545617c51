"""The human speaks, by voice or by typing: over somebody, in answer to a question, or just so."""

from __future__ import annotations

from dataclasses import replace

from orchestration import events, facts, notices
from orchestration.brief import AnswerSource, AnswerStatus
from orchestration.rules import contact, floor, late, meaning, opinion, remarks
from orchestration.standing import PAUSE_AFTER_HUMAN_MS, Standing
from orchestration.turn import Stage, Turn
from orchestration.understanding import is_backchannel, is_bare_no, is_no_answer, mostly_heard
from orchestration.workflow import Wait

TRANSCRIPT_S = 6.0
SPEAKING_S = 70.0
"""Longer than the engine lets one turn be: after this the end of speech was lost."""
MISHEARD_MAX = 1
BEGUN_WORDS = 2
"""So much of the first question must be heard before words over it answer it."""


# ---------------------------------------------------------------------- at any time


def speech_started(c: Standing, event: events.SpeechStarted) -> None:
    c.timers.clear("nudge", "unanswered", "transcript", "still", "remind", "farewell")
    speaking(c, event)


def speaking(c: Standing, event: events.SpeechStarted) -> None:
    c.timers.set("speaking", c.now + SPEAKING_S)
    c.voice_open = c.voice_open or bool(event.item)
    if not c.human_speaking:
        c.human_speaking = True
        if event.item or c.talk_key:  # else these words have begun before
            c.human_at, c.human_until = c.now, None
        c.tell(notices.HumanSpeaking(True))


def stopped_speaking(c: Standing) -> None:
    c.timers.clear("speaking")
    if c.human_speaking:
        c.human_speaking = False
        c.tell(notices.HumanSpeaking(False))


def speech_stopped(c: Standing, event: events.SpeechStopped) -> None:
    """The turn is over and its transcript follows; while the talk key is down it was only a pause."""
    c.human_until = max(_last_sound(c, bool(event.item)), c.human_until or 0.0)
    c.voice_open = False
    c.transcript_due = True
    if not c.talk_key:
        stopped_speaking(c)
        c.timers.set("transcript", c.now + TRANSCRIPT_S)


def _last_sound(c: Standing, by_pause: bool) -> float:
    """When the human was heard last; where the gate cannot tell, before the pause that ended the turn."""
    began = c.now if c.human_at is None else c.human_at
    if c.quiet_at >= began and not c.sounding:
        return c.quiet_at
    return max(began, c.now - c.patience_ms / 1000) if by_pause else c.now


def transcription_failed(c: Standing, event: events.TranscriptionFailed) -> None:
    human_said(c, events.HumanSaid("", item=event.item))


def human_said(c: Standing, event: events.HumanSaid) -> None:
    """Words. While the human still speaks they are the beginning of the turn; its end brings the rest."""
    c.transcript_due = c.transcript_due and event.typed
    if c.talk_key or c.voice_open:
        c.collected.append(event.text)
        return
    stopped_speaking(c)
    event = replace(event, text=" ".join(filter(None, [*c.collected, event.text.strip()])))
    c.collected.clear()
    if c.fading is not None:
        before = c.typed_over.text if c.typed_over else ""
        c.typed_over = replace(event, text=f"{before} {event.text}".strip())
    else:
        understand(c, event)


def understand(c: Standing, event: events.HumanSaid) -> None:
    """Decide what the words are: nothing, a wish, an answer (or more of one), or a remark."""
    c.timers.clear("transcript")
    cut, c.cut = c.cut, None
    over, c.overlap = c.overlap, None
    by_key, c.by_key = c.by_key, False
    hummed = over is not None and over.speech
    text = event.text.strip()
    nothing = meaning.is_nothing(c, event, cut, over if hummed else None, by_key)
    if c.farewell:
        _said_goodbye(c, event)
    elif cut is not None and nothing:
        remarks.say_again(c, cut[0])  # the interruption meant nothing
    elif hummed and nothing and c.stage is not Stage.TALKING:
        floor.return_to(c, c.stage)  # it began while a voice was heard, and meant no more than then
    elif not text:
        _understood_nothing(c)
    elif late.named(c, event, text, cut[0] if cut else None):
        pass
    elif contact.told(c, event, text, cut[0] if cut else None):
        pass
    elif remarks.granted(c, event, text, cut[0] if cut else None):
        pass
    elif _is_answer(c, cut):
        _answer(c, event, remarks.put_rightly(c, text), nothing)
    elif opinion.given(c, event, text, cut) or late.taken(c, event, text, cut[0] if cut else None):
        pass
    else:
        remarks.remark(c, event, text, cut[0] if cut else None)


def _said_goodbye(c: Standing, event: events.HumanSaid) -> None:
    text = event.text.strip()
    if text and contact.told(c, event, text, None):
        c.farewell = False
        return
    if text:
        remarks.remember(c, event, "", share=False)
    c.take_leave()


def _understood_nothing(c: Standing) -> None:
    if c.stage is Stage.TALKING and c.current is not None:
        return
    if c.stage is not Stage.LISTENING or c.showing is not None:
        floor.return_to(c, c.stage)
    elif c.appending or not c.open_question:
        c.appending = False
        c.proceed(PAUSE_AFTER_HUMAN_MS)
    elif floor.is_typing(c):
        floor.listen(c, c.open_question)  # the sound was that of the keys
    elif c.misheard < MISHEARD_MAX:
        c.misheard += 1
        ask_again(c, "didnt_catch")
    else:
        left = c.open_question
        leave_unanswered(c)
        late.left(c, left)


# ---------------------------------------------------------------------- answers


def _is_answer(c: Standing, cut: tuple[Turn, str] | None) -> bool:
    """Whether the words answer the open question, or go on with the answer before it."""
    if c.stage is not Stage.LISTENING:
        return False
    if cut is None:
        return c.appending or bool(c.open_question)
    turn, heard = cut
    step = turn.step
    if step is None:
        return turn.back is Stage.LISTENING and (c.appending or bool(c.open_question))
    if step.wait is not Wait.ANSWER:
        return False
    if mostly_heard(heard, turn.whole) or c.put_aside[0] == step.question:
        c.open_question = step.question
    elif c.answered or len(heard.split()) < BEGUN_WORDS:
        c.give_back(turn)
        c.appending = bool(c.answered)
    else:
        c.open_question = step.question  # the first question: nothing else can be meant
    return c.appending or bool(c.open_question)


def _answer(c: Standing, event: events.HumanSaid, text: str, nothing: bool) -> None:
    if c.appending and (nothing or not _goes_on_with_an_answer(c, text)):
        return _beside_an_answer(c, event, text)
    if is_no_answer(text) or (c.righting is not None and is_bare_no(text)):
        remarks.remember(c, event, c.open_question)
        return leave_unanswered(c)
    key = c.answered if c.appending else c.open_question
    whole = f"{c.brief.text(key)} {text}".strip() if c.appending else text
    c.appending = False
    remarks.remember(c, event, key)
    _store(c, key, whole, AnswerSource.TYPED if event.typed else AnswerSource.VOICE)


def _goes_on_with_an_answer(c: Standing, text: str) -> bool:
    return not (is_no_answer(text) or is_backchannel(text) or is_bare_no(text))


def _beside_an_answer(c: Standing, event: events.HumanSaid, text: str) -> None:
    """The answer before stays as it is. Of a question that was interrupted, "skip it" is the answer."""
    c.appending = False
    cue = c.script.upcoming()
    question = cue.step.question if cue is not None and c.last is not None and c.last.cue is cue else ""
    if question and is_no_answer(text):
        c.script.take()
        c.open_question = question
        remarks.remember(c, event, question)
        leave_unanswered(c)
    elif question and is_bare_no(text):
        remarks.put_aside(c, event, question)
    else:
        remarks.remember(c, event, "")
        c.proceed(PAUSE_AFTER_HUMAN_MS)


def _store(c: Standing, key: str, text: str, source: AnswerSource) -> None:
    floor.change_answer(c, key, text, source)
    answered(c, key)


def answered(c: Standing, key: str) -> None:
    """The question has its answer (or will get none): the next turn follows at once.

    After the interview the right answer is confirmed, and the conversation goes on where it was.
    """
    before, righting = c.answered, c.righting
    c.answered, c.open_question, c.righting = key, "", None
    c.tell(notices.HumanListening(False))
    if righting is not None:
        about = {"answer": facts.answer(c, None), "question": {}}
        c.answered = before
        c.interject(c.asker(key).speaker, "corrected", about, righting[1])
        return
    c.proceed(PAUSE_AFTER_HUMAN_MS)
    c.just_answered = True


def leave_unanswered(c: Standing) -> None:
    """Go on without an answer; one that was given before the question was opened again stays."""
    key, righting = c.open_question, c.righting
    if righting is not None:
        c.open_question, c.righting = "", None
        c.tell(notices.HumanListening(False))
        floor.return_to(c, righting[1])
    elif c.brief[key].status is AnswerStatus.ANSWERED:
        answered(c, key)
    else:
        _store(c, key, "", AnswerSource.NONE)
    c.just_answered = False


def ask_again(c: Standing, act: str) -> None:
    """Say something short about the open question, then listen on."""
    c.nudged = True
    step = c.asker(c.open_question)
    c.interject(step.speaker, act, {"question": facts.question(c, None)}, Stage.LISTENING)
