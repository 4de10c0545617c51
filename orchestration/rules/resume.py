"""A voice that failed is asked again: for the whole turn if nothing of it was heard, else for the rest.

What was received is good sound and is heard to the end of its last whole sentence, or word. Meanwhile the
same act is asked for once more, as a turn that goes on after those words.
"""

from __future__ import annotations

from orchestration import events
from orchestration.captions import ends_sentence
from orchestration.standing import PAUSE_AFTER_HUMAN_MS, PAUSE_SAME_SPEAKER_MS, Standing
from orchestration.turn import Turn

PATIENCE_S = 30.0
"""So long is a turn tried that does not sound, all its attempts together."""
REFUSALS_MAX = 5
"""Of one turn, its parts taken together, by a service that can be reached."""
LOSSES_MAX = 12
"""Of one turn as well: each may bring some words, but not word by word for minutes."""
PAUSES_S = (0.0, 0.5, 1.0, 2.0)
"""Before each further attempt after a refusal; a lost Line grows slower by itself."""
LOSSES = frozenset({"connection_lost", "timeout"})
PAUSE_IN_SENTENCE_MS = 60


def failed(c: Standing, turn: Turn, code: str) -> bool:
    """Count a failure of the turn; returns whether it may be tried once more."""
    if code in LOSSES:
        turn.losses += 1
    else:
        turn.refusals += 1
    if turn.failing_since is None:
        turn.failing_since = c.now
    in_number = turn.losses < LOSSES_MAX and turn.refusals < REFUSALS_MAX
    return in_number and c.now - turn.failing_since < PATIENCE_S


def break_off(c: Standing, turn: Turn, again: bool) -> None:
    """The beginning was heard: so is what came of the rest, while a turn is prepared that goes on there.

    Of an explanation, which goes before a turn that is prepared already, no more is said.
    """
    turn.broken = True
    c.do(events.Close(turn.turn))
    if again and c.prepared is None:
        c.prepared = _ask(c, turn, turn.turn)


def go_on(c: Standing, turn: Turn, heard: str) -> bool:
    """The part that was there is over: give the floor to the rest; False when there is none."""
    rest, c.prepared = c.prepared, None
    if rest is None:
        return False
    if rest.command.after == turn.turn:
        rest.heard_before = f"{turn.heard_before} {heard}".strip()
    c.give(rest, PAUSE_SAME_SPEAKER_MS if ends_sentence(heard) else PAUSE_IN_SENTENCE_MS)
    return True


def try_again(c: Standing, turn: Turn, code: str) -> None:
    """Nothing of it was heard: ask for it again, after a moment where the service has just refused."""
    pause_s = 0.0 if code in LOSSES else PAUSES_S[turn.refusals - 1]
    if pause_s:
        turn.waiting = True
        c.timers.set("again", c.now + pause_s)
    else:
        _replace(c, turn)


def time_came(c: Standing) -> None:
    """The moment is over."""
    for turn in (c.current, c.prepared):
        if turn is not None and turn.waiting:
            _replace(c, turn)


def _replace(c: Standing, turn: Turn) -> None:
    c.do(events.Discard(turn.turn))
    again = once_more(c, turn)
    again.given_at = turn.given_at
    if turn is c.prepared:
        c.prepared = again
    else:
        c.give(again, PAUSE_AFTER_HUMAN_MS)


def once_more(c: Standing, turn: Turn) -> Turn:
    """Let the turn, of which nothing was heard, be generated again."""
    again = _ask(c, turn, turn.command.after)
    again.heard_before = turn.heard_before
    return again


def _ask(c: Standing, turn: Turn, after: str) -> Turn:
    again = c.speak(turn.speaker, turn.act, turn.command.context, turn.cue, turn.back, after)
    again.losses, again.refusals = turn.losses, turn.refusals
    again.failing_since = turn.failing_since
    return again
