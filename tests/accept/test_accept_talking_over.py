"""Talking over a persona, many times in one session: ducked, silent, and only what was sent is remembered."""

from __future__ import annotations

import json
from statistics import median, quantiles
from typing import cast

import pytest
from sessions import TALKED_OVER, Held, Note

pytestmark = pytest.mark.accept

DUCKED_MAX_MS = 200
SILENT_MAX_MS = 650
LEAST = 50
SOUND_MS = 40
"""How far the heard time that the server states may be from the sound that arrived: fade, decoder, a lull."""

Overtalk = dict[str, float | str | dict[str, int]]


@pytest.fixture
def cuts(quarrels: list[Held]) -> list[Overtalk]:
    for held in quarrels:
        assert held.exit_code == 0, held.output[-2000:]
    found = [cut for held in quarrels for cut in cast(list[Overtalk], held.figures["interruptions"])]
    assert len(found) >= LEAST, f"{len(found)} of {len(quarrels) * TALKED_OVER} could be measured"
    return found


@pytest.fixture
def uncut(quarrels: list[Held]) -> list[float]:
    """For how long the voices went on that were talked over and ended by themselves."""
    return [ms for held in quarrels for ms in cast(list[float], held.figures["uncut_ms"])]


@pytest.fixture
def load(quarrels: list[Held]) -> float:
    return max(held.load for held in quarrels)


def p95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[18]


def spread(values: list[float]) -> str:
    return f"median {median(values):.0f}, p95 {p95(values):.0f}, worst {max(values):.0f} ms of {len(values)}"


def of(cuts: list[Overtalk], name: str) -> list[float]:
    return [cast(float, cut[name]) for cut in cuts]


def test_a_voice_is_ducked_when_the_human_speaks(cuts: list[Overtalk], load: float, note: Note) -> None:
    ducked = of(cuts, "ducked_ms")
    required = f"10 dB down within {DUCKED_MAX_MS} ms of the human's first audible sample, p95"
    note(point="Ducked", required=required, measured=spread(ducked), load=load)
    assert p95(ducked) <= DUCKED_MAX_MS


def test_a_voice_is_silent_when_the_human_goes_on(
    quarrels: list[Held], cuts: list[Overtalk], uncut: list[float], load: float, note: Note
) -> None:
    """Of all turns that were talked over, those that nothing cut among them."""
    silent = [*of(cuts, "silent_ms"), *uncut]
    error_ms = max(cast(float, held.figures["mapping_error_ms"]) for held in quarrels)
    ended = f"{len(uncut)} of them ended by themselves, after {max(uncut, default=0):.0f} ms at the most"
    measured = f"{spread(silent)}, {ended} (mapping error {error_ms} ms)"
    required = f"silent within {SILENT_MAX_MS} ms of the human's first audible sample, p95"
    note(point="Silent", required=required, measured=measured, load=load)
    assert p95(silent) <= SILENT_MAX_MS


def test_a_cut_turn_is_remembered_as_far_as_it_sounded(cuts: list[Overtalk], load: float, note: Note) -> None:
    """What the server states, and the model's memory is cut to, against the sound that was received.

    A voice that is cut between two words was heard up to the cut, and sounded up to the word before it: the
    worst of them are such pauses. No turn may be remembered beyond what came of it, in a pause or in a word.
    """
    heard, received = of(cuts, "heard_ms"), of(cuts, "received_ms")
    off = [told - came for told, came in zip(heard, of(cuts, "sounded_ms"), strict=True)]
    beyond = [told - came for told, came in zip(heard, received, strict=True)]
    apart = [abs(ms) for ms in off]
    measured = (
        f"{spread(apart)}, from {min(off):+.0f} to {max(off):+.0f} ms; {min(heard):.0f} ms heard or more;"
        f" {min(beyond):+.0f} to {max(beyond):+.0f} ms from the end of what was received"
    )
    required = f"heard_ms within {SOUND_MS} ms of the sound received, p95; never 0, never above received"
    note(point="Truncation", required=required, measured=measured, load=load)
    assert p95(apart) <= SOUND_MS
    assert min(off) >= -SOUND_MS
    assert min(heard) > 0
    assert max(beyond) <= 0


def test_the_transcript_holds_only_what_was_sent(
    quarrels: list[Held], cuts: list[Overtalk], load: float, note: Note
) -> None:
    words = [cast(dict[str, int], cut["words"]) for cut in cuts]
    unsent, told = sum(one["unsent"] for one in words), sum(one["told"] for one in words)
    kept = [json.loads((held.folder / "transcript.json").read_text(encoding="utf-8")) for held in quarrels]
    downloaded = json.dumps(kept, ensure_ascii=False)
    lost = [str(cut["text"]) for cut in cuts if json.dumps(cut["text"], ensure_ascii=False) not in downloaded]
    measured = (
        f"{unsent} words unsent of {told} in {len(cuts)} cut turns,"
        f" {sum(one['omitted'] for one in words)} left out; {len(lost)} of the texts missing in the download"
    )
    required = "every word of a cut turn began before the cut; the download says the same"
    note(point="Transcript of what was cut", required=required, measured=measured, load=load)
    assert unsent == 0
    assert told > 0
    assert not lost
