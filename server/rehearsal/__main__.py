"""`python -m server.rehearsal`: as `moentreprise rehearse`, with every option."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from server.rehearsal import run
from server.rehearsal.part import Part
from server.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="rehearse", description="Hold a whole session with a simulated human."
    )
    parser.add_argument("--answers", type=Path, required=True, help="a JSON list of six answers")
    parser.add_argument("--out", type=Path, required=True, help="the folder for what comes of it")
    parser.add_argument("--url", default="", help="a server that runs already")
    parser.add_argument(
        "--interrupt", nargs="?", type=int, const=1, default=0, metavar="N", help="talk over N turns (1)"
    )
    parser.add_argument(
        "--decide", type=int, default=0, metavar="N", help="say yes N - 1 times to the post, aloud, then no"
    )
    parser.add_argument("--voice", default="echo", help="the simulated human's voice")
    parser.add_argument("--given", action="store_true", help="hand the answers over instead of speaking them")
    options = parser.parse_args()
    settings = Settings.load(os.environ, {})
    part = Part(options.interrupt, options.decide, options.given, options.voice)
    return run(settings, options.answers, options.out, options.url, part)


if __name__ == "__main__":
    sys.exit(main())
