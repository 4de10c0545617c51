"""How long the human waits for an answer, by the listener's clock, and where the server says it goes."""

from __future__ import annotations

from statistics import median
from typing import cast

import pytest
from sessions import DECIDED, Held, Note

from orchestration.rules.patience import DECIDING_MS
from orchestration.workflow import MOENTREPRISE

pytestmark = pytest.mark.accept

INTERVIEW_MS = next(phase.patience_ms for phase in MOENTREPRISE.phases if phase.name == "interview")
BESIDE_PATIENCE_MS = 500
DECISION_MS = 900
TOLD_OFF_MS = 100
"""As in Chromium (test_accept_ear): a last word's faint end is not loud enough for the gate."""
ANSWERS_MIN, DECISIONS_MIN = 12, DECIDED - 2
PARTS = ["end_of_speech", "transcript", "decision", "first_delta", "first_packet", "heard"]

Reply = dict[str, object]


def replies(held: Held, during: str) -> list[Reply]:
    assert held.exit_code == 0, held.output[-2000:]
    found = cast(list[Reply], held.figures["replies"])
    return [reply for reply in found if reply["during"] == during]


def waited(found: list[Reply]) -> list[float]:
    return [cast(float, reply["waited_ms"]) for reply in found]


def spent(reply: Reply) -> dict[str, int]:
    return cast(dict[str, int], reply["parts"])


def where(found: list[Reply]) -> str:
    middle = (f"{part} {median(spent(reply).get(part, 0) for reply in found):.0f}" for part in PARTS)
    return "median parts, ms: " + ", ".join(middle)


@pytest.fixture
def answers(bakery: Held, repair: Held) -> list[Reply]:
    return [reply for held in (bakery, repair) for reply in replies(held, "interview")]


@pytest.fixture
def decisions(decided: Held) -> list[Reply]:
    return replies(decided, "approval")


def test_an_answer_is_heard_half_a_second_after_the_patience(
    bakery: Held, repair: Held, answers: list[Reply], note: Note
) -> None:
    beside = [ms - INTERVIEW_MS for ms in waited(answers)]
    measured = (
        f"median {median(beside):.0f} ms, longest {max(beside):.0f} ms beside the patience of"
        f" {INTERVIEW_MS} ms, {len(beside)} answers ({where(answers)})"
    )
    required = (
        f"from the human's last sound to the answer's: the patience and {BESIDE_PATIENCE_MS} ms, median"
    )
    note(point="Voice to voice", required=required, measured=measured, load=max(bakery.load, repair.load))
    assert len(answers) >= ANSWERS_MIN
    assert median(beside) <= BESIDE_PATIENCE_MS


def test_yes_and_no_are_answered_within_a_second(decided: Held, decisions: list[Reply], note: Note) -> None:
    ms = waited(decisions)
    measured = (
        f"median {median(ms):.0f} ms, longest {max(ms):.0f} ms of {len(ms)}, the patience of {DECIDING_MS} ms"
        f" in them ({where(decisions)})"
    )
    required = f"at most {DECISION_MS} ms in all"
    note(point="Yes and no", required=required, measured=measured, load=decided.load)
    assert len(ms) >= DECISIONS_MIN
    assert max(ms) <= DECISION_MS


def test_the_waterfall_says_where_it_goes(
    bakery: Held, repair: Held, decided: Held, answers: list[Reply], decisions: list[Reply], note: Note
) -> None:
    """Of the same turns: what the server tells is what the listener measured, part by part."""
    both = [*answers, *decisions]
    off = [cast(int, reply["told_ms"]) - ms for reply, ms in zip(both, waited(both), strict=True)]
    measured = f"{len(both)} turns; told minus measured {min(off):+.0f} to {max(off):+.0f} ms"
    required = f"all parts known, their sum the whole, which is within {TOLD_OFF_MS} ms of the listener's"
    load = max(held.load for held in (bakery, repair, decided))
    note(point="Where it goes", required=required, measured=measured, load=load)
    assert all(list(spent(reply)) == PARTS for reply in both)
    assert all(sum(spent(reply).values()) == reply["told_ms"] for reply in both)
    assert max(map(abs, off)) <= TOLD_OFF_MS
