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
from tests.bench.playback import Wave, best, wave
from tests.bench.relay import Passed

TICKS_PER_FRAME = 960
SPEECH_RMS = 10 ** (-45 / 20)
"""A frame at least so loud, as sent, is speech."""
SAME = 0.8
"""A frame whose correlation is at least this is the same sound (decoders differ after a hole for a while)."""
NEAR_SAMPLES = ms_to_samples(2)
FAR_SAMPLES = ms_to_samples(700)
CONTEXT_FRAMES = 10


@dataclass(frozen=True, slots=True)
class Ideal:
    """What could be heard of a stream of 20 ms packets, frame by frame."""

    sound: Wave
    speech: NDArray[np.bool_]
    """Which frames are speech, as sent."""
    known: NDArray[np.bool_]
    """Which frames came, or can be rebuilt from FEC."""
    arrived_s: NDArray[np.float64]
    """When their packet left the relay; NaN when it did not."""


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
    arrivals = {packet.timestamp: packet.time_s for packet in passed if not packet.lost}
    first = sent[0].timestamp
    count = _frame_of(sent[-1], first) + 1
    payloads: list[bytes | None] = [None] * count
    speech, arrived_s = np.zeros(count, bool), np.full(count, np.nan)
    judge = Decoder()
    for packet in sent:
        frame = _frame_of(packet, first)
        speech[frame] = _rms(wave(judge.decode(packet.payload))) >= SPEECH_RMS
        if packet.timestamp in arrivals:
            payloads[frame] = packet.payload
            arrived_s[frame] = arrivals[packet.timestamp]
    judge.close()
    sound, known = _decode(payloads)
    return Ideal(sound, speech, known, arrived_s)


def judge(could: Ideal, heard: Microphone) -> Reception:
    """Compare what was passed on with what could be heard."""
    sound = wave(heard.pcm)
    times_s, counts = np.array([time_s for time_s, _ in heard.chunks]), [count for _, count in heard.chunks]
    chunk_ends = np.cumsum(counts)
    frames = np.flatnonzero(could.speech)
    present, delays, arrivals = 0, [], []
    for frame, end in zip(frames, _places(could, sound, frames), strict=True):
        if end is None:
            continue
        present += 1
        chunk = int(np.searchsorted(chunk_ends, end))
        if not np.isnan(could.arrived_s[frame]) and chunk < times_s.size:
            delays.append((times_s[chunk] - could.arrived_s[frame]) * 1000)
            arrivals.append(could.arrived_s[frame])
    total = max(1, frames.size)
    unavoidable = int((~could.known[frames]).sum())
    return Reception(
        frames.size, 1 - present / total, unavoidable / total, np.array(delays), np.array(arrivals)
    )


def _places(could: Ideal, sound: Wave, frames: NDArray[np.intp]) -> list[int | None]:
    """For each speech frame where in `sound` it ends, None where it is missing."""
    offset: int | None = None
    places: list[int | None] = []
    for frame in frames:
        start = int(frame) * FRAME_SAMPLES
        place = None if offset is None else _fits(could, sound, int(frame), start + offset)
        if place is None:
            offset = _track(could, sound, int(frame), offset)
            place = None if offset is None else _fits(could, sound, int(frame), start + offset)
        places.append(None if place is None or not could.known[frame] else place + FRAME_SAMPLES)
        if place is not None:
            offset = place - start
    return places


def _fits(could: Ideal, sound: Wave, frame: int, place: int) -> int | None:
    """Where the frame is, near `place`; None when it is not there."""
    template = could.sound[frame * FRAME_SAMPLES : (frame + 1) * FRAME_SAMPLES]
    found, correlation = best(template, sound, place - NEAR_SAMPLES, place + NEAR_SAMPLES)
    return found if correlation >= SAME else None


def _track(could: Ideal, sound: Wave, frame: int, offset: int | None) -> int | None:
    """Where the sound goes on: the path may have lost time, or taken some."""
    start = frame * FRAME_SAMPLES
    template = could.sound[start : start + CONTEXT_FRAMES * FRAME_SAMPLES]
    if offset is None:
        place, correlation = best(template, sound, 0, sound.size)
    else:
        place, correlation = best(template, sound, start + offset - FAR_SAMPLES, start + offset + FAR_SAMPLES)
    return place - start if correlation >= SAME else offset


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
