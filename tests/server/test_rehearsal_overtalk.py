"""What is said of a turn that was talked over, on packets and sounds whose true figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from server.rehearsal.client import Event
from server.rehearsal.mouth import Said
from server.rehearsal.overtalk import overtalks, uncut_ms
from server.rehearsal.packets import STEP, Packet, Sound
from server.rehearsal.timeline import Timeline

BASE = 5_000
AT = 24
SAID_MS = 1000
"""The human begins a second into the first turn."""


def sounding(*intervals_ms: tuple[int, int]) -> Sound:
    pcm = np.zeros(5_000 * AT, np.int16)
    for begin, end in intervals_ms:
        pcm[begin * AT : end * AT] = 5_000
    return Sound(BASE, pcm)


def arrived(*intervals_ms: tuple[int, int]) -> list[Packet]:
    """A packet for each 20 ms, as it becomes due."""
    places = [ms for begin, end in intervals_ms for ms in range(begin, end, 20)]
    return [Packet(50 + ms / 1000, ms // 20, BASE + ms * STEP // 20, False, b"x") for ms in places]


def told(heard_ms: int, interrupted: bool) -> list[Event]:
    def event(seq: int, type: str, at_ms: int, **data: object) -> Event:
        return Event(seq, type, at_ms, data, 50.0 + at_ms / 1000, "")

    one = {"turn": "t1", "speaker": "marcus", "act": "greet", "rtp_timestamp": BASE}
    two = {"turn": "t2", "speaker": "marcus", "act": "reply", "rtp_timestamp": BASE + 3_000 * 48}
    return [
        event(1, "turn.started", 0, **one),
        event(2, "human.speaking", 1_300, speaking=True),
        event(3, "turn.ended", 1_600, turn="t1", text="Hello", heard_ms=heard_ms, interrupted=interrupted),
        event(4, "turn.started", 3_000, **two),
        event(5, "turn.ended", 4_000, turn="t2", interrupted=False),
    ]


def placed(events: list[Event], packets: list[Packet], sound: Sound) -> Timeline:
    voice = np.full(AT * 800, 5_000, "<i2").tobytes()
    return Timeline.of(events, packets, sound, [Said("wait", 50.0 + SAID_MS / 1000, voice)])


@pytest.mark.parametrize(("heard_ms", "beyond_ms"), [(1500, -20), (1519, -1), (1560, 40)])
def test_what_is_remembered_of_a_turn_stands_beside_what_came_of_it(heard_ms: int, beyond_ms: int) -> None:
    """Cut in a pause: the last word ended at 1300 ms, the packets at 1520."""
    sound, packets = sounding((0, 1300), (3000, 4000)), arrived((0, 1520), (3000, 4000))
    events = told(heard_ms, interrupted=True)
    (one,) = overtalks(placed(events, packets, sound), events, packets, sound)
    assert one.figures()["heard_ms"] == heard_ms
    assert one.sounded_ms == pytest.approx(1300, abs=1)
    assert one.heard_ms - one.received_ms == pytest.approx(beyond_ms, abs=0.1)


def test_the_next_turn_s_packets_are_none_of_this_one() -> None:
    sound, packets = sounding((0, 1500), (3000, 4000)), arrived((0, 1500), (2990, 3990))
    events = told(1500, interrupted=True)
    (one,) = overtalks(placed(events, packets, sound), events, packets, sound)
    assert one.received_ms <= 3000


@pytest.mark.parametrize(("ended_ms", "went_on_ms"), [(1400, [400]), (2900, [1900]), (900, [])])
def test_a_voice_that_nothing_cut_is_told_by_how_long_it_went_on(
    ended_ms: int, went_on_ms: list[int]
) -> None:
    sound, packets = sounding((0, ended_ms), (3000, 4000)), arrived((0, ended_ms), (3000, 4000))
    events = told(ended_ms, interrupted=False)
    timeline = placed(events, packets, sound)
    assert overtalks(timeline, events, packets, sound) == []
    assert uncut_ms(timeline, sound) == pytest.approx(went_on_ms, abs=1)


def test_a_turn_that_was_cut_is_not_among_them() -> None:
    sound, packets = sounding((0, 1500), (3000, 4000)), arrived((0, 1500), (3000, 4000))
    assert uncut_ms(placed(told(1500, interrupted=True), packets, sound), sound) == []
