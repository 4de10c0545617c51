"""A cheap guess that somebody begins to speak: early, often wrong, and only good for ducking."""

from __future__ import annotations

import numpy as np

from media.pcm import SILENCE_DBFS, as_array, ms_to_samples

WINDOW_SAMPLES = ms_to_samples(10)
ONSET_WINDOWS = 4
"""40 ms of sound: longer than a key's click."""
REARM_WINDOWS = 30
_ABOVE_FLOOR_DB = 12.0
_LEVEL_MIN_DBFS = -50.0
_FLOOR_MIN_DBFS, _FLOOR_MAX_DBFS = -75.0, -35.0
_FLOOR_RISE_DB = 0.01
_FLOOR_FALL = 0.2


class SpeechGate:
    """Level against a noise floor that falls at once and rises by 1 dB a second."""

    def __init__(self) -> None:
        self.floor_dbfs = -60.0
        self.open = False
        """Sound goes on."""
        self._rest = b""
        self._loud = 0
        self._quiet = 0

    def push(self, pcm: bytes) -> bool:
        """Take in a chunk; True when sound began in it."""
        data = self._rest + pcm
        samples = as_array(data)
        whole = samples.size // WINDOW_SAMPLES
        self._rest = data[whole * WINDOW_SAMPLES * 2 :]
        windows = samples[: whole * WINDOW_SAMPLES].astype(np.float32).reshape(whole, WINDOW_SAMPLES)
        powers = np.einsum("ij,ij->i", windows, windows) / (WINDOW_SAMPLES * 32768.0**2)
        levels = 10 * np.log10(np.maximum(powers, 10 ** (SILENCE_DBFS / 10)))
        began = [self._window(float(level)) for level in levels]
        return any(began)

    def _window(self, level_dbfs: float) -> bool:
        loud = level_dbfs > max(self.floor_dbfs + _ABOVE_FLOOR_DB, _LEVEL_MIN_DBFS)
        below = level_dbfs - self.floor_dbfs
        self.floor_dbfs += below * _FLOOR_FALL if below < 0 else min(below, _FLOOR_RISE_DB)
        self.floor_dbfs = max(_FLOOR_MIN_DBFS, min(_FLOOR_MAX_DBFS, self.floor_dbfs))
        self._loud = min(ONSET_WINDOWS, self._loud + 1) if loud else max(0, self._loud - 2)
        self._quiet = 0 if loud else self._quiet + 1
        if self.open:
            self.open = self._quiet < REARM_WINDOWS
            return False
        self.open = self._loud >= ONSET_WINDOWS
        return self.open
