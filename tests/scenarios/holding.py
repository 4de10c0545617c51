"""What must hold at the end of every scenario, and what a file asks for besides. Gives complaints."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration import notices
from orchestration.transcript import HUMAN
from tests.scenarios.acting import Play

TALKED_OVER_MAX_S = 0.65
"""So long may a voice go on while the human speaks."""
WORK_MAX_S = 6.0
"""So long may work go on without a word."""


def complaints(play: Play) -> list[str]:
    return [*_ends(play), *_acts(play), *_brief(play), *_lost(play), *_talked_over(play), *_pauses(play)]


def cut(play: Play) -> list[str]:
    """`speaker act` of every turn that was interrupted."""
    ended = [notice for notice in play.told(notices.TurnEnded) if isinstance(notice, notices.TurnEnded)]
    return [f"{notice.speaker} {play.spoken[notice.turn].act}" for notice in ended if notice.interrupted]


def _ends(play: Play) -> Iterator[str]:
    holds = play.scenario.holds
    if play.conversation.end_state != holds.ends:
        yield f"it ended as {play.conversation.end_state or 'nothing'}, not as {holds.ends}"
    phases = [phase.name for phase in play.conversation.workflow.phases]
    wanted = phases if holds.ends == "completed" else phases[: len(play.phases())]
    if play.phases() != wanted:
        yield f"the phases were {play.phases()}"
    if play.done != len(play.scenario.does):
        yield f"{len(play.scenario.does) - play.done} deeds never had their moment"


def _acts(play: Play) -> Iterator[str]:
    holds, acts = play.scenario.holds, play.acts()
    if tuple(acts[: len(holds.begins)]) != holds.begins:
        yield f"it began {acts[: len(holds.begins)]}, not {list(holds.begins)}"
    rest = iter(acts)
    for wanted in holds.then:
        if wanted not in rest:
            yield f"{wanted} was not heard in its place among {acts}"
            break
    for unwanted in holds.never:
        if unwanted in acts:
            yield f"{unwanted} was heard"
    if tuple(cut(play)) != holds.cut:
        yield f"cut were {cut(play)}, not {list(holds.cut)}"


def _brief(play: Play) -> Iterator[str]:
    for key, wanted in play.scenario.holds.brief.items():
        got = play.conversation.brief.text(key)
        if got != (wanted or ""):
            yield f"the brief's {key} is {got!r}, not {wanted!r}"


def _lost(play: Play) -> Iterator[str]:
    kept = " ".join(entry.text for entry in play.conversation.transcript if entry.speaker == HUMAN)
    for text in play.said:
        if text not in kept:
            yield f"{text!r} is lost"


def _talked_over(play: Play) -> Iterator[str]:
    for sound in play.sounds:
        for began, ended in play.voices:
            both_s = min(sound.ended, ended) - max(sound.began, began)
            if not sound.hum and both_s > TALKED_OVER_MAX_S + 1e-6:
                yield f"a voice went on for {both_s:.2f} s over the human at {sound.began:.2f} s"


def _pauses(play: Play) -> Iterator[str]:
    """Nobody is heard, and nobody is waited for but the human who has the floor."""
    limits = {"pause": play.scenario.holds.pause_s, "work": WORK_MAX_S}
    for (began, state), (ended, _) in zip(play.states, play.states[1:], strict=False):
        limit_s = limits.get(state)
        if limit_s is not None and ended - began > limit_s + 1e-6:
            yield f"{ended - began:.2f} s of {state} from {began:.2f} s on"
