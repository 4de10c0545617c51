"""24 kHz, as the Realtime API has it, to the 16 kHz that speech models want."""

from __future__ import annotations

import av

FROM_HZ = 24_000
TO_HZ = 16_000


class Downsampler:
    """Mono PCM16. One per stream, kept for the stream's life: it is chunk-exact."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=TO_HZ)

    def push(self, pcm: bytes) -> bytes:
        """Resample a chunk of whole samples; about 1 ms stays inside the filter."""
        if not pcm:
            return b""
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2, align=1)
        frame.sample_rate = FROM_HZ
        frame.planes[0].update(pcm)
        frames = self._resampler.resample(frame)
        return b"".join(bytes(out.planes[0])[: out.samples * 2] for out in frames)
