"""Synthesized people: hums, words of agreement, interruptions, hesitating answers. 24 kHz PCM16.

Each set has two halves. Thresholds may be tuned on the first; the second, with other voices (and other
throats for the hums), is only looked at.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from media.pcm import audible_end, first_audible
from server.engine.voices import Voices

RATE_HZ = 24_000
BEFORE_MS = 400
AFTER_MS = 2_200
"""Longer than any patience: the turn ends within the clip."""
ROOM_DBFS = -66.0
SPEECH_PEAK = 33
"""-60 dBFS: from here on there is something to hear over the room's noise."""

Samples = NDArray[np.float64]
Text = TypeVar("Text")
TUNED_VOICES = ("echo", "ballad", "sage", "verse")
HELD_OUT_VOICES = ("cedar", "shimmer", "alloy", "ash")
TUNED_AGREEMENTS = tuple("Okay. Yeah. Right. I~see. Sure. Yes. Great. Uh-huh. Really? Cool.".split())
HELD_OUT_AGREEMENTS = tuple("Okay. Yeah. Right. I~see. Sure. Good. Nice. Uh-huh. Wow. Fine.".split())
INTERRUPTIONS = (
    "Sorry I have a question.",
    "Wait a moment please.",
    "Hold on, what does that mean?",
    "Can you explain that to me?",
    "No that is not what I meant.",
    "Actually we have two shops.",
    "Excuse me who are you?",
    "I would like to say something.",
    "But our customers are older people.",
    "Stop, that is enough for now.",
    "What about the price?",
    "Let me tell you something first.",
    "That does not sound right to me.",
    "May I ask you something?",
    "How long will this take?",
    "We do not sell any coffee.",
    "You are talking about another shop.",
    "Could you speak a little slower?",
    "Please tell me more about the website.",
    "There is one thing that I forgot.",
)
ANSWERS = (
    ("It is called", "Golden Crust."),
    ("We sell bread", "and cakes", "for every day."),
    ("Our customers are", "young families with children."),
    ("What makes us special is", "that we only use local flour."),
    ("I would like a home page", "and a menu."),
    ("Warm colours,", "maybe orange", "and brown."),
    ("Well,", "we repair bicycles."),
    ("People come to us", "because we are fast."),
    ("The name is", "Iron Wheel."),
    ("Students,", "and people who ride to work."),
)


@dataclass(frozen=True, slots=True)
class Clip:
    """`onset_s` and `end_s`: the human's first and last audible sample; `held_out`: only to be looked at."""

    name: str
    pcm: bytes
    onset_s: float
    end_s: float
    held_out: bool


def afresh(make: Callable[[], list[Clip]]) -> list[Clip]:
    """Made in a process of its own: a voice keeps a little of what it said before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(make).result()


def over_a_voice() -> list[Clip]:
    """The signs of listening, then the interruptions."""
    return [*backchannels(), *interruptions()]


def backchannels() -> list[Clip]:
    """40: half words, half hums; half of each held out."""
    return [*_hums(False), *_agreements(False), *_hums(True), *_agreements(True)]


def interruptions() -> list[Clip]:
    """40 sentences, half of them held out."""
    return [
        _clip(f"{text} ({voice})", _said(text, voice, held_out), held_out, at)
        for held_out, voices in ((False, TUNED_VOICES), (True, HELD_OUT_VOICES))
        for at, (text, voice) in enumerate(_paired(INTERRUPTIONS, voices))
    ]


def hesitations() -> list[Clip]:
    """40 answers with pauses of 0.5 to 1.5 s in them, half of them held out."""
    clips = []
    for held_out, voices in ((False, TUNED_VOICES), (True, HELD_OUT_VOICES)):
        random = np.random.default_rng(11 + held_out)
        for at, (parts, voice) in enumerate(_paired(ANSWERS * 2, voices)):
            pauses = [float(random.uniform(0.5, 1.5)) for _ in parts[1:]]
            pieces = [_said(parts[0], voice, held_out)]
            for pause_s, part in zip(pauses, parts[1:], strict=True):
                pieces += [np.zeros(round(pause_s * RATE_HZ)), _said(part, voice, held_out)]
            name = f"{' … '.join(parts)} ({voice}, {', '.join(f'{pause:.1f} s' for pause in pauses)})"
            clips.append(_clip(name, np.concatenate(pieces), held_out, at))
    return clips


def _hums(held_out: bool) -> Iterator[Clip]:
    """From deep to high voices, and from 250 to 500 ms."""
    random = np.random.default_rng(3 + held_out)
    for at in range(10):
        pitch_hz = float(random.uniform(90, 240))
        length_s = 0.25 + 0.25 * at / 9
        size = float(random.uniform(0.85, 1.2))
        yield _clip(
            f"mm-hm ({pitch_hz:.0f} Hz, {length_s:.2f} s)", hum(pitch_hz, length_s, size), held_out, at
        )


def _agreements(held_out: bool) -> Iterator[Clip]:
    texts = HELD_OUT_AGREEMENTS if held_out else TUNED_AGREEMENTS
    voices = HELD_OUT_VOICES if held_out else TUNED_VOICES
    for at, (text, voice) in enumerate(_paired(texts, voices)):
        said = _said(text.replace("~", " "), voice, held_out, speed=1.15)
        yield _clip(f"{text} ({voice})", said, held_out, at)


def _paired(texts: Sequence[Text], voices: Sequence[str]) -> Iterator[tuple[Text, str]]:
    for at, text in enumerate(texts):
        yield text, voices[at % len(voices)]


# ---------------------------------------------------------------------- sounds


def hum(pitch_hz: float, length_s: float, size: float = 1.0) -> Samples:
    """ "Mm-hm": two nasal syllables with a breath between them, the second one higher."""
    count = round(length_s * RATE_HZ)
    at = np.arange(count) / count
    pitch = pitch_hz * (1 + 0.25 * np.clip((at - 0.45) / 0.4, 0, 1))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    voiced = np.zeros(count)
    for harmonic in range(1, 25):
        hertz = pitch_hz * harmonic
        voiced += _nasal(hertz, size) * np.sin(harmonic * phase)
    breath = np.random.default_rng(round(pitch_hz)).normal(0, 1, count)
    gap = np.exp(-(((at - 0.42) / 0.07) ** 2))
    ends = np.clip(np.minimum(at, 1 - at) / 0.12, 0, 1)
    sound = (voiced * (1 - 0.95 * gap) + 0.02 * breath * gap * np.abs(voiced).max()) * ends
    return np.asarray(sound / np.sqrt(np.mean(sound**2)) * 10 ** (-20 / 20))


def _nasal(hertz: float, size: float) -> float:
    """What a closed mouth lets through: one strong resonance near 250 Hz, weak ones above it."""
    peaks = ((250, 90, 1.0), (1_100, 150, 0.06), (2_200, 250, 0.02))
    return sum(gain / (1 + ((hertz - centre * size) / width) ** 2) for centre, width, gain in peaks)


@cache
def _voices(engine: str) -> Voices:
    return Voices(engine)


def _said(text: str, voice: str, held_out: bool, speed: float = 1.0) -> Samples:
    """The held-out voices are espeak-ng's, the others this machine's best."""
    chunks = _voices("espeak" if held_out else "").speak(text, voice, speed)
    pcm = b"".join(chunk.pcm for chunk in chunks)
    return np.frombuffer(pcm, "<i2") / 32768


def _clip(name: str, sound: Samples, held_out: bool, at: int) -> Clip:
    """In a room that is never quite silent, near to or farther from the microphone."""
    sound = sound * 10 ** (-(at % 3) * 5 / 20)
    clean = np.rint(sound * 32767).astype("<i2").tobytes()
    first, last = first_audible(clean, SPEECH_PEAK) or 0, audible_end(clean, SPEECH_PEAK)
    before, after = BEFORE_MS * RATE_HZ // 1000, AFTER_MS * RATE_HZ // 1000
    whole = np.concatenate([np.zeros(before), sound, np.zeros(after)])
    whole += np.random.default_rng(at).normal(0, 10 ** (ROOM_DBFS / 20), whole.size)
    pcm = np.clip(np.rint(whole * 32767), -32768, 32767).astype("<i2").tobytes()
    return Clip(name, pcm, (before + first) / RATE_HZ, (before + last) / RATE_HZ, held_out)
