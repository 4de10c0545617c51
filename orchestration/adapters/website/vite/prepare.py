"""`python -m orchestration.adapters.website.vite.prepare`: fetch the packages that sites are built with.

Part of the set-up; without it the first site fetches them. Needs Node and npm, and the network once.
"""

from __future__ import annotations

import os
import sys

from orchestration.adapters.sandbox import Missing
from orchestration.adapters.website.vite.template import DATA, SETTING, template
from orchestration.adapters.work import Means


class Spoken:
    """Says what happens on standard output."""

    def log(self, line: str) -> None:
        print(line, flush=True)

    def progress(self, percent: int, message: str) -> None:
        """Its lines are enough."""


def main() -> int:
    """The exit code: 0 when they are there, 1 with the reason when they cannot be had."""
    means = Means({name: os.environ[name] for name in (SETTING, DATA) if name in os.environ})
    found = template(means, Spoken(), rest_s=0.0)
    if isinstance(found, Missing):
        print(f"{found.reason}. {found.remedy}".strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
