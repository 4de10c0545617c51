"""The pause between two personas is what was heard, not what was chosen."""

from __future__ import annotations

import pytest

from orchestration.notices import HumanHeard, HumanListening, Notice, TurnEnded, TurnStarted
from server.handovers import HandOvers


def turn(name: str, speaker: str, rtp: int, heard_ms: int = 1000, cut: bool = False) -> list[Notice]:
    ended = TurnEnded(name, speaker, "Well.", heard_ms, cut)
    return [TurnStarted(name, speaker, "ask", rtp % (1 << 32)), ended]


def pauses(notices: list[Notice]) -> list[float]:
    found: list[float] = []
    measure = HandOvers(found.append)
    for notice in notices:
        measure.told(notice)
    return found


def test_a_late_hand_over_shows() -> None:
    assert pauses(turn("t1", "marcus", 0) + turn("t2", "sarah", 48_000 + 3 * 48_000)) == [3.0]


def test_the_clock_may_wrap_in_between() -> None:
    start = (1 << 32) - 48_000
    assert pauses(turn("t1", "marcus", start) + turn("t2", "sarah", 14_400)) == [pytest.approx(0.3)]


@pytest.mark.parametrize(
    "between",
    [[HumanListening(True)], [HumanHeard("Yes", "offer", 1.0, False)], turn("t3", "sarah", 60_000)],
    ids=["listening", "answered", "same speaker"],
)
def test_what_is_no_hand_over_is_not_measured(between: list[Notice]) -> None:
    assert pauses(turn("t1", "sarah", 0) + between + turn("t2", "sarah", 200_000)) == []
    assert pauses([*turn("t1", "marcus", 0, cut=True), *turn("t2", "sarah", 200_000)]) == []


def test_after_a_human_the_next_pause_is_not_the_team_s() -> None:
    heard = [*turn("t1", "sarah", 0), HumanListening(True), HumanListening(False)]
    assert pauses(heard + turn("t2", "maya", 500_000) + turn("t3", "alex", 562_400)) == [0.3]
