"""From packets and a server's log to the figures of a run. Pure; times are seconds of `time.monotonic`.

An utterance's packets are those with sound in them (by decoded level) from its first delta to the next
utterance's. All figures are about the server: the times are the kernel's, so the listener's own load does
not move them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from media.pcm import FRAME_SAMPLES
from tests.bench.streams import Event, Floats, Integers, Stream, Utterance, utterances

PACKET_S = 0.02
RTP_HZ = 48_000
AFTERGLOW_S = 0.1
"""Sound so shortly before an utterance is still the one before it, and hides where this one begins."""
NONE = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Window:
    """What of a run counts."""

    settled_s: float
    """When all stood; utterances that began before are not judged."""
    begin_s: float
    end_s: float
    """Spacing and CPU are measured between these two."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all sessions of a run; None where nothing was there to be measured."""

    packets: int
    spacing_p50_ms: float | None
    spacing_p99_ms: float | None
    spacing_max_ms: float | None
    """|time between two packets of an utterance - 20 ms|."""
    lateness_p99_ms: float | None
    lateness_max_ms: float | None
    """Each packet against the utterance's best one: how much later than 20 ms a packet says."""
    utterances: int
    first_audio_p50_ms: float | None
    first_audio_p95_ms: float | None
    """From the first delta pushed to the first packet with sound."""
    cuts: int
    flush_p50_ms: float | None
    flush_p95_ms: float | None
    flush_max_ms: float | None
    """From the interrupt to the last packet with sound; below zero: nothing was sent after it."""
    missing: float | None
    """Share of the speech that was not out when the next utterance began."""
    stretch_max: float | None
    """An utterance's time on the wire as a multiple of its length."""
    wire_lost: int
    wire_repeated: int
    """By sequence numbers, inside the window."""
    breaks: int
    """Markers beyond one an utterance: so often its sound stopped on the way, if the server sets markers."""
    clock_error_max_ms: float | None
    """How far the utterances of one session lie apart in (arrival - RTP time), by their best packets."""


def judge(streams: Sequence[Stream], events: Iterable[Event], window: Window) -> Figures:
    """Judge a run whose utterances never overlap in a session."""
    told = [spoken for spoken in utterances(events) if window.settled_s <= spoken.begin_s < window.end_s]
    own = {stream.sid: [spoken for spoken in told if spoken.sid == stream.sid] for stream in streams}
    pairs = [(stream, spoken) for stream in streams for spoken in own[stream.sid]]
    whole = [(s, u) for s, u in pairs if u.interrupted_s is None and u.next_s < window.end_s]
    spacing = _joined(spacing_errors_ms(stream, spoken, window) for stream, spoken in pairs)
    late = _joined(lateness_ms(stream, spoken, window.end_s) for stream, spoken in pairs)
    first = _known(first_audio_ms(stream, spoken) for stream, spoken in pairs)
    flush = _known(flush_ms(stream, spoken) for stream, spoken in pairs if spoken.next_s < window.end_s)
    clocks = _known(clock_error_ms(stream, own[stream.sid], window.end_s) for stream in streams)
    wire = [wire_faults(stream, window) for stream in streams]
    return Figures(
        packets=sum(stream.times_s.size for stream in streams),
        spacing_p50_ms=_percentile(spacing, 50),
        spacing_p99_ms=_percentile(spacing, 99),
        spacing_max_ms=_percentile(spacing, 100),
        lateness_p99_ms=_percentile(late, 99),
        lateness_max_ms=_percentile(late, 100),
        utterances=len(pairs),
        first_audio_p50_ms=_percentile(first, 50),
        first_audio_p95_ms=_percentile(first, 95),
        cuts=flush.size,
        flush_p50_ms=_percentile(flush, 50),
        flush_p95_ms=_percentile(flush, 95),
        flush_max_ms=_percentile(flush, 100),
        missing=_mean(_known(missing_share(stream, spoken) for stream, spoken in whole)),
        stretch_max=_percentile(_known(stretch(stream, spoken) for stream, spoken in whole), 100),
        wire_lost=sum(lost for lost, _ in wire),
        wire_repeated=sum(repeated for _, repeated in wire),
        breaks=sum(breaks(stream, spoken, window) for stream, spoken in pairs),
        clock_error_max_ms=_percentile(clocks, 100),
    )


def spacing_errors_ms(stream: Stream, spoken: Utterance, window: Window) -> Floats:
    """|dt - 20 ms| of neighbouring packets of the utterance inside the window."""
    index = stream.sounding_in(max(spoken.begin_s, window.begin_s), min(spoken.next_s, window.end_s))
    numbers = np.diff(stream.sequence_numbers[index]) & 0xFFFF
    errors: Floats = np.abs(np.diff(stream.times_s[index]) - PACKET_S)[numbers == 1] * 1000
    return errors


def lateness_ms(stream: Stream, spoken: Utterance, end_s: float) -> Floats:
    """Of each packet of the utterance, against its best one."""
    times_s = stream.times_s[stream.sounding_in(spoken.begin_s, min(spoken.next_s, end_s))]
    if not times_s.size:
        return NONE
    slack = times_s - np.arange(times_s.size) * PACKET_S
    late: Floats = (slack - slack.min()) * 1000
    return late


def first_audio_ms(stream: Stream, spoken: Utterance) -> float | None:
    """None when nothing came, or the utterance before it was still sounding."""
    index = stream.sounding_in(spoken.begin_s, spoken.next_s)
    if not index.size or stream.sounding_in(spoken.begin_s - AFTERGLOW_S, spoken.begin_s).size:
        return None
    return float(stream.times_s[index[0]] - spoken.begin_s) * 1000


def flush_ms(stream: Stream, spoken: Utterance) -> float | None:
    """None when the utterance was not interrupted, or not a packet of it came."""
    if spoken.interrupted_s is None:
        return None
    index = stream.sounding_in(spoken.begin_s, spoken.next_s)
    return float(stream.times_s[index[-1]] - spoken.interrupted_s) * 1000 if index.size else None


def missing_share(stream: Stream, spoken: Utterance) -> float:
    """0 when every packet with sound came (an encoder may need one more), 1 when none did."""
    expected = spoken.samples // FRAME_SAMPLES
    came = stream.sounding_in(spoken.begin_s, spoken.next_s).size
    return max(0.0, 1 - came / expected) if expected else 0.0


def stretch(stream: Stream, spoken: Utterance) -> float | None:
    index = stream.sounding_in(spoken.begin_s, spoken.next_s)
    if not index.size or not spoken.samples:
        return None
    took_s = stream.times_s[index[-1]] - stream.times_s[index[0]] + PACKET_S
    return float(took_s / (spoken.samples / FRAME_SAMPLES * PACKET_S))


def breaks(stream: Stream, spoken: Utterance, window: Window) -> int:
    part = stream.part(spoken.begin_s, min(spoken.next_s, window.end_s))
    return max(0, int(stream.markers[part].sum()) - 1)


def clock_error_ms(stream: Stream, told: Sequence[Utterance], end_s: float) -> float | None:
    """How far RTP time leaves the wall clock from utterance to utterance; None with fewer than two."""
    if not stream.times_s.size:
        return None
    ticks = np.concatenate(([0], np.cumsum(_signed(np.diff(stream.timestamps)))))
    drift_s = stream.times_s - stream.times_s[0] - ticks / RTP_HZ
    parts = [stream.sounding_in(spoken.begin_s, min(spoken.next_s, end_s)) for spoken in told]
    best = [float(drift_s[index].min()) for index in parts if index.size]
    return (max(best) - min(best)) * 1000 if len(best) > 1 else None


def wire_faults(stream: Stream, window: Window) -> tuple[int, int]:
    """Packets lost and packets repeated (or overtaken), by their sequence numbers."""
    numbers = stream.sequence_numbers[stream.part(window.begin_s, window.end_s)]
    steps = (np.diff(numbers) + 0x8000) % 0x10000 - 0x8000
    return int((steps[steps > 1] - 1).sum()), int((steps < 1).sum())


def _signed(ticks: Integers) -> Integers:
    """The shorter way round from one 32-bit RTP time to another."""
    shorter: Integers = (ticks + (1 << 31)) % (1 << 32) - (1 << 31)
    return shorter


def _joined(parts: Iterable[Floats]) -> Floats:
    return np.concatenate([NONE, *parts])


def _known(values: Iterable[float | None]) -> Floats:
    return np.array([value for value in values if value is not None], float)


def _percentile(values: Floats, percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 3) if values.size else None


def _mean(values: Floats) -> float | None:
    return round(float(values.mean()), 5) if values.size else None
