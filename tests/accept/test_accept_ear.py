"""An answer's way to the ear, as the server tells it, beside the same in Chromium."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from typing import cast

import pytest
from machine import Load
from sessions import LIMIT_S, ROOT, Figures, Note

pytestmark = pytest.mark.accept

OFF_MAX_MS = 100
"""A word's faint end counts for the mouth and not for the microphone's gate: up to 90 ms."""
TURNS = 4
PARTS = ["end_of_speech", "transcript", "decision", "first_delta", "first_packet", "heard"]


def test_what_is_told_of_a_turn_s_way_to_the_ear_is_what_a_browser_measures(note: Note) -> None:
    load = Load()
    command = [sys.executable, str(ROOT / "tests/browser/answering.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = cast(list[Figures], json.loads(done.stdout.splitlines()[-1]))
    told = [cast(Figures, answer["told"]) for answer in answers]
    heard = [cast(int, answer["heard_ms"]) for answer in answers]
    wholes = [cast(int, one["whole_ms"]) for one in told]
    off = [whole - ms for whole, ms in zip(wholes, heard, strict=True)]
    parts_told = [cast(list[dict[str, object]], one["parts"]) for one in told]
    spent = [{str(part["part"]): cast(int, part["ms"]) for part in parts} for parts in parts_told]
    parts = ", ".join(f"{part} {statistics.median(one[part] for one in spent):.0f}" for part in PARTS)
    measured = (
        f"{len(answers)} answers; told minus measured: {', '.join(map(str, off))} ms; "
        f"median {statistics.median(heard):.0f} ms to the ear (median parts, ms: {parts})"
    )
    required = f"the whole within {OFF_MAX_MS} ms of the browser's; all parts known, their sum the whole"
    note(point="A turn's way to the ear", required=required, measured=measured, load=load.percent())
    assert len(answers) == TURNS
    assert all(list(one) == PARTS for one in spent)
    assert wholes == [sum(one.values()) for one in spent]
    assert max(map(abs, off)) <= OFF_MAX_MS
