"""Both sides of the session as one stereo Ogg Opus file: the human left, the team right."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from server.rehearsal.packets import PCM_HZ, Sound

_FRAME = PCM_HZ // 50


def write_ogg(path: Path, team: Sound, human: list[tuple[int, bytes]]) -> None:
    """`human`: (first sample on the team's samples, PCM16 24 kHz) of each utterance."""
    length = max([team.pcm.size, *(at + len(pcm) // 2 for at, pcm in human)])
    length += -length % _FRAME
    stereo = np.zeros((length, 2), np.int16)
    stereo[: team.pcm.size, 1] = team.pcm
    for at, pcm in human:
        part = np.frombuffer(pcm, np.int16)[max(0, -at) :]
        stereo[max(0, at) : max(0, at) + part.size, 0] = part
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=PCM_HZ, layout="stereo", bit_rate=64_000)
        for n in range(0, length, _FRAME):
            frame = av.AudioFrame.from_ndarray(stereo[n : n + _FRAME].reshape(1, -1), "s16", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = PCM_HZ, n, Fraction(1, PCM_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
