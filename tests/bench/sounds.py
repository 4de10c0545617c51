"""What is sent through the servers under test: PCM16 24 kHz mono, the same in every run."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from media.pcm import SAMPLE_RATE_HZ, ms_to_samples, silence

Wave = NDArray[np.float64]
SENTENCES = (
    "We bake fresh bread and cakes every morning for the families in our street.",
    "The shop opened in the spring of last year, and my sister works with me.",
    "Most people come before eight, on their way to the office or to school.",
    "They like that everything is made by hand and nothing is thrown away.",
    "Our prices are fair, and the coffee is better than in the place next door.",
    "I would like a simple page with pictures, the opening hours and a map.",
    "Please write in a warm voice, as if you were talking to an old friend.",
    "In the winter we also make soup, and there is a table by the window.",
    "Last month a school asked us for two hundred rolls, and we made them overnight.",
    "Perhaps we will open a second shop in the old station when the money is there.",
    "My father taught me how to work with dough, and he still comes on Sunday.",
    "If somebody asks for bread without salt, we can make it the next day.",
    "We do not need many customers, we need people who come back every week.",
    "The new oven is large, quiet and warm, and it saves a lot of power.",
)
"""204 words that the recogniser's dictionary has."""
_FORMANTS = ((550, 250, 1.1, 0.0, 160, 1.0), (1500, 600, 0.8, 1.0, 250, 0.6), (2700, 0, 0.0, 0.0, 400, 0.25))
"""Centre Hz, swing Hz, swings a second, phase, width Hz, strength."""


@cache
def speechlike(seconds: float, seed: int = 1, pitch_hz: float = 140.0, pace: float = 1.0) -> bytes:
    """A voice that never pauses: a moving pitch under moving formants, four syllables a second.

    Another pitch and pace make another speaker; the same ones are an echo to whoever listens for one.
    For pacing and for cost. Opus takes a third of it for music and gives that no FEC: losses need `spoken`.
    """
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    turns = 2 * np.pi * time_s * pace
    pitch = pitch_hz + 35 * np.sin(0.45 * turns) + 12 * np.sin(2.3 * turns)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE_HZ
    voice = np.zeros_like(time_s)
    for harmonic in range(1, 36):
        voice += _strength(harmonic * pitch, turns) * np.sin(harmonic * phase)
    voice *= 0.625 + 0.375 * np.sin(4 * turns)
    voice *= 0.6 / np.abs(voice).max()
    breath = np.random.default_rng(seed).normal(0, 0.01, time_s.size)
    return _pcm16(voice + breath)


def _strength(frequency_hz: Wave, turns: Wave) -> Wave:
    total = np.full_like(turns, 0.02)
    for centre, swing, speed, phase, width, strength in _FORMANTS:
        formant = centre + swing * np.sin(speed * turns + phase)
        total += strength * np.exp(-(((frequency_hz - formant) / width) ** 2))
    return total


@cache
def chirp(seconds: float, low_hz: float = 400.0, high_hz: float = 3400.0) -> bytes:
    """A rising tone: its momentary frequency tells the position in the source."""
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    swept = low_hz * time_s + (high_hz - low_hz) * time_s**2 / (2 * seconds)
    return _pcm16(0.5 * np.sin(2 * np.pi * swept))


@cache
def spoken(text: str, voice: str = "echo") -> bytes:
    """The text in one of this machine's voices, trimmed of the silence around it."""
    from server.engine.voices import Voices  # servers of other makers have no voices installed

    return b"".join(chunk.pcm for chunk in Voices().speak(text, voice))


@cache
def lecture(pause_ms: int = 700, voice: str = "echo") -> bytes:
    """All SENTENCES, each after a pause."""
    return b"".join(silence(ms_to_samples(pause_ms)) + spoken(sentence, voice) for sentence in SENTENCES)


def _pcm16(wave: Wave) -> bytes:
    return (np.clip(wave, -1, 1) * 32_000).astype("<i2").tobytes()
