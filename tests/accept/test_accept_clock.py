"""RTP time in whole sessions: the pauses between speakers, and the session's clock."""

from __future__ import annotations

from statistics import median
from typing import cast

import pytest
from sessions import Held, Note

pytestmark = pytest.mark.accept

TOLERANCE_MS = 20
SHARE = 0.95
HAND_OVERS_MIN = 25
FAULTS = ("sequence_gaps", "steps_inside_spurts", "pauses_without_marker", "backward_steps")


@pytest.fixture
def rehearsals(bakery: Held, repair: Held, crowd: list[Held]) -> list[Held]:
    return [bakery, repair, *crowd]


@pytest.fixture
def hand_overs(rehearsals: list[Held]) -> list[dict[str, float]]:
    """From one speaker to another, where neither a human nor a job was waited for."""
    found = [
        pause
        for held in rehearsals
        for pause in cast(list[dict[str, float]], held.figures["pauses"])
        if not pause["waited"]
        and len(set(cast(list[str], pause["speakers"]))) == 2
        and pause["chosen_ms"] >= 0
    ]
    assert len(found) >= HAND_OVERS_MIN
    return found


def test_hand_overs_keep_the_chosen_pause(
    rehearsals: list[Held], hand_overs: list[dict[str, float]], note: Note
) -> None:
    off = [pause["measured_ms"] - pause["chosen_ms"] for pause in hand_overs]
    within = sum(abs(ms) <= TOLERANCE_MS for ms in off)
    measured = (
        f"{within} of {len(off)} in {len(rehearsals)} rehearsals within {TOLERANCE_MS} ms;"
        f" the furthest off by {max(off, key=abs):+.1f} ms"
    )
    required = f"speech to speech within ± {TOLERANCE_MS} ms of the chosen pause in {SHARE:.0%}"
    note(point="Hand-overs", required=required, measured=measured, load=max(h.load for h in rehearsals))
    assert within >= SHARE * len(off)


def test_the_next_voice_is_ready_before_the_hand_over(
    rehearsals: list[Held], hand_overs: list[dict[str, float]], note: Note
) -> None:
    ready = [pause["ready_before_ms"] for pause in hand_overs]
    count = sum(ms > 0 for ms in ready)
    measured = f"{count} of {len(ready)}; by {min(ready):.0f} ms at the least, median {median(ready):.0f} ms"
    required = f"its first audio is there before the voice before it ends in {SHARE:.0%}"
    note(point="Ready in time", required=required, measured=measured, load=max(h.load for h in rehearsals))
    assert count >= SHARE * len(ready)


@pytest.mark.parametrize("session", ["bakery", "repair", "talked_over"])
def test_rtp_time_is_whole(session: str, request: pytest.FixtureRequest, note: Note) -> None:
    held = cast(Held, request.getfixturevalue(session))
    rtp = cast(dict[str, int], held.figures["rtp"])
    measured = f"{rtp['packets']} packets in {rtp['spurts']} spurts; " + ", ".join(
        f"{name.replace('_', ' ')} {rtp[name]}" for name in FAULTS
    )
    required = "no gap or step in RTP time inside a talk spurt; sequence numbers without a gap"
    note(point="RTP time inside talk spurts", required=required, measured=measured, load=held.load)
    assert rtp["packets"] > 1000
    assert [rtp[name] for name in FAULTS] == [0] * len(FAULTS)


@pytest.mark.parametrize("session", ["bakery", "repair", "talked_over"])
def test_rtp_time_is_the_session_clock(session: str, request: pytest.FixtureRequest, note: Note) -> None:
    held = cast(Held, request.getfixturevalue(session))
    clock = cast(dict[str, float] | None, held.figures["session_clock"])
    assert clock is not None, "no Sender Report came"
    measured = (
        f"{clock['within_1_ms']:.0f} of {clock['spurts']:.0f} spurts within 1 ms,"
        f" from {clock['earliest_ms']:+.2f} to {clock['latest_ms']:+.2f} ms,"
        f" against {clock['sender_reports']:.0f} Sender Reports"
    )
    required = "across pauses RTP time = session clock ± 1 ms"
    note(point="RTP time across pauses", required=required, measured=measured, load=held.load)
    assert clock["spurts"] >= 10
    assert clock["within_1_ms"] == clock["spurts"]
