"""`moentreprise rehearse`: a simulated human holds a whole session over real WebRTC, and measures it.

Read `rehearse.py` first. Like a person it hears only what the network brings and says what it says aloud;
what it knows of the server is the wire, nothing else.
"""

from __future__ import annotations

from pathlib import Path

from server.rehearsal.part import Part
from server.settings import Settings


def run(settings: Settings, answers: Path, out: Path, url: str = "", part: Part | None = None) -> int:
    """Hold one session and leave what came of it in `out`.

    `answers` is a JSON file (see `answers.load`). `url` names a server that runs already; without it one is
    started on a free port with a data folder of its own. Returns the exit code: 0 the whole session was
    held, 1 it was not, with the reason on standard error.
    """
    from server.rehearsal.rehearse import rehearse  # aiortc and the SDK take a second to load

    return rehearse(settings, answers, out, url, part or Part())
