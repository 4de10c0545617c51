"""What Playwright starts in Chromium's place: `starter.py PLAN ARGUMENTS…`, a script of its own.

It fills in what only the moment knows, and goes on as the sandbox's launcher (sandbox/launch.py).
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    with open(sys.argv[1]) as file:
        told = json.load(file)
    plan = told["plan"]
    plan["parent"] = os.getppid()
    plan["command"] += [*sys.argv[2:], *told["last"]]  # of an option given twice the last counts
    os.execv(sys.executable, [sys.executable, "-I", "-S", told["launcher"], json.dumps(plan)])


if __name__ == "__main__":
    main()
