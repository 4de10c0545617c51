"""When words sound that came without their times: told from the received audio. Pure.

Words share the audible time by their letters. Where the text pauses (a comma, a full stop) and the audio
pauses nearby, the two are taken to be the same, so that an error does not grow from one phrase to the next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

PACE_MS = 52.0
"""Audible ms a letter where nothing better is known; some twenty pauses a minute come on top."""
TRUSTED_LETTERS = 60
"""So many letters of a turn count as much as the pace that is usual."""
WINDOW_MS = 10
PAUSE_WINDOWS = 8
"""A shorter silence is a consonant's."""
QUIET_SHARE = 0.03
"""Of the loudest peak so far: what stays under it is silence."""
QUIET_PEAK = 164
"""-46 dBFS: what the Floor's Lanes call silence."""
NEAR_MS = 500.0
NEAR_SHARE = 0.4
"""A pause of the audio is that of the text when it is so near, or within this share of the phrase."""
PHRASE_ENDS = (".", ",", "!", "?", "…", ":", ";", "—", "–")
CLOSING = "\"')”’ "
_SAMPLES = 24 * WINDOW_MS
_STRIDE = 4


@dataclass(slots=True)
class Sound:
    """Where the received audio (PCM16 24 kHz mono) sounds, in windows of 10 ms."""

    stretches: list[tuple[int, int]] = field(default_factory=list)
    """Start and end in ms; between two of them is a pause."""
    received_ms: int = 0
    _rest: bytes = b""
    _loudest: int = 0

    def put(self, pcm: bytes) -> None:
        data = self._rest + pcm
        whole = len(data) - len(data) % (2 * _SAMPLES)
        self._rest = data[whole:]
        samples = memoryview(data[:whole]).cast("h")
        for start in range(0, len(samples), _SAMPLES):
            # Every fourth sample, and one side of the wave: enough to tell sound from silence.
            self._window(max(samples[start : start + _SAMPLES : _STRIDE]))

    def _window(self, peak: int) -> None:
        start, self.received_ms = self.received_ms, self.received_ms + WINDOW_MS
        self._loudest = max(self._loudest, peak)
        if peak < max(QUIET_PEAK, QUIET_SHARE * self._loudest):
            return
        if self.stretches and start - self.stretches[-1][1] < PAUSE_WINDOWS * WINDOW_MS:
            start = self.stretches.pop()[0]
        self.stretches.append((start, self.received_ms))


def weight(word: str) -> int:
    """How much of the time a word takes, in letters; a figure is a word when it is spoken."""
    return 1 + sum(4 if letter.isdigit() else letter.isalpha() for letter in word)


def ends_phrase(word: str) -> bool:
    return word.rstrip(CLOSING).endswith(PHRASE_ENDS)


def starts(words: Sequence[str], sound: Sound, whole: bool) -> list[int]:
    """Where each word begins, in ms of the received audio. `whole`: no more audio or words will come."""
    axis = _Axis(sound.stretches)
    total = sum(map(weight, words))
    rate = axis.length / total if whole and total and axis.length else PACE_MS
    found: list[int] = []
    phrase: list[str] = []
    at, done = 0.0, 0
    for index, word in enumerate(words):
        phrase.append(word)
        last = index + 1 == len(words)
        if not (last or ends_phrase(word)):
            continue
        length = sum(map(weight, phrase))
        done += length
        end = at + length * rate
        if last and whole:
            end = max(at, axis.length)
        elif (pause := axis.pause_near(end, max(NEAR_MS, NEAR_SHARE * length * rate), at)) is not None:
            end = pause
            if not whole:
                rate = (TRUSTED_LETTERS * PACE_MS + end) / (TRUSTED_LETTERS + done)
            elif done < total and axis.length > end:
                rate = (axis.length - end) / (total - done)
        found += _spread(phrase, axis, at, end)
        at, phrase = end, []
    return found


def _spread(phrase: list[str], axis: _Axis, at: float, end: float) -> list[int]:
    length = sum(map(weight, phrase))
    found, before = [], 0
    for word in phrase:
        found.append(round(axis.ms_at(at + (end - at) * before / length)))
        before += weight(word)
    return found


class _Axis:
    """Audible time: the audio without its pauses."""

    def __init__(self, stretches: Sequence[tuple[int, int]]) -> None:
        self._stretches = stretches
        self._before = [0.0]
        """Audible time before each stretch, and that of all."""
        for start, end in stretches:
            self._before.append(self._before[-1] + end - start)

    @property
    def length(self) -> float:
        return self._before[-1]

    def ms_at(self, audible: float) -> float:
        """Received time at this audible time; at a pause its end; beyond the audio as if it went on."""
        if not self._stretches:
            return audible
        index = min(bisect_right(self._before, audible) - 1, len(self._stretches) - 1)
        return self._stretches[index][0] + audible - self._before[index]

    def pause_near(self, audible: float, within: float, after: float) -> float | None:
        """The pause nearest to this audible time, after `after`; None when there is none so near."""
        pauses = [at for at in self._before[1:-1] if at > after and abs(at - audible) <= within]
        return min(pauses, key=lambda at: abs(at - audible), default=None)
