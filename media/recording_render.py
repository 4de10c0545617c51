"""A stored recording as stereo Ogg Opus: the team left, the human right, on the session clock.

`python -m media.recording_render JOURNAL OGG` is a process of its own at the lowest priority, so that nobody
who speaks is disturbed; it ends when its standard input does. It streams: its memory does not grow with the
recording.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path

from media.pcm import SAMPLE_RATE_HZ
from media.recording_journal import Kind, read
from media.recording_ogg import StereoOgg
from media.recording_side import Side

NICENESS = 19
LATE_MAX_SAMPLES = 2 * SAMPLE_RATE_HZ
"""Packets of the two sides may be stored in another order than they sounded, by no more than this."""
_BLOCK_SAMPLES = SAMPLE_RATE_HZ


def render(journal: Path, ogg: Path) -> bool:
    """Make the file; False, and no file, when the journal holds nothing. Raises OSError."""
    records = read(journal)
    first = next(records, None)
    if first is None:
        return False
    team, human = Side(first.position), Side(first.position)
    taken = newest = first.position
    with StereoOgg(ogg) as out:
        for record in records:
            newest = max(newest, record.position)
            while newest - LATE_MAX_SAMPLES - taken >= _BLOCK_SAMPLES:  # before a long pause is added as one
                taken += _BLOCK_SAMPLES
                out.write(team.take(taken), human.take(taken))
            if record.kind is Kind.TEAM:
                team.add(record.payload, record.position)
            elif record.kind is Kind.HUMAN:
                human.add(record.payload, record.position)
        end = max(newest, team.end, human.end)
        out.write(team.take(end), human.take(end))
    team.close()
    human.close()
    return True


def main() -> int:
    os.umask(0o077)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    return 0 if render(Path(sys.argv[1]), Path(sys.argv[2])) else 1


def _end_with_stdin() -> None:
    """Whoever asked for it holds the other end: when they die, nobody waits for the file any more."""
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
