"""A cheap guess that somebody makes a sound: early, often wrong, and only good for making room.

It looks at every sample once; the level comes of the same look.
"""

from __future__ import annotations

from media.pcm import SILENCE_DBFS, level_dbfs, ms_to_samples

WINDOW_S = 0.010
WINDOW_SAMPLES = ms_to_samples(WINDOW_S * 1000)
ONSET_WINDOWS = 4
"""40 ms of sound: longer than a key's click."""
QUIET_WINDOWS = 6
"""60 ms without: longer than the closure of a p, t or k, and soon enough for who decides on it."""
_WINDOW_BYTES = 2 * WINDOW_SAMPLES
_ABOVE_FLOOR_DB = 12.0
_LEVEL_MIN_DBFS = -50.0
_FLOOR_MIN_DBFS, _FLOOR_MAX_DBFS = -75.0, -35.0
_FLOOR_RISE_DB = 0.01
_FLOOR_FALL = 0.2
_STEADY_WINDOWS = 100
"""What stays for a second within 12 dB, as far as speech is above the floor, is noise: speech has gaps."""


class SpeechGate:
    """Level against a noise floor that falls at once, and rises by 1 dB a second or to what is steady."""

    def __init__(self) -> None:
        self.floor_dbfs = -60.0
        self.level_dbfs = SILENCE_DBFS
        """Of the loudest window of the last chunk that filled one."""
        self.open = False
        """Sound goes on."""
        self.quiet_windows = 0
        """So many windows of 10 ms in a row, up to now, had nothing above the floor."""
        self._rest = b""
        self._loud = 0
        self._lowest = self._highest = SILENCE_DBFS
        """Of the last windows that are alike, and how many these are."""
        self._alike = 0

    def push(self, pcm: bytes) -> bool:
        """Take in a chunk; True when sound began or ended in it."""
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) - len(data) % _WINDOW_BYTES
        self._rest = data[whole:]
        if not whole:
            return False
        before, loudest = self.open, SILENCE_DBFS
        for at in range(0, whole, _WINDOW_BYTES):
            level = level_dbfs(data[at : at + _WINDOW_BYTES])
            self._window(level)
            loudest = max(level, loudest)
        self.level_dbfs = loudest
        return self.open is not before

    def hush(self, pcm: bytes) -> bool:
        """Like `push`, but of a chunk that was silenced: it tells nothing of the noise around the human."""
        floor = self.floor_dbfs
        changed = self.push(pcm)
        self.floor_dbfs = floor
        return changed

    def _window(self, level_dbfs: float) -> None:
        floor = self.floor_dbfs
        above = level_dbfs - floor
        if above < 0:
            self.floor_dbfs = max(_FLOOR_MIN_DBFS, floor + above * _FLOOR_FALL)
        elif floor < _FLOOR_MAX_DBFS:
            self.floor_dbfs = floor + min(above, _FLOOR_RISE_DB)
        self._learn(level_dbfs)
        if above > _ABOVE_FLOOR_DB and level_dbfs > _LEVEL_MIN_DBFS:
            self._loud = min(ONSET_WINDOWS, self._loud + 1)
            self.quiet_windows = 0
        else:
            self._loud = max(0, self._loud - 2)
            self.quiet_windows += 1
        if self.open:
            self.open = self.quiet_windows < QUIET_WINDOWS
        else:
            self.open = self._loud >= ONSET_WINDOWS

    def _learn(self, level_dbfs: float) -> None:
        """A fan that goes on is noise after a second, unless it is too loud for a room's."""
        self._lowest, self._highest = min(level_dbfs, self._lowest), max(level_dbfs, self._highest)
        self._alike += 1
        if self._highest - self._lowest > _ABOVE_FLOOR_DB:
            self._lowest = self._highest = level_dbfs
            self._alike = 0
        elif self._alike >= _STEADY_WINDOWS:
            if self._lowest < _FLOOR_MAX_DBFS:
                self.floor_dbfs = max(self.floor_dbfs, self._lowest)
            self._lowest = self._highest = level_dbfs
            self._alike = 0
