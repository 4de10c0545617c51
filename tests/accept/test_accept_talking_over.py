"""Talking over a persona, many times in one session: ducked, silent, and only what was sent is remembered."""

from __future__ import annotations

import json
from statistics import median, quantiles
from typing import cast

import pytest
from sessions import TALKED_OVER, Held, Note

pytestmark = pytest.mark.accept

DUCKED_MAX_MS = 200
SILENT_MAX_MS = 60
LEAST = 8
SOUND_MS = 40
"""How far the sent time that the server states may be from the sound that arrived: fade, decoder, a lull."""

Overtalk = dict[str, float | str | dict[str, int]]


@pytest.fixture
def cuts(talked_over: Held) -> list[Overtalk]:
    assert talked_over.exit_code == 0, talked_over.output[-2000:]
    found = cast(list[Overtalk], talked_over.figures["interruptions"])
    assert len(found) >= LEAST, f"{len(found)} of {TALKED_OVER} could be measured"
    return found


def spread(values: list[float]) -> str:
    p95 = quantiles(values, n=20, method="inclusive")[18]
    return f"median {median(values):.0f}, p95 {p95:.0f}, worst {max(values):.0f} ms of {len(values)}"


def of(cuts: list[Overtalk], name: str) -> list[float]:
    return [cast(float, cut[name]) for cut in cuts]


def test_a_voice_is_ducked_when_the_human_speaks(talked_over: Held, cuts: list[Overtalk], note: Note) -> None:
    ducked = of(cuts, "ducked_ms")
    required = f"10 dB down within {DUCKED_MAX_MS} ms of the first audible sample sent"
    note(point="Ducked", required=required, measured=spread(ducked), load=talked_over.load)
    assert max(ducked) <= DUCKED_MAX_MS


def test_a_voice_is_silent_after_the_decision(talked_over: Held, cuts: list[Overtalk], note: Note) -> None:
    silent = of(cuts, "silence_after_decision_ms")
    error_ms = talked_over.figures["mapping_error_ms"]
    decided = f"decision {spread(of(cuts, 'decision_ms'))} after the speech began"
    measured = f"{spread(silent)} (mapping error {error_ms} ms); {decided}"
    required = f"silent within {SILENT_MAX_MS} ms of the engine's decision"
    note(point="Silent", required=required, measured=measured, load=talked_over.load)
    assert max(silent) <= SILENT_MAX_MS


def test_the_transcript_holds_only_what_was_sent(talked_over: Held, cuts: list[Overtalk], note: Note) -> None:
    words = [cast(dict[str, int], cut["words"]) for cut in cuts]
    unsent, told = sum(one["unsent"] for one in words), sum(one["told"] for one in words)
    off = [
        heard - sounded for heard, sounded in zip(of(cuts, "heard_ms"), of(cuts, "sounded_ms"), strict=True)
    ]
    kept = json.loads((talked_over.folder / "transcript.json").read_text(encoding="utf-8"))
    downloaded = json.dumps(kept, ensure_ascii=False)
    lost = [str(cut["text"]) for cut in cuts if json.dumps(cut["text"], ensure_ascii=False) not in downloaded]
    measured = (
        f"{unsent} words unsent of {told} in {len(cuts)} cut turns,"
        f" {sum(one['omitted'] for one in words)} left out;"
        f" stated against arrived sound {min(off):+.0f} to {max(off):+.0f} ms"
    )
    required = "every word of a cut turn began before the cut; the download says the same"
    note(point="Transcript of what was cut", required=required, measured=measured, load=talked_over.load)
    assert unsent == 0
    assert told > 0
    assert max(off) <= SOUND_MS
    assert not lost
