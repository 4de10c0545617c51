"""`python -m server.rehearsal`: as `moentreprise rehearse`, with every option."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from server.rehearsal import run
from server.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="rehearse", description="Hold a whole session with a simulated human."
    )
    parser.add_argument("--answers", type=Path, required=True, help="a JSON list of six answers")
    parser.add_argument("--out", type=Path, required=True, help="the folder for what comes of it")
    parser.add_argument("--url", default="", help="a server that runs already")
    parser.add_argument("--interrupt", action="store_true", help="talk over a persona once")
    parser.add_argument("--voice", default="echo", help="the simulated human's voice")
    given = parser.parse_args()
    settings = Settings.load(os.environ, {})
    return run(settings, given.answers, given.out, given.url, given.interrupt, given.voice)


if __name__ == "__main__":
    sys.exit(main())
