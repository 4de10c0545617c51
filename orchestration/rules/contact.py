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
NO_ANSWERS = frozenset({contact.Kind.PHONE, contact.Kind.EMAIL, contact.Kind.ADDRESS})
"""What answers none of our questions, whichever is asked; when one is open may well be what is offered."""


def told(c: Standing, event: events.HumanSaid, text: str, turn: Turn | None) -> bool:
    """Whether the words told it; `turn` is the one that they cut."""
    ways = contact.told(text) if CONTACT in c.workflow.questions else ()
    asked = remarks.asked_now(c, turn)
    if not ways or ((asked or c.appending) and not all(way.kind in NO_ANSWERS for way in ways)):
        return False
    remarks.remember(c, event, CONTACT.key)
    if turn is not None and turn.asks_opinion:
        c.showing = turn
    c.appending = False
    source = AnswerSource.TYPED if event.typed else AnswerSource.VOICE
    floor.change_answer(c, CONTACT.key, contact.with_ways(c.brief.text(CONTACT.key), ways), source)
    kept = " and ".join(f"the {way.kind} {way.text}" for way in ways)
    back = remarks.back_to_question(c, asked) if asked else remarks.back_from(c, turn)
    _confirm(c, kept, c.asker(asked).speaker if asked else remarks.speaker(c, turn), back)
    return True


def written(c: Standing, shown: Turn) -> None:
    """What is shown is built again with what was written on the card, or without it."""
    kept = "your contact details" if c.brief.text(CONTACT.key) else "no contact details"
    _confirm(c, kept, shown.speaker, Stage.LISTENING)


def _confirm(c: Standing, kept: str, voice: str, back: Stage) -> None:
    then = NOW if c.desk.is_coming(SITE) else ALREADY if c.came(SITE) else LATER
    c.interject(voice, TOLD, {TOLD: {"reached_by": kept, "then": then}}, back)
