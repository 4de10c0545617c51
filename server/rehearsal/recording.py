"""Both sides of the session as one stereo Ogg Opus file: the team left, the human right."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from media.recording_ogg import StereoOgg
from server.rehearsal.packets import Sound


def write_ogg(path: Path, team: Sound, human: list[tuple[int, bytes]]) -> None:
    """`human`: (first sample on the team's samples, PCM16 24 kHz) of each utterance."""
    length = max([team.pcm.size, *(at + len(pcm) // 2 for at, pcm in human)])
    left, right = np.zeros(length, np.int16), np.zeros(length, np.int16)
    left[: team.pcm.size] = team.pcm
    for at, pcm in human:
        part = np.frombuffer(pcm, np.int16)[max(0, -at) :]
        right[max(0, at) : max(0, at) + part.size] = part
    with StereoOgg(path) as ogg:
        ogg.write(left, right)
