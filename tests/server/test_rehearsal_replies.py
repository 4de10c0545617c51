"""How long the human waited for an answer, on packets and words whose true times are known."""

from __future__ import annotations

import numpy as np
import pytest

from server.rehearsal.client import Event
from server.rehearsal.figures import Spoken
from server.rehearsal.mouth import Said
from server.rehearsal.packets import STEP, Packet, Sound
from server.rehearsal.replies import replies

BASE = 7_000
AT = 24


def event(seq: int, type: str, arrival_s: float, **data: object) -> Event:
    return Event(seq, type, 0, data, arrival_s, "")


def words(begins_ms: int, ends_ms: int, text: str = "hello") -> Said:
    """Audible from and to these ms, with 100 ms of silence around."""
    loud = np.full((ends_ms - begins_ms) * AT, 5000, np.int16)
    pcm = np.concatenate([np.zeros(100 * AT, np.int16), loud, np.zeros(100 * AT, np.int16)])
    return Said(text, (begins_ms - 100) / 1000, pcm.astype("<i2").tobytes())


SOUND = Sound(BASE, np.repeat(np.array([5000, 0, 5000], np.int16), np.array([1000, 3000, 500]) * AT))
"""Heard from 0 to 1000 ms and from 4000 ms on, 20 ms a packet, each 30 ms late."""
TURNS = [
    Spoken("t1", "sarah", "ask", BASE, 0, 1000),
    Spoken("t2", "sarah", "reply", BASE + 4000 * 48, 4000, 4500),
]


def packets() -> list[Packet]:
    numbers = [*range(50), *range(200, 226)]
    return [Packet(0.03 + n * 0.02, n, BASE + n * STEP, False, b"x") for n in numbers]


def test_it_waits_from_its_last_sound_to_the_first_sound_that_came() -> None:
    told = [
        event(1, "phase.entered", 0.1, phase="interview"),
        event(2, "metrics.turn", 5.0, turn="t2", whole_ms=990, parts=[{"part": "decision", "ms": 990}]),
    ]
    (one,) = replies(told, packets(), SOUND, [words(2000, 3000)], TURNS)
    assert one.waited_ms == pytest.approx(1030, abs=1)
    assert (one.turn, one.act, one.during) == ("t2", "reply", "interview")
    assert (one.told_ms, one.parts) == (990, {"decision": 990})


def test_what_was_said_while_a_decision_was_open_is_told() -> None:
    told = [event(1, "approval.requested", 1.0), event(2, "approval.resolved", 3.2)]
    assert [r.during for r in replies(told, packets(), SOUND, [words(2000, 3000)], TURNS)] == ["approval"]


def test_words_that_were_followed_by_more_had_no_answer() -> None:
    said = [words(1500, 2000, "one"), words(2500, 3000, "two")]
    assert [reply.said for reply in replies([], packets(), SOUND, said, TURNS)] == ["two"]
    assert replies([], packets(), SOUND, [words(5000, 6000)], TURNS) == []
