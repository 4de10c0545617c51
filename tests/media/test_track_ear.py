"""The microphone read from a track: whatever form its frames have."""

from __future__ import annotations

import av
import numpy as np

from media.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ
from media.tracks import _AnyResampler


def frame(rate_hz: int, layout: str) -> av.AudioFrame:
    """20 ms of silence."""
    channels = 2 if layout == "stereo" else 1
    pcm = np.zeros((1, rate_hz // 50 * channels), "<i2")
    made = av.AudioFrame.from_ndarray(pcm, format="s16", layout=layout)
    made.sample_rate = rate_hz
    return made


def test_a_codec_that_changes_on_the_way_keeps_its_ear() -> None:
    resampler = _AnyResampler()
    for rate_hz, layout in ((48_000, "stereo"), (8_000, "mono"), (48_000, "stereo")):
        pieces = [piece for _ in range(50) for piece in resampler.resample(frame(rate_hz, layout))]
        assert {piece.sample_rate for piece in pieces} == {SAMPLE_RATE_HZ}
        samples = sum(piece.samples for piece in pieces)
        assert abs(samples - SAMPLE_RATE_HZ) < SAMPLE_RATE_HZ // 100
        assert bytes(pieces[0].planes[0])[:2] == bytes(BYTES_PER_SAMPLE)
