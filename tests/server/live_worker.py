"""A worker whose `website` job is a small project that changes when a test says so; for test_live_vite.

The files `green` and `done` in the session's folder are the test's words to it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from orchestration.adapters.sandbox import probe
from orchestration.adapters.website.live import Live
from orchestration.adapters.website.vite.template import ready
from orchestration.adapters.work import Assignment, Payload
from server.jobs import tasks
from server.jobs.worker import main

PROJECT = {
    "package.json": '{"name": "site", "private": true, "type": "module"}',
    "src/look.css": "body { color: rgb(200 0 0); }",
    "src/main.tsx": 'import "./look.css";\ndocument.body.append("written");\n',
    "index.html": '<!doctype html><title>Ours</title><script type="module" src="/src/main.tsx"></script>',
}
GREEN = "body { color: rgb(0 120 0); }"


def build(work: Assignment) -> Payload:
    found = ready(work.means)
    assert found is not None
    with Live(probe(), found.modules, work.folder, work.report) as live:
        for path, text in PROJECT.items():
            live.put(path, text)
        _wait(work.folder / "green")
        live.put("src/look.css", GREEN)
        _wait(work.folder / "done")
        began = time.monotonic()
        live.finish()
        return {"status": "built", "held_up_s": time.monotonic() - began}


def _wait(word: Path) -> None:
    while not word.exists():
        time.sleep(0.02)


if __name__ == "__main__":
    # A worker gives way to everything; beside other tests it would not get its turn in time.
    os.sched_setscheduler = lambda *_: None  # type: ignore[assignment]
    tasks.TASKS["website"] = build
    sys.exit(main())
