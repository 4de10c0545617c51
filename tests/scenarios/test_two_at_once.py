"""Signs of listening and interruptions, as sound, over a persona: what the voice does.

Measured when this was written, with flite for the tuned half and espeak-ng for the held-out one:

| set | tuned half | held-out half |
|---|---|---|
| 40 signs of listening of 0.25 to 0.5 s, flushed | 1 (a hum of 0.50 s) | 1 (a hum of 0.50 s) |
| 40 interruptions, silent after (median, p95, worst) | 643, 646, 677 ms | 628, 646, 709 ms |

Worst is who pauses after the first word ("Stop, …"): it is decided when the second one sounds. With 0.49 s
to the decision, 80 ms of quiet for the end of a sound and 0.6 for a sure word, 4 and 2 were flushed, and p95
was 629 and 632 ms. A longer sign of listening ("of course", 0.6 s) cannot be told from a sentence in time: it
takes the floor, and the turn is said again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

import pytest

from orchestration import events
from orchestration.rules.patience import OVER_A_VOICE_MS
from tests.orchestration.theatre import Theatre, silent
from tests.scenarios import sounds
from tests.scenarios.ear import Timed, hear_all
from tests.scenarios.sounds import RATE_HZ, Clip

pytestmark = [pytest.mark.accept, pytest.mark.timeout(180)]

FLUSHED_MAX = 0.05
CUT_MAX_MS = 650
FADE_S = 0.04
"""From the decision to the last audible sample."""
INTO_THE_TURN_S = 1.0
HEARD_S = 0.8
"""Of an interruption this much is heard: the decision is long over."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`cut_ms`: from the human's first sound to the voice's last one, None when it went on."""

    clip: Clip
    cut_ms: float | None
    moves: tuple[str, ...]
    words: str


def until(clip: Clip, end_s: float) -> bytes:
    return clip.pcm[: 2 * round(end_s * RATE_HZ)]


def over_a_voice(clip: Clip, told: Timed) -> Outcome:
    """A second into Marcus' greeting the human begins."""
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    onset = theatre.now + INTO_THE_TURN_S
    for at, event in told:
        theatre.later(INTO_THE_TURN_S + at - clip.onset_s, event)
    theatre.run(until=lambda: len(theatre.acts()) == 2, limit_s=onset + 14)
    moves = [
        (at, command)
        for at, command in theatre.log
        if isinstance(command, events.Duck | events.Restore | events.Cut)
    ]
    cuts = [(at - onset + FADE_S) * 1000 for at, command in moves if isinstance(command, events.Cut)]
    said = [event.text for _, event in told if isinstance(event, events.HumanSaid)]
    names = tuple(type(command).__name__ for _, command in moves)
    return Outcome(clip, cuts[0] if cuts else None, names, " ".join(said))


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """The signs of listening, then the interruptions."""
    clips = sounds.afresh(sounds.over_a_voice)
    heard_of = [until(clip, clip.end_s + 1.0) for clip in clips[:40]]
    heard_of += [until(clip, clip.onset_s + HEARD_S) for clip in clips[40:]]
    heard = hear_all(heard_of, OVER_A_VOICE_MS)
    return [over_a_voice(clip, told) for clip, told in zip(clips, heard, strict=True)]


@pytest.fixture
def agreed(outcomes: list[Outcome]) -> list[Outcome]:
    return outcomes[:40]


@pytest.fixture
def interrupted(outcomes: list[Outcome]) -> list[Outcome]:
    return outcomes[40:]


def half(outcomes: Sequence[Outcome], held_out: bool) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.clip.held_out is held_out]


def test_signs_of_listening_do_not_flush_the_voice_and_bring_it_back_up(agreed: list[Outcome]) -> None:
    assert len(agreed) == 40
    flushed = [outcome for outcome in agreed if outcome.cut_ms is not None]
    for held_out in (False, True):
        print(f"held out {held_out}: {len(half(flushed, held_out))} of 20 flushed")
    lost = [(outcome.clip.name, outcome.words) for outcome in flushed]
    assert len(flushed) <= FLUSHED_MAX * len(agreed), lost
    assert all("Duck" in outcome.moves for outcome in agreed)
    left = [
        outcome.clip.name for outcome in agreed if outcome.cut_ms is None and outcome.moves[-1] != "Restore"
    ]
    assert not left, "ducked for good"


def test_whoever_speaks_has_the_floor_in_time(interrupted: list[Outcome]) -> None:
    assert len(interrupted) == 40
    assert [outcome.clip.name for outcome in interrupted if outcome.cut_ms is None] == []
    for held_out in (False, True, None):
        chosen = interrupted if held_out is None else half(interrupted, held_out)
        cuts = [outcome.cut_ms for outcome in chosen if outcome.cut_ms is not None]
        p95 = quantiles(cuts, n=20, method="inclusive")[18]
        print(f"held out {held_out}: median {median(cuts):.0f}, p95 {p95:.0f}, worst {max(cuts):.0f} ms")
        assert p95 <= CUT_MAX_MS, sorted((outcome.cut_ms, outcome.clip.name) for outcome in chosen)[-4:]
