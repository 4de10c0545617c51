"""`python linkedin_child.py FOLDER STEP`: publish, and be killed at that line of the publishing (0: never).

The payload and the means come over stdin, as in a worker.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from work_samples import Remembered

from orchestration.adapters import linkedin
from orchestration.adapters.work import Means

PACKAGE = str(Path(linkedin.__file__).parent)
Trace = Callable[[FrameType, str, object], object]


def at_line(number: int, crash: Callable[[], None]) -> Trace:
    """A trace function that crashes at the n-th line run in the package; `lines` on it counts them."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> object:
        nonlocal count
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            count += 1
            if count == number:
                crash()
        return trace

    return trace


def main(folder: Path, line: int) -> None:
    given = json.load(sys.stdin)
    publication = linkedin.Publication.of(given["payload"])
    sys.settrace(at_line(line, lambda: os.kill(os.getpid(), signal.SIGKILL)))  # type: ignore[arg-type]
    outcome = linkedin.publish(publication, folder, folder, Means(given["means"]), Remembered())
    sys.settrace(None)
    print(json.dumps(outcome.as_json()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
