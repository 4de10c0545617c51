"""Which of this machine's voices speaks under which name.

OpenAI's names are kept; `echo` is the simulated human's: of 30 timbres that no persona has, one of the best
understood by pocketsphinx (10 % word errors over 24 answers; the five personas 10–23 %). A flite timbre is a
recorded voice, moved in pitch (`f0`, works for slt and awb only) and in size (the whole spectrum, as from a
shorter or longer throat), with its own rate. The personas are told apart by all three.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FliteTimbre:
    """`rate` above 1 speaks faster; `size` above 1 raises pitch and formants together."""

    voice: str
    f0: float = 1.0
    size: float = 1.0
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class EspeakTimbre:
    """An espeak-ng voice with its variant; `pitch` 0–100, `rate_wpm` words a minute."""

    voice: str
    pitch: int = 50
    rate_wpm: int = 165


DEFAULT = "marin"

FLITE: dict[str, FliteTimbre] = {
    "cedar": FliteTimbre("rms", rate=1.06),
    "marin": FliteTimbre("slt", rate=1.0),
    "coral": FliteTimbre("slt", f0=0.92, size=0.965, rate=0.96),
    "ash": FliteTimbre("awb", rate=1.08),
    "shimmer": FliteTimbre("slt", f0=1.17, size=1.03, rate=1.08),
    "echo": FliteTimbre("slt", f0=0.75, size=0.92),
    "alloy": FliteTimbre("slt", f0=0.92, size=0.94, rate=1.0),
    "ballad": FliteTimbre("rms", size=0.94, rate=0.95),
    "sage": FliteTimbre("slt", f0=1.08, size=1.06, rate=0.95),
    "verse": FliteTimbre("awb", f0=0.85, size=0.95, rate=1.0),
}

ESPEAK: dict[str, EspeakTimbre] = {
    "cedar": EspeakTimbre("en-us+adam", 30, 165),
    "marin": EspeakTimbre("en-us+f2", 50, 170),
    "coral": EspeakTimbre("en-us+f1", 30, 160),
    "ash": EspeakTimbre("en-us", 60, 178),
    "shimmer": EspeakTimbre("en-us+f1", 80, 182),
    "echo": EspeakTimbre("en-us+klatt6", 50, 155),
    "alloy": EspeakTimbre("en-us+klatt6", 70, 170),
    "ballad": EspeakTimbre("en-us+adam", 10, 155),
    "sage": EspeakTimbre("en-us+f2", 70, 160),
    "verse": EspeakTimbre("en-us", 30, 165),
}
