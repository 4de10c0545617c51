"""How people reach the business, told by the way or written on its card: it is for the website."""

from __future__ import annotations

from orchestration import contact, events
from orchestration.brief import AnswerSource
from orchestration.rules import floor, remarks
from orchestration.standing import SITE, Standing
from orchestration.turn import Stage, Turn
from orchestration.workflow import CONTACT

TOLD = "contact_told"
NOW, LATER = "your site is being built with that now", "it will be on your site"
ALREADY = "the brief says so already"


def told(c: Standing, event: events.HumanSaid, text: str, turn: Turn | None) -> bool:
    """Whether the words told it; `turn` is the one that they cut. Within an answer they stay part of that."""
    answers = remarks.asked_now(c, turn) or c.appending
    ways = () if answers or CONTACT not in c.workflow.questions else contact.told(text)
    if not ways:
        return False
    remarks.remember(c, event, CONTACT.key)
    if turn is not None and turn.asks_opinion:
        c.showing = turn
    source = AnswerSource.TYPED if event.typed else AnswerSource.VOICE
    floor.change_answer(c, CONTACT.key, contact.with_ways(c.brief.text(CONTACT.key), ways), source)
    kept = " and ".join(f"the {way.kind} {way.text}" for way in ways)
    _confirm(c, kept, remarks.speaker(c, turn), remarks.back_from(c, turn))
    return True


def written(c: Standing, shown: Turn) -> None:
    """What is shown is built again with what was written on the card, or without it."""
    kept = "your contact details" if c.brief.text(CONTACT.key) else "no contact details"
    _confirm(c, kept, shown.speaker, Stage.LISTENING)


def _confirm(c: Standing, kept: str, voice: str, back: Stage) -> None:
    then = NOW if c.desk.is_coming(SITE) else ALREADY if c.came(SITE) else LATER
    c.interject(voice, TOLD, {TOLD: {"reached_by": kept, "then": then}}, back)
