"""What a microphone path made of the packets that a browser sent, judged by its sound, packet by packet.

The yardstick is a receiver of endless patience: it knows all packets that got through, in order, decodes
each, and rebuilds from FEC what FEC can rebuild. A speech frame counts as received when the path under
test passed on that receiver's very sound for it; concealment, however good, does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.opus import Decoder, packet_has_fec
from media.pcm import FRAME_SAMPLES, ms_to_samples
from tests.bench.chromium import Microphone, Sent
from tests.bench.playback import Wave, best, correlations, wave
from tests.bench.relay import Passed

TICKS_PER_FRAME = 960
SPEECH_RMS = 10 ** (-45 / 20)
"""A frame at least so loud, as sent, is speech."""
SAME = 0.8
"""A frame whose correlation is at least this is the same sound (decoders differ after a hole for a while)."""
SAME_REBUILT = 0.97
"""The same for a frame whose packet was lost: FEC gives 1.00, one concealed frame in ten reaches this."""
NEAR_SAMPLES = ms_to_samples(0.5)
EARLY_S, LATE_MAX_S = 0.1, 0.7
"""When a frame may be passed on, counted from its packet's arrival; earlier is for the frame's own length."""
CONTEXT_SAMPLES = 10 * FRAME_SAMPLES
MOST = 0.55
"""The mean correlation of so many frames at one place that it is theirs, though some may be missing."""


@dataclass(frozen=True, slots=True)
class Ideal:
    """What could be heard of a stream of 20 ms packets, frame by frame."""

    sound: Wave
    speech: NDArray[np.bool_]
    """Which frames are speech, as sent."""
    known: NDArray[np.bool_]
    """Which frames came, or can be rebuilt from FEC."""
    came: NDArray[np.bool_]
    """Which frames' packets came."""
    due_s: NDArray[np.float64]
    """When the packet left the relay, or was lost there."""


@dataclass(frozen=True, slots=True)
class Reception:
    """`missing` and `unavoidable` are shares of the speech frames."""

    speech_frames: int
    missing: float
    """Neither received in time nor rebuilt."""
    unavoidable: float
    """Lost together with the FEC of them: the best that any receiver could have."""
    delays_ms: NDArray[np.float64]
    """From each received speech packet's arrival to the passing on of its last sample."""
    arrivals_s: NDArray[np.float64]
    """Those packets' arrivals, by `time.monotonic`."""

    def delay_ms(self, after_s: float = float("-inf"), before_s: float = float("inf")) -> float:
        """The median delay of what arrived in that time; NaN when nothing did."""
        within = (self.arrivals_s >= after_s) & (self.arrivals_s < before_s)
        return float(np.median(self.delays_ms[within])) if within.any() else float("nan")


def ideal(sent: Sequence[Sent], passed: Sequence[Passed]) -> Ideal:
    """Decode what got through, as well as can be. The packets sent must be 20 ms apart."""
    at_relay = {packet.timestamp: packet for packet in passed}
    sent = [packet for packet in sent if packet.timestamp in at_relay]
    first = sent[0].timestamp
    count = _frame_of(sent[-1], first) + 1
    payloads: list[bytes | None] = [None] * count
    speech, came, due_s = np.zeros(count, bool), np.zeros(count, bool), np.zeros(count)
    judge = Decoder()
    for packet in sent:
        frame = _frame_of(packet, first)
        speech[frame] = _rms(wave(judge.decode(packet.payload))) >= SPEECH_RMS
        due_s[frame] = at_relay[packet.timestamp].time_s
        came[frame] = not at_relay[packet.timestamp].lost
        payloads[frame] = packet.payload if came[frame] else None
    judge.close()
    sound, known = _decode(payloads)
    return Ideal(sound, speech, known, came, due_s)


def judge(could: Ideal, heard: Microphone) -> Reception:
    """Compare what was passed on with what could be heard."""
    passing = _Passing(heard)
    frames = np.flatnonzero(could.speech)
    delays, arrivals = [], []
    offset = present = 0
    for frame in frames:
        place = _place(could, passing, int(frame), offset)
        if place is None:
            continue
        offset = place - int(frame) * FRAME_SAMPLES
        if not could.known[frame]:
            continue
        present += 1
        if could.came[frame]:
            delays.append((passing.time_s(place + FRAME_SAMPLES - 1) - could.due_s[frame]) * 1000)
            arrivals.append(could.due_s[frame])
    total = max(1, frames.size)
    unavoidable = int((~could.known[frames]).sum())
    return Reception(
        frames.size, 1 - present / total, unavoidable / total, np.array(delays), np.array(arrivals)
    )


class _Passing:
    """The sound that was passed on, and when each of its samples was."""

    def __init__(self, heard: Microphone) -> None:
        self.sound = wave(heard.pcm)
        self._times_s = np.array([time_s for time_s, _ in heard.chunks])
        self._ends = np.cumsum([samples for _, samples in heard.chunks])

    def time_s(self, sample: int) -> float:
        chunk = int(np.searchsorted(self._ends, sample, side="right"))
        return float(self._times_s[min(chunk, self._times_s.size - 1)])

    def passed_by(self, time_s: float) -> int:
        """How many samples had been passed on at that time."""
        chunk = int(np.searchsorted(self._times_s, time_s, side="right"))
        return int(self._ends[chunk - 1]) if chunk else 0


def _place(could: Ideal, passing: _Passing, frame: int, offset: int) -> int | None:
    """Where a frame begins in what was passed on; None when it is missing."""
    start = frame * FRAME_SAMPLES
    template = could.sound[start : start + FRAME_SAMPLES]
    same = SAME if could.came[frame] else SAME_REBUILT
    place = _near(template, passing.sound, start + offset, same)
    if place is not None:
        return place
    due_s = float(could.due_s[frame])
    first, last = passing.passed_by(due_s - EARLY_S), passing.passed_by(due_s + LATE_MAX_S)
    following = could.sound[start : start + CONTEXT_SAMPLES]
    found = _goes_on(following, passing.sound, first, last)
    return None if found is None else _near(template, passing.sound, found, same)


def _near(template: Wave, sound: Wave, place: int, same: float) -> int | None:
    found, correlation = best(template, sound, place - NEAR_SAMPLES, place + NEAR_SAMPLES)
    return found if correlation >= same else None


def _goes_on(template: Wave, sound: Wave, first: int, last: int) -> int | None:
    """Where most of the next 200 ms are: the path may have lost time, or taken some."""
    votes = np.zeros(0)
    frames = template.size // FRAME_SAMPLES
    for index in range(frames):
        at = index * FRAME_SAMPLES
        fits = correlations(template[at : at + FRAME_SAMPLES], sound[first + at : last + at + FRAME_SAMPLES])
        votes = fits if not index else votes[: fits.size] + fits[: votes.size]
    if not votes.size or votes.max() < MOST * frames:
        return None
    return first + int(votes.argmax())


def _decode(payloads: Sequence[bytes | None]) -> tuple[Wave, NDArray[np.bool_]]:
    decoder = Decoder()
    pieces: list[bytes] = []
    known = np.ones(len(payloads), bool)
    for frame, payload in enumerate(payloads):
        following = payloads[frame + 1] if frame + 1 < len(payloads) else None
        if payload is not None:
            pieces.append(decoder.decode(payload))
        elif following is not None and packet_has_fec(following):
            pieces.append(decoder.recover(following, FRAME_SAMPLES))
        else:
            pieces.append(decoder.conceal(FRAME_SAMPLES))
            known[frame] = False
    decoder.close()
    return wave(b"".join(pieces)), known


def _frame_of(packet: Sent, first: int) -> int:
    return ((packet.timestamp - first) & 0xFFFFFFFF) // TICKS_PER_FRAME


def _rms(sound: Wave) -> float:
    return float(np.sqrt(np.mean(sound**2))) if sound.size else 0.0
