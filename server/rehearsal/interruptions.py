"""Talking over a persona: what the listener heard of it, measured on the received sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from server.rehearsal.packets import PCM_HZ, Sound

DUCKED_DB = 10.0
_WINDOW = PCM_HZ // 50
_HOP = PCM_HZ // 200
_BEFORE = 2 * PCM_HZ
_BEFORE_LEAST = 2 * PCM_HZ // 5


@dataclass(frozen=True, slots=True)
class Interruption:
    """Times in ms from the human's first audible sample."""

    ducked_ms: float
    """From here on no 20 ms of the voice came within 10 dB of its own level before; 0: not once."""
    decision_ms: float
    """Turn detection took it for speech (`human.speaking`)."""
    silent_ms: float
    """The last audible sample of the turn (peak above -46 dBFS)."""


def interruption(sound: Sound, turn: int, speech: int, decision: int, until: int) -> Interruption | None:
    """All places are sample indices: the turn's first sample, the human's first audible sample and the
    decision as they lie on the received sound, and `until`: the next turn's first sample.

    None when the voice was not heard for 0.4 s before. Its level before is the 95th percentile over 20 ms
    windows of up to 2 s.
    """
    before = _levels(sound.pcm[max(0, turn, speech - _BEFORE) : max(0, speech)])
    heard = sound.audible(speech, until)
    if speech - turn < _BEFORE_LEAST or not before.size:
        return None
    end = heard[1] + 1 if heard else speech
    loud = float(np.percentile(before, 95)) * 10 ** (-DUCKED_DB / 20)
    near = np.flatnonzero(_levels(sound.pcm[speech:end]) > loud)
    ducked = (int(near[-1]) * _HOP + _WINDOW) if near.size else 0
    return Interruption(_ms(ducked), _ms(decision - speech), _ms(end - speech))


def _levels(
    pcm: np.ndarray[tuple[int], np.dtype[np.int16]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Root mean square of 20 ms windows, one every 5 ms."""
    power = np.concatenate([[0.0], np.cumsum(pcm.astype(np.float64) ** 2)])
    starts = np.arange(0, max(0, pcm.size - _WINDOW + 1), _HOP)
    levels: np.ndarray[tuple[int], np.dtype[np.float64]] = np.sqrt(
        (power[starts + _WINDOW] - power[starts]) / _WINDOW
    )
    return levels


def _ms(samples: int) -> float:
    return round(samples * 1000 / PCM_HZ, 1)


@dataclass(frozen=True, slots=True)
class Words:
    """A cut turn's transcript against the captions' times."""

    told: int
    """Words in the transcript of the turn."""
    unsent: int
    """Of them, those whose caption starts at or after the cut, or that no caption has."""
    omitted: int
    """Words whose caption starts before the cut and that the transcript lacks."""


def words_sent(text: str, captions: list[tuple[str, int]], cut_ms: int) -> Words:
    """`captions`: each word of the turn and the ms at which it starts; `cut_ms`: where the turn was cut."""
    told = text.split()
    sent = [piece for word, start_ms in captions if start_ms < cut_ms for piece in word.split()]
    common = 0
    while common < min(len(told), len(sent)) and told[common] == sent[common]:
        common += 1
    return Words(len(told), len(told) - common, len(sent) - common)
