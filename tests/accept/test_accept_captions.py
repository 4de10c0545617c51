"""The words on the page, in Chromium, beside their sound."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import cast

import pytest
from machine import Load
from sessions import LIMIT_S, ROOT, Figures, Note

pytestmark = pytest.mark.accept

OFF_MAX_MS = 150
WORDS_MIN = 100
NEVER_LIT_MAX = 0.02


@pytest.fixture(scope="module")
def watched() -> tuple[Figures, float]:
    """A whole session, watched by `tests/browser/lighting.py`; and the machine's load meanwhile."""
    load = Load()
    command = [sys.executable, str(ROOT / "tests/browser/lighting.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return cast(Figures, json.loads(done.stdout.splitlines()[-1])), load.percent()


def test_words_are_lit_when_they_sound(watched: tuple[Figures, float], note: Note) -> None:
    figures, load = watched
    words, off = cast(int, figures["words"]), cast("dict[str, float]", figures["off_ms"])
    unlit = cast(int, figures["words_never_lit"])
    measured = (
        f"{words} words, {unlit} more never lit;"
        f" median {off['median']} ms, p95 {off['p95']} ms, most {off['most']} ms off"
    )
    required = f"p95 within {OFF_MAX_MS} ms of its sound, early or late; hardly a word never lit"
    note(point="A word on the screen", required=required, measured=measured, load=load)
    assert words >= WORDS_MIN
    assert off["p95"] <= OFF_MAX_MS
    assert unlit <= NEVER_LIT_MAX * (words + unlit)


def test_every_turn_has_captions_and_none_before_it_begins(
    watched: tuple[Figures, float], note: Note
) -> None:
    figures, load = watched
    early, without = figures["captions_before_their_turn"], figures["turns_without_caption"]
    measured = f"{figures['turns']} turns; early: {early or 'none'}; without a caption: {without or 'none'}"
    note(point="Captions", required="each turn has some, none before it begins", measured=measured, load=load)
    assert figures["turns"]
    assert early == []
    assert without == []
