"""What one listener received and what its server was handed, as plain columns and rows. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from media.pcm import BYTES_PER_SAMPLE

SILENT_DBFS = -50.0
"""A packet is silent when its decoded 20 ms stay below this RMS level; its size decides nothing.

The speech that the servers are handed never falls under -41 dBFS.
"""
Event = Mapping[str, int | float | str | bool]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stream:
    """The RTP packets that one session received, in order of arrival; all columns have one length."""

    sid: int
    times_s: Floats
    """When the kernel received each, by `time.monotonic`."""
    sequence_numbers: Integers
    timestamps: Integers
    """32 bits at 48 kHz."""
    markers: Flags
    sizes_bytes: Integers
    """Of the payload, decrypted."""
    levels_dbfs: Floats
    """RMS of what each packet decodes to."""

    @property
    def sounding(self) -> Flags:
        loud: Flags = self.levels_dbfs > SILENT_DBFS
        return loud

    def part(self, begin_s: float, end_s: float) -> slice:
        """The packets that came from `begin_s` on and before `end_s`."""
        first, last = np.searchsorted(self.times_s, (begin_s, end_s))
        return slice(int(first), int(last))

    def sounding_in(self, begin_s: float, end_s: float) -> Integers:
        """Indices of the packets with sound in them."""
        part = self.part(begin_s, end_s)
        found: Integers = part.start + np.flatnonzero(self.sounding[part])
        return found


@dataclass(frozen=True, slots=True)
class Utterance:
    """One utterance as its server was handed it."""

    sid: int
    begin_s: float
    """When the first delta was pushed, by `time.monotonic`."""
    samples: int
    """24 kHz."""
    next_s: float
    """When the next one began; infinity for the last."""
    interrupted_s: float | None
    """When nobody wanted the rest of it."""


def utterances(events: Iterable[Event]) -> list[Utterance]:
    """Read a server's log (`delta` and `interrupt`); in the order of each session's time."""
    by_session: dict[int, list[Event]] = {}
    for event in events:
        by_session.setdefault(int(event["s"]), []).append(event)
    return [spoken for sid, own in sorted(by_session.items()) for spoken in _of_session(sid, own)]


def _of_session(sid: int, events: Sequence[Event]) -> list[Utterance]:
    ordered = sorted(events, key=lambda event: float(event["t"]))
    deltas = [event for event in ordered if event["k"] == "delta"]
    begins = [float(event["t"]) for event in deltas if event["i"] == 0]
    cuts = [float(event["t"]) for event in ordered if event["k"] == "interrupt"]
    found = []
    for begin_s, next_s in pairwise([*begins, math.inf]):
        pushed = sum(int(event["n"]) for event in deltas if begin_s <= float(event["t"]) < next_s)
        cut_s = next((time_s for time_s in cuts if begin_s <= time_s < next_s), None)
        found.append(Utterance(sid, begin_s, pushed // BYTES_PER_SAMPLE, next_s, cut_s))
    return found
