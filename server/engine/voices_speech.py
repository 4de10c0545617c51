"""What a synthesizer gives back, before it is trimmed and levelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Speech:
    """Raw speech of one sentence.

    `samples` are mono int16 at `rate_hz`; `spans` are (start_ms, end_ms) per word, () when unknown.
    """

    samples: NDArray[np.int16]
    rate_hz: int
    spans: tuple[tuple[int, int], ...]
