"""What a session measured, from packets and events alone: pure functions, no clock, no network."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from server.rehearsal.packets import PCM_HZ, RTP_HZ, STEP, Packet, Sound


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
    delays: list[float] = []
    least: float | None = None
    spurts = 0
    for last, packet in pairwise([None, *packets]):
        assert packet is not None
        delay_ms = packet.arrival_s * 1000 - packet.timestamp * 1000 / RTP_HZ
        if last is not None:
            gaps += max(0, packet.sequence - last.sequence - 1)
            step = packet.timestamp - last.timestamp
            backward += step <= 0
            if not packet.marker and packet.sequence == last.sequence + 1 and step != STEP:
                steps += 1
                unmarked += step > STEP
        if packet.marker or last is None:
            spurts += 1
            if least is not None:
                delays.append(least)
            least = delay_ms
        least = delay_ms if least is None else min(least, delay_ms)
    if least is not None:
        delays.append(least)
    spread = max(delays) - min(delays) if delays else 0.0
    return Continuity(len(packets), spurts, gaps, steps, unmarked, backward, round(spread, 2))


def pauses(turns: list[Spoken], sound: Sound, waits: list[tuple[int, str]]) -> list[Pause]:
    """Between consecutive turns. `waits`: (session time in ms, what happened) that a turn may wait for."""
    found = []
    for one, two in pairwise(turns):
        first = sound.audible(sound.index(one.rtp_timestamp), sound.index(two.rtp_timestamp))
        second_start = sound.index(two.rtp_timestamp)
        length = max(0, two.ended_ms - two.started_ms) + 500
        second = sound.audible(second_start, second_start + length * PCM_HZ // 1000)
        if first is None or second is None:
            continue
        measured = (second[0] - first[1]) * 1000 / PCM_HZ
        waited = sorted({what for at_ms, what in waits if one.started_ms < at_ms <= two.started_ms})
        speakers = (one.speaker, two.speaker)
        pause = (round(measured, 1), two.chosen_pause_ms, two.ready_before_ms, ",".join(waited))
        found.append(Pause(one.turn, two.turn, speakers, *pause))
    return found


def handover_share(found: list[Pause], tolerance_ms: float = 60.0) -> tuple[int, int]:
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


@dataclass(frozen=True, slots=True)
class Interruption:
    """Talking over a persona; times from the human's first audible sample, -1 where it did not happen."""

    speech_ms: int
    """When the human began, session time."""
    last_loud_ms: float
    """The last time the voice was near its own level (within 8 dB of its peak): ducked from then on."""
    decision_ms: float
    """The server's decision that the human speaks (`human.speaking`)."""
    silent_ms: float
    """The last audible sample of the turn."""

    @property
    def silence_after_decision_ms(self) -> float:
        return self.silent_ms - self.decision_ms


def interruption(
    sound: Sound, turn_start: int, speech: int, decision: int, speech_ms: int, search_ms: int = 4000
) -> Interruption | None:
    """Measure on the received sound. All places are sample indices: of the turn's first sample, of the
    human's first audible sample (as it would have been heard), and of the decision."""
    window = PCM_HZ // 100
    before = np.abs(sound.pcm[max(0, turn_start) : speech].astype(np.int32))
    if before.size < window:
        return None
    loud = float(np.percentile(_peaks(before, window), 95)) * 10 ** (-8 / 20)
    after = np.abs(sound.pcm[speech : speech + search_ms * PCM_HZ // 1000].astype(np.int32))
    heard = sound.audible(speech, _end_of_turn(sound, decision))
    louder = np.flatnonzero(_peaks(after[: max(0, decision - speech)], window) >= loud)
    last_loud = (int(louder[-1]) + 1) * 10.0 if louder.size else 0.0
    silent = (heard[1] - speech) * 1000 / PCM_HZ if heard else 0.0
    return Interruption(speech_ms, last_loud, (decision - speech) * 1000 / PCM_HZ, round(silent, 1))


def _end_of_turn(sound: Sound, decision: int) -> int:
    """The cut turn ends at the first 300 ms of silence after the decision."""
    quiet = 0
    window = PCM_HZ // 100
    at = decision
    while at < sound.pcm.size and quiet < 30:
        loud = int(np.abs(sound.pcm[at : at + window].astype(np.int32)).max(initial=0)) >= 164
        quiet = 0 if loud else quiet + 1
        at += window
    return at


def _peaks(
    levels: np.ndarray[tuple[int], np.dtype[np.int32]], window: int
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    count = levels.size // window
    peaks: np.ndarray[tuple[int], np.dtype[np.int32]] = (
        levels[: count * window].reshape(count, window).max(axis=1, initial=0)
    )
    return peaks
