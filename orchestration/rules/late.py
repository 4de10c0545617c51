"""An answer that comes after its question was left: a silence had been too long, the next turn has begun."""

from __future__ import annotations

from orchestration import events, facts
from orchestration.brief import AnswerSource, AnswerStatus, Expects
from orchestration.rules import floor, remarks
from orchestration.standing import PAUSE_AFTER_HUMAN_MS, Standing
from orchestration.tastes import is_content, recoloured
from orchestration.turn import Stage, Turn
from orchestration.understanding import has_content, is_backchannel, is_bare_no, is_no_answer
from orchestration.wishes import greets, is_aside, named_later

TURNS = 3
"""For so many turns after the question was left are words that answer nothing else taken for its answer."""
NAMED_TURNS = 1
"""For so many to another question: later on "our products are handmade" is an answer to that."""
LATE = "late_answer"


def left(c: Standing, key: str) -> None:
    """A silence was too long for this question."""
    if c.brief[key].status is AnswerStatus.UNANSWERED:
        c.left, c.left_turns = key, 0


def taken(c: Standing, event: events.HumanSaid, text: str, turn: Turn | None) -> bool:
    """Whether words that answer nothing asked now are the answer of the question left before."""
    key = _left(c)
    answers = has_content(text) and not (is_backchannel(text) or is_bare_no(text) or is_no_answer(text))
    if not key or not answers or is_aside(text) or is_content(text) or text.rstrip().endswith("?"):
        return False
    if c.stage not in (Stage.LISTENING, Stage.WORKING) or c.showing is not None or greets(text):
        return False
    if c.stage is Stage.WORKING and not _says_which(c, key, text):
        return False
    _take(c, event, text, turn, key)
    return True


def named(c: Standing, event: events.HumanSaid, text: str, turn: Turn | None) -> bool:
    """Whether the words, said to another question, name the one that was left ("the name is ...")."""
    key, asked = _left(c), remarks.asked_now(c, turn)
    question = next((question for question in c.workflow.questions if question.key == key), None)
    if question is None or asked in ("", key):
        return False
    if question.expects is not Expects.NAME and c.left_turns > NAMED_TURNS:
        return False
    answer = named_later(text, question.words, question.expects is Expects.NAME)
    if answer:
        _take(c, event, answer, turn, key, asked)
    return bool(answer)


def _says_which(c: Standing, key: str, text: str) -> bool:
    """Beside work, where anything may be said, an answer names its question, or a colour."""
    question = next(question for question in c.workflow.questions if question.key == key)
    coloured = question.expects is Expects.COLOUR and recoloured(text)
    return bool(coloured or named_later(text, question.words, question.expects is Expects.NAME))


def _left(c: Standing) -> str:
    open_still = c.left and c.brief[c.left].status is AnswerStatus.UNANSWERED
    return c.left if open_still and c.left_turns <= TURNS else ""


def _take(
    c: Standing, event: events.HumanSaid, text: str, turn: Turn | None, key: str, asked: str = ""
) -> None:
    """Keep the answer and say for which question. A next question that follows at once says so itself."""
    remarks.remember(c, event, key)
    c.left = ""
    c.appending = False
    floor.change_answer(c, key, text, AnswerSource.TYPED if event.typed else AnswerSource.VOICE)
    c.answered = key
    coming = c.script.upcoming()
    if turn is None and not asked and coming is not None and "answer" in coming.step.context:
        c.proceed(PAUSE_AFTER_HUMAN_MS)
        return
    kept = {"kept": text, "where": c.brief[key].title, "asked": c.brief[asked].question if asked else ""}
    back = Stage.LISTENING if asked else remarks.back_from(c, turn)
    speaker = c.asker(asked).speaker if asked else remarks.speaker(c, turn)
    about = {"answer": facts.answer(c, None), LATE: kept}
    c.open_question = asked
    c.interject(speaker, LATE, about, back)
