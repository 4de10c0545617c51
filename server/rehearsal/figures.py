"""What a session measured, from packets and events alone: pure functions, no clock, no network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from server.rehearsal.clock import spurt_delays
from server.rehearsal.packets import PCM_HZ, STEP, Packet, Sound

PREPARATION_MS = 1000
"""What comes this long before the end of a turn leaves enough time to prepare the next one."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One persona's turn as the events told it; times in ms of the session's clock."""

    turn: str
    speaker: str
    act: str
    rtp_timestamp: int
    started_ms: int
    ended_ms: int
    chosen_pause_ms: int = -1
    ready_before_ms: int = -1
    """How long its sound had waited when it was given; 0 when the listener waited for it."""
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Speech to speech on RTP time. `waited`: what the second speaker waited for, empty for nothing."""

    after: str
    before: str
    speakers: tuple[str, str]
    measured_ms: float
    chosen_ms: int
    ready_before_ms: int
    waited: str


@dataclass(frozen=True, slots=True)
class Continuity:
    """How true the RTP stream kept to RFC 3550 and to the session's clock."""

    packets: int
    spurts: int
    sequence_gaps: int
    steps_inside_spurts: int
    """Packets without a marker whose timestamp did not step by 960."""
    pauses_without_marker: int
    backward_steps: int
    clock_spread_ms: float
    """How far RTP time and arrival drifted apart between spurts, from each spurt's least delay."""


@dataclass(frozen=True, slots=True)
class Silence:
    start_ms: int
    duration_ms: int
    explained_by: str


def continuity(packets: list[Packet]) -> Continuity:
    gaps = steps = unmarked = backward = 0
    for last, packet in pairwise(packets):
        gaps += max(0, packet.sequence - last.sequence - 1)
        step = packet.timestamp - last.timestamp
        backward += step <= 0
        if not packet.marker and packet.sequence == last.sequence + 1 and step != STEP:
            steps += 1
            unmarked += step > STEP
    delays = spurt_delays(packets)
    spread = max(delays) - min(delays) if delays else 0.0
    return Continuity(len(packets), len(delays), gaps, steps, unmarked, backward, round(spread, 2))


def pauses(turns: list[Spoken], sound: Sound, waits: list[tuple[int, str]]) -> list[Pause]:
    """Between consecutive turns that were heard to their end.

    `waits`: (session time in ms, what happened) that a turn may wait for. It did when that came after the
    turn before it, or so shortly before its end that nothing could be prepared.
    """
    found = []
    for one, two in pairwise(turns):
        if one.interrupted:
            continue
        first = sound.audible(sound.index(one.rtp_timestamp), sound.index(two.rtp_timestamp))
        second_start = sound.index(two.rtp_timestamp)
        length = max(0, two.ended_ms - two.started_ms) + 500
        second = sound.audible(second_start, second_start + length * PCM_HZ // 1000)
        if first is None or second is None:
            continue
        measured = (second[0] - first[1]) * 1000 / PCM_HZ
        since_ms = max(one.started_ms, one.ended_ms - PREPARATION_MS)
        waited = sorted({what for at_ms, what in waits if since_ms < at_ms <= two.started_ms})
        speakers = (one.speaker, two.speaker)
        pause = (round(measured, 1), two.chosen_pause_ms, two.ready_before_ms, ",".join(waited))
        found.append(Pause(one.turn, two.turn, speakers, *pause))
    return found


def handover_share(found: list[Pause], tolerance_ms: float = 20.0) -> tuple[int, int]:
    """Hand-overs between two speakers that waited for nothing: (within the tolerance, all)."""
    free = [p for p in found if not p.waited and p.speakers[0] != p.speakers[1] and p.chosen_ms >= 0]
    return sum(abs(p.measured_ms - p.chosen_ms) <= tolerance_ms for p in free), len(free)


def silences(
    audible: list[tuple[float, float]],
    explained: list[tuple[float, float, str]],
    start_ms: float,
    end_ms: float,
    least_ms: float = 1500.0,
) -> list[Silence]:
    """Where nobody was heard for `least_ms` or more between start and end, longest first.

    `audible` are intervals of sound by anybody, `explained` intervals with what the listener was told (the
    team waits for an answer, a job is under way). A silence is explained by what covers most of it.
    """
    found = []
    at = start_ms
    for begin, end in [*sorted(audible), (end_ms, end_ms)]:
        if begin - at >= least_ms:
            found.append(Silence(round(at), round(begin - at), _explanation(at, begin, explained)))
        at = max(at, end)
    return sorted(found, key=lambda silence: -silence.duration_ms)


def _explanation(start: float, end: float, explained: list[tuple[float, float, str]]) -> str:
    covered: dict[str, float] = {}
    for begin, stop, what in explained:
        covered[what] = covered.get(what, 0.0) + max(0.0, min(end, stop) - max(start, begin))
    best = max(covered, key=lambda what: covered[what], default="")
    return best if best and covered[best] >= 0.5 * (end - start) else ""


def audible_intervals(sound: Sound, join_ms: int = 200) -> list[tuple[int, int]]:
    """Intervals of sound as sample indices; gaps shorter than `join_ms` belong to the sound."""
    window = PCM_HZ // 100
    count = sound.pcm.size // window
    peaks = np.abs(sound.pcm[: count * window].astype(np.int32)).reshape(count, window).max(axis=1, initial=0)
    found: list[tuple[int, int]] = []
    for n in np.flatnonzero(peaks >= 164):
        start, end = int(n) * window, (int(n) + 1) * window
        if found and start - found[-1][1] <= join_ms * PCM_HZ // 1000:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
