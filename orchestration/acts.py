"""Dialogue acts, rendered as instructions for a model (acts.toml).

The act's name travels in the response's metadata as well: the embedded engine's brain speaks from
that and from the conversation's items, a hosted model from these words and the same items.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from orchestration.personas import RegistryError

DEFAULT_FILE = Path(__file__).with_name("acts.toml")
GOES_ON = "go_on"
"""No act: it is added to one that a fault broke off."""


def load(path: Path = DEFAULT_FILE) -> dict[str, str]:
    """Act → instructions. Raises RegistryError naming the act that is wrong."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RegistryError(f"{path.name}: {error}") from error
    for act, words in found.items():
        if not isinstance(words, str) or not words.strip():
            raise RegistryError(f"{path.name}: {act}: expected some text")
    return {act: words.strip() for act, words in found.items()}


@cache
def _texts() -> dict[str, str]:
    return load()


@cache
def acts() -> dict[str, str]:
    """The acts of this installation."""
    return {act: words for act, words in _texts().items() if act != GOES_ON}


def instructions(act: str, goes_on: bool = False) -> str:
    """What a model is told to do in this turn; raises KeyError for an act that nobody defined.

    `goes_on`: a fault broke the turn off, and the `said` fact holds what was heard of it.
    """
    return f"{acts()[act]}\n{_texts()[GOES_ON]}" if goes_on else acts()[act]
