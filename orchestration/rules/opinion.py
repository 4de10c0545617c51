"""What the human thinks of what was just shown: it is liked, it is to change, or nothing is said."""

from __future__ import annotations

from orchestration import contact, events
from orchestration.adapters.headline import with_headline
from orchestration.brief import AnswerStatus, Expects
from orchestration.rules import floor, remarks
from orchestration.standing import PAUSE_AFTER_HUMAN_MS, Standing
from orchestration.tastes import (
    colours_wanted,
    headline_wanted,
    is_content,
    recoloured,
    restyled,
    wants_a_change,
    wants_another_change,
)
from orchestration.turn import Stage, Turn
from orchestration.understanding import mostly_heard
from orchestration.wishes import Amendment

WHAT_TO_CHANGE, WHICH_CONTACT, CANNOT_CHANGE = "ask_change", "ask_contact", "cannot_change"


def ask(c: Standing, turn: Turn) -> None:
    """The turn has shown something and asked: wait for a word on it. After a silence the script goes on."""
    c.showing = turn
    c.nudged = False
    c.open_question = ""
    floor.return_to(c, Stage.LISTENING)


def given(c: Standing, event: events.HumanSaid, text: str, cut: tuple[Turn, str] | None) -> bool:
    """Whether the words were one: who is content goes on, who wants a change is asked which.

    Of one that cannot be made it is said so, and what can be.
    """
    turn = _asker(c, cut)
    if turn is None:
        return _wished(c, event, text, cut[0] if cut else None)
    if is_content(text):
        remarks.remember(c, event, "")
        if c.rebuilding:
            floor.return_to(c, c.stage)  # so the human takes note of it
            return True
        c.proceed(PAUSE_AFTER_HUMAN_MS)
    elif wants_a_change(text):
        remarks.remember(c, event, "")
        c.showing = turn
        c.interject(turn.speaker, WHAT_TO_CHANGE, {}, Stage.LISTENING)
    elif (headline := headline_wanted(text)) and (key := _colour(c)):
        c.showing = turn
        wish = Amendment(key, with_headline(c.brief.text(key), headline))
        return remarks.correct(c, event, wish, None, f"the headline says {headline}")
    elif (colours := recoloured(text)) and (key := _colour(c)):
        c.showing = turn
        return remarks.correct(c, event, Amendment(key, restyled(c.brief.text(key), colours)), None)
    elif wants_another_change(text):
        remarks.remember(c, event, "")
        c.showing = turn
        act = WHICH_CONTACT if contact.asks_for_one(text) else CANNOT_CHANGE
        c.interject(turn.speaker, act, {}, Stage.LISTENING)
    else:
        return False
    return True


def _wished(c: Standing, event: events.HumanSaid, text: str, turn: Turn | None) -> bool:
    """Another look may be wished for at any time, in so many words, once there is an answer on it."""
    key = _colour(c)
    if not key or c.appending or remarks.asked_now(c, turn):
        return False
    if c.brief[key].status is not AnswerStatus.ANSWERED:
        return False
    before, headline, colours = c.brief.text(key), headline_wanted(text), colours_wanted(text)
    if headline:
        wish = Amendment(key, with_headline(before, headline))
        return remarks.correct(c, event, wish, turn, f"the headline says {headline}")
    return bool(colours) and remarks.correct(c, event, Amendment(key, restyled(before, colours)), turn)


def _colour(c: Standing) -> str:
    """The key of the question for colours; empty where none is asked."""
    return next((q.key for q in c.workflow.questions if q.expects is Expects.COLOUR), "")


def _asker(c: Standing, cut: tuple[Turn, str] | None) -> Turn | None:
    """The turn whose question the words answer."""
    if cut is None:
        return c.showing if c.stage is Stage.LISTENING or c.rebuilding else None
    turn, heard = cut
    if turn.step is not None:
        return turn if turn.asks_opinion and mostly_heard(heard, turn.whole) else None
    asks = turn.back is Stage.LISTENING and mostly_heard(heard, turn.whole)
    return c.showing if c.rebuilding or asks or c.stage is Stage.LISTENING else None
