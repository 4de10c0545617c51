"""From the end of the human's words to the first sound of the answer: what a listener waits, by the clock.

Both ends are this process's own: when a packet of the microphone was due, and when the answer's packet came.
What the server tells of the same turn (`metrics.turn`) stands beside it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from server.rehearsal.client import Event
from server.rehearsal.figures import Spoken
from server.rehearsal.mouth import Said
from server.rehearsal.packets import RTP_HZ, Packet, Sound

APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Replied:
    """One utterance and the turn that answered it."""

    said: str
    during: str
    """The phase, or `approval` while a decision was open."""
    turn: str
    act: str
    waited_ms: float
    """From the last audible sample said to the first audible one that came, without a jitter buffer."""
    told_ms: int | None
    """The whole that the server tells of it."""
    parts: dict[str, int]


def replies(
    events: list[Event], packets: list[Packet], sound: Sound, said: list[Said], turns: list[Spoken]
) -> list[Replied]:
    """What was said and answered. What the human went on after, before an answer came, is left out."""
    heard = _first_heard(packets, sound, turns)
    told = {str(event.data.get("turn")): event for event in events if event.type == "metrics.turn"}
    found = []
    for utterance, following in pairwise([*said, None]):
        assert utterance is not None
        until_s = following.audible_s if following is not None else float("inf")
        answer = next(((s, turn) for s, turn in heard if utterance.ended_s < s), None)
        if answer is not None and answer[0] < until_s:
            found.append(_replied(utterance, *answer, events, told))
    return found


def _first_heard(packets: list[Packet], sound: Sound, turns: list[Spoken]) -> list[tuple[float, Spoken]]:
    """When the first audible sample of each turn came, by the loop's clock; silent turns are left out."""
    ordered = sorted(packets, key=lambda packet: packet.timestamp)
    times = [packet.timestamp for packet in ordered]
    starts = [sound.index(turn.rtp_timestamp) for turn in turns]
    found = []
    for turn, start, end in zip(turns, starts, [*starts[1:], sound.pcm.size], strict=True):
        audible = sound.audible(start, end)
        if audible is not None:
            at = sound.start + 2 * audible[0]
            packet = ordered[bisect_right(times, at) - 1]
            found.append((packet.arrival_s + (at - packet.timestamp) / RTP_HZ, turn))
    return found


def _replied(
    utterance: Said, heard_s: float, turn: Spoken, events: list[Event], told: dict[str, Event]
) -> Replied:
    metrics = told[turn.turn].data if turn.turn in told else {}
    whole, parts = metrics.get("whole_ms"), metrics.get("parts")
    return Replied(
        utterance.text,
        _during(events, utterance.ended_s),
        turn.turn,
        turn.act,
        round((heard_s - utterance.ended_s) * 1000, 1),
        whole if isinstance(whole, int) else None,
        {str(part["part"]): int(part["ms"]) for part in (parts if isinstance(parts, list) else [])},
    )


def _during(events: list[Event], at_s: float) -> str:
    phase, open_approval = "", False
    for event in sorted(events, key=lambda event: event.seq):
        if event.arrival_s > at_s:
            break
        if event.type == "phase.entered":
            phase = str(event.data.get("phase"))
        elif event.type.startswith("approval."):
            open_approval = event.type == "approval.requested"
    return APPROVAL if open_approval else phase
