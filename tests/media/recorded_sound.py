"""Recordings made of sounds whose times are known, and what a player hears of the file."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from media import recording_journal as journal
from media.opus import Encoder
from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, as_array
from media.recording_journal import Kind, Record
from media.recording_render import render

Heard = NDArray[np.float32]


def packets(kind: Kind, pcm: bytes, position: int = 0, ppm: float = 0.0) -> list[Record]:
    """The sound in packets of 20 ms from `position` on, by a sender whose clock is `ppm` fast."""
    return [
        Record(kind, position + round(n * FRAME_SAMPLES / (1 + ppm / 1e6)), payload)
        for n, payload in enumerate(coded(pcm))
    ]


@cache
def coded(pcm: bytes) -> tuple[bytes, ...]:
    """Its whole frames, encoded. Many tests send the same minute of sound."""
    encoder = Encoder()
    sound = as_array(pcm)
    frames = sound[: sound.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return tuple(encoder.encode(frame.tobytes()) for frame in frames)


def leaping(records: list[Record]) -> list[Record]:
    """The same with positions that follow each other without a gap until they would be 10 ms wrong."""
    made: list[Record] = []
    for record in records:
        follows = made[-1].position + FRAME_SAMPLES if made else record.position
        near = abs(record.position - follows) < SAMPLE_RATE_HZ // 100
        made.append(replace(record, position=follows) if near else record)
    return made


def clicks(seconds: float, every_s: float, ppm: float = 0.0, noise: float = 0.0) -> bytes:
    """10 ms of tone at each multiple of `every_s` of true time, as a clock that is `ppm` fast samples it."""
    hz = SAMPLE_RATE_HZ * (1 + ppm / 1e6)
    made = np.random.default_rng(1).normal(0, noise, math.ceil(seconds * hz)) if noise else None
    sound = np.zeros(math.ceil(seconds * hz)) if made is None else made
    burst = 12_000 * np.sin(2 * math.pi * 1000 * np.arange(240) / SAMPLE_RATE_HZ)
    for n in range(1, math.ceil(seconds / every_s)):
        at = round(n * every_s * hz)
        sound[at : at + burst.size] += burst[: sound.size - at]
    return np.rint(sound).astype("<i2").tobytes()


def stored(path: Path, records: list[Record], begin: int = 0, end: int | None = None) -> Path:
    """A journal of these records in the order of their positions, from the switch on to the switch off."""
    ordered = sorted(records, key=lambda record: record.position)
    ordered.insert(0, Record(Kind.ON, begin))
    if end is not None:
        ordered.append(Record(Kind.OFF, end))
    journal.append(path, b"".join(map(journal.packed, ordered)), 0)
    return path


def heard(ogg: Path) -> tuple[Heard, Heard]:
    """Left and right at 48 kHz, as a player has them."""
    with av.open(str(ogg)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    sound = np.concatenate(frames, axis=1)
    return sound[0], sound[1]


def rendered(path: Path) -> tuple[Heard, Heard]:
    ogg = path.with_suffix(".ogg")
    assert render(path, ogg)
    return heard(ogg)


def onsets(sound: Heard, apart_s: float = 0.3) -> list[float]:
    """When it becomes loud, in seconds, after at least so long a quiet."""
    loud = np.flatnonzero(np.abs(sound) > 0.15) / 48_000
    first = np.concatenate([[True], np.diff(loud) > apart_s]) if loud.size else np.zeros(0, bool)
    return [float(at) for at in loud[first]]


def roughness(sound: Samples) -> float:
    """The largest second difference: a click shows where a tone has none."""
    return float(np.abs(np.diff(sound.astype(np.float64), 2)).max())
