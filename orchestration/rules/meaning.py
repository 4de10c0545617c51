"""Do words that the human said over a voice mean anything?"""

from __future__ import annotations

from orchestration import events
from orchestration.brief import Expects
from orchestration.rules import expectation
from orchestration.standing import Standing
from orchestration.tastes import is_opinion, recoloured
from orchestration.turn import Overlap, Stage, Turn
from orchestration.understanding import is_backchannel, is_expected, is_hum, mostly_heard
from orchestration.wishes import is_wish
from orchestration.workflow import Wait

HUM_S = 1.35
"""A longer sound is speech, whatever was understood of it."""


def is_nothing(
    c: Standing, event: events.HumanSaid, cut: tuple[Turn, str] | None, over: Overlap | None, by_key: bool
) -> bool:
    """No words; or, over a voice, a sign of listening, or what a hum was taken for. In the quiet words count.

    `cut` is the turn that they cut with what was heard of it, `over` the sound that began over a voice.
    """
    text = event.text.strip()
    over_a_voice = cut is not None or over is not None or c.appending
    if event.typed or not text or not over_a_voice:
        return not text
    if is_wish(text) or (_opinion_is_asked(c, cut) and is_opinion(text)):
        return False
    expects = _expects(c, cut)
    if expects is Expects.COLOUR and _at_a_question(c, cut) and recoloured(text):
        return False
    if by_key or not _was_short(c):
        return is_backchannel(text) and not is_expected(text, expects)
    return is_hum(text, event.confidence, expects, _at_a_question(c, cut))


def _was_short(c: Standing) -> bool:
    return c.human_at is not None and (c.human_until or c.now) - c.human_at <= HUM_S


def _expects(c: Standing, cut: tuple[Turn, str] | None) -> Expects:
    return expectation.of_turn(c, cut[0]) if cut is not None else expectation.now(c)


def _at_a_question(c: Standing, cut: tuple[Turn, str] | None) -> bool:
    """Whether the question was heard: then unclear words may be its answer."""
    if cut is None:
        return c.stage is Stage.LISTENING
    turn, heard = cut
    step = turn.step
    asks = turn.back is Stage.LISTENING if step is None else step.wait is Wait.ANSWER or turn.asks_opinion
    return asks and mostly_heard(heard, turn.whole)


def _opinion_is_asked(c: Standing, cut: tuple[Turn, str] | None) -> bool:
    """Whether the human has heard the question of what is shown: then "great" is an answer."""
    if cut is None:
        return c.stage is Stage.LISTENING and c.showing is not None and not c.open_question
    turn = cut[0]
    asks = turn.asks_opinion or (turn.step is None and c.showing is not None and not c.open_question)
    return asks and _at_a_question(c, cut)
