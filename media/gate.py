"""A cheap guess that somebody begins to speak: early, often wrong, and only good for ducking.

It looks at every sample once; the level comes of the same look.
"""

from __future__ import annotations

import numpy as np

from media.pcm import as_array, mean_square_dbfs, ms_to_samples

WINDOW_SAMPLES = ms_to_samples(10)
ONSET_WINDOWS = 4
"""40 ms of sound: longer than a key's click."""
REARM_WINDOWS = 30
_WINDOW_BYTES = 2 * WINDOW_SAMPLES
_ABOVE_FLOOR_DB = 12.0
_LEVEL_MIN_DBFS = -50.0
_FLOOR_MIN_DBFS, _FLOOR_MAX_DBFS = -75.0, -35.0
_FLOOR_RISE_DB = 0.01
_FLOOR_FALL = 0.2


class SpeechGate:
    """Level against a noise floor that falls at once and rises by 1 dB a second."""

    def __init__(self) -> None:
        self.floor_dbfs = -60.0
        self._mean_square = 0.0
        self.open = False
        """Sound goes on."""
        self.quiet_windows = 0
        """So many windows of 10 ms in a row, up to now, had nothing above the floor."""
        self._rest = b""
        self._loud = 0

    @property
    def level_dbfs(self) -> float:
        """Of the last chunk that filled a window."""
        return mean_square_dbfs(self._mean_square)

    def push(self, pcm: bytes) -> bool:
        """Take in a chunk; True when sound began in it."""
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) - len(data) % _WINDOW_BYTES
        self._rest = data[whole:]
        if not whole:
            return False
        windows = as_array(data[:whole]).astype(np.float32).reshape(-1, WINDOW_SAMPLES)
        energies: list[float] = np.vecdot(windows, windows).tolist()
        self._mean_square = sum(energies) / windows.size
        began = False
        for energy in energies:
            began |= self._window(mean_square_dbfs(energy / WINDOW_SAMPLES))
        return began

    def _window(self, level_dbfs: float) -> bool:
        floor = self.floor_dbfs
        above = level_dbfs - floor
        if above < 0:
            self.floor_dbfs = max(_FLOOR_MIN_DBFS, floor + above * _FLOOR_FALL)
        elif floor < _FLOOR_MAX_DBFS:
            self.floor_dbfs = floor + min(above, _FLOOR_RISE_DB)
        if above > _ABOVE_FLOOR_DB and level_dbfs > _LEVEL_MIN_DBFS:
            self._loud = min(ONSET_WINDOWS, self._loud + 1)
            self.quiet_windows = 0
        else:
            self._loud = max(0, self._loud - 2)
            self.quiet_windows += 1
        if self.open:
            self.open = self.quiet_windows < REARM_WINDOWS
            return False
        self.open = self._loud >= ONSET_WINDOWS
        return self.open
