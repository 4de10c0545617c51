"""Dialogue acts, rendered as instructions for a model (acts.toml).

The act's name travels in the response's metadata as well: the embedded engine's brain speaks from
that and from the conversation's items, a hosted model from these words and the same items.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

ACTS: dict[str, str] = tomllib.loads(Path(__file__).with_name("acts.toml").read_text(encoding="utf-8"))


def instructions(act: str, goes_on: bool = False) -> str:
    """What a model is told to do in this turn; raises KeyError for an act that nobody defined.

    `goes_on`: a fault broke the turn off, and the `said` fact holds what was heard of it.
    """
    return f"{ACTS[act]}\n{ACTS['go_on']}" if goes_on else ACTS[act]
