"""Two sides of PCM to a stereo Ogg Opus file (RFC 7845), by FFmpeg's encoder and muxer, piece by piece."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.audio.stream import AudioStream

from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples

BITRATE_BPS = 64_000
_OPTIONS = {"compression_level": "5"}


class StereoOgg:
    """`with StereoOgg(path) as ogg:` write to it; the file is whole when the block ends.

    Raises OSError when the file cannot be written (av's errors are OSErrors).
    """

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), "w", format="ogg")
        self._stream: AudioStream = self._container.add_stream(
            "libopus", rate=SAMPLE_RATE_HZ, layout="stereo", bit_rate=BITRATE_BPS, options=_OPTIONS
        )
        self._rest = np.zeros((0, 2), np.int16)
        self._encoded = 0

    def write(self, left: Samples, right: Samples) -> None:
        """Append as many samples (24 kHz) to both sides."""
        sound = np.concatenate([self._rest, np.stack([left, right], axis=1)])
        whole = len(sound) - len(sound) % FRAME_SAMPLES
        for at in range(0, whole, FRAME_SAMPLES):
            self._encode(sound[at : at + FRAME_SAMPLES])
        self._rest = sound[whole:]

    def __enter__(self) -> StereoOgg:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._container.close()

    def _finish(self) -> None:
        missing = np.zeros(-len(self._rest) % FRAME_SAMPLES, np.int16)
        self.write(missing, missing)
        self._container.mux(self._stream.encode(None))

    def _encode(self, sound: Samples) -> None:
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, self._encoded, _TIME_BASE
        self._encoded += FRAME_SAMPLES
        self._container.mux(self._stream.encode(frame))


_TIME_BASE = Fraction(1, SAMPLE_RATE_HZ)
