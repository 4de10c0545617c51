"""When a stream of sound that runs ahead of its clock or behind it may be put right, and by how much.

What is left out or said twice must be something that nobody listens to. The farther the stream is off,
the less a place has to be sure of that.
"""

from __future__ import annotations

from media.gate import WINDOW_SAMPLES
from media.pcm import ms_to_samples

STEP_SAMPLES = ms_to_samples(10)
"""Nobody minds so little; it is also the step of a slow correction."""
FAR_SAMPLES = ms_to_samples(60)
DRASTIC_SAMPLES = ms_to_samples(200)
HOPELESS_SAMPLES = ms_to_samples(5000)
"""Who sends faster than time goes by is heard for so long and no longer; who lags so far is stretched."""
_LONG_PAUSE_WINDOWS = 30
_PAUSE_WINDOWS = 6
"""60 ms below the gate: longer than the closure of a p, t or k."""
_LULL_WINDOWS = 2


def correction(ahead: int, quiet_windows: int, samples: int) -> int:
    """How many of the chunk's `samples` to leave out (or, negative, to repeat).

    `ahead` is by how many samples the stream runs ahead of where it belongs. `quiet_windows` counts the
    windows of 10 ms without sound up to the end of the chunk.
    """
    if ahead >= HOPELESS_SAMPLES:
        return samples
    off = abs(ahead)
    hopeless = off >= HOPELESS_SAMPLES
    quiet = quiet_windows * WINDOW_SAMPLES >= samples and quiet_windows >= _needed(off)
    if off < STEP_SAMPLES or not (quiet or hopeless):
        return 0
    step = min(off - off % STEP_SAMPLES if quiet and off >= FAR_SAMPLES else STEP_SAMPLES, samples)
    return step if ahead > 0 else -step


def _needed(off: int) -> int:
    if off >= DRASTIC_SAMPLES:
        return _LULL_WINDOWS
    return _PAUSE_WINDOWS if off >= FAR_SAMPLES else _LONG_PAUSE_WINDOWS
