"""Who speaks is heard: a classifier that learnt ten sentences of each persona names the voice of ten others.

The sound is what a listener gets, through Opus. Mel cepstra and pitch go to a linear discriminant with one
covariance for all; loudness and the words are no help, for all say the same.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from media.opus import Decoder, Encoder
from media.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ
from orchestration.personas import load
from server.engine.flite import Flite
from server.engine.voices import Voices

LEARNT = (
    "We bake fresh bread and cakes.",
    "Thank you, I noted that down.",
    "What is the name of your business?",
    "My turn, I am building the website.",
    "Now the fun part, a short post.",
    "You decide on both of them.",
    "It comes from our own catalogue.",
    "That makes four pages in all.",
    "Please look at the market first.",
    "All the best, and goodbye!",
)
HEARD = (
    "Which colours should it have?",
    "Families who live near the river.",
    "I am ready when you are.",
    "Back to you, my dear colleague.",
    "The draft waits on your screen.",
    "Nobody else does it by hand.",
    "Could you say that once more?",
    "Here is what stands out today.",
    "A menu, and a page with the hours.",
    "Let us put the plan to work.",
)
NAMED_LEAST = 0.95
WINDOW, HOP, BANDS, CEPSTRA = 600, 480, 26, 13
QUIET_DB = 25.0
SHRINKAGE = 0.1
PITCH_HZ = (65, 320)

Numbers = NDArray[np.float64]


def _engines() -> tuple[str, ...]:
    try:
        Flite()
    except OSError:
        return ("espeak",)
    return ("flite", "espeak")


@pytest.mark.parametrize("engine", _engines())
def test_who_heard_ten_sentences_of_each_knows_who_speaks_ten_others(engine: str) -> None:
    voices = Voices(engine)
    speakers = [str(persona.voice) for persona in load().values()]
    assert len(set(speakers)) == 5
    learnt = {speaker: _features(voices, LEARNT, speaker) for speaker in speakers}
    named = Discriminant(learnt)
    right = {
        speaker: sum(named(one) == speaker for one in _features(voices, HEARD, speaker))
        for speaker in speakers
    }
    assert sum(right.values()) >= NAMED_LEAST * len(HEARD) * len(speakers), right


def _features(voices: Voices, texts: tuple[str, ...], voice: str) -> Numbers:
    return np.array([_of(_heard(voices, text, voice)) for text in texts])


def _heard(voices: Voices, text: str, voice: str) -> Numbers:
    """Encoded and decoded as it is on its way to the listener; full scale is 1."""
    pcm = b"".join(chunk.pcm for chunk in voices.speak(text, voice))
    size = FRAME_SAMPLES * 2
    encoder, decoder = Encoder(), Decoder()
    frames = (pcm[at : at + size].ljust(size, b"\0") for at in range(0, len(pcm), size))
    heard = b"".join(decoder.decode(encoder.encode(frame)) for frame in frames)
    return np.frombuffer(heard, "<i2") / 32768


def _of(sound: Numbers) -> Numbers:
    """Mean and spread of the cepstra without the first (loudness), and the pitch, of what is not quiet."""
    starts = np.arange(0, sound.size - WINDOW, HOP)
    frames = sound[starts[:, None] + np.arange(WINDOW)]
    level_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    frames = frames[level_db > level_db.max() - QUIET_DB]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), 1024)) ** 2
    mel = np.log(power @ _mel_bands() + 1e-8)
    order = np.arange(1, CEPSTRA)[:, None] * (np.arange(BANDS) + 0.5) * np.pi / BANDS
    cepstra = mel @ np.cos(order).T
    return np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0), [12 * np.log2(_pitch_hz(frames))]])


def _mel_bands() -> Numbers:
    """Triangles, evenly spaced in mel from 80 Hz to 8 kHz: one column each over 513 bins."""
    ends = 2595 * np.log10(1 + np.array([80, 8000]) / 700)
    centres = 700 * (10 ** (np.linspace(*ends, BANDS + 2) / 2595) - 1)
    bins = np.arange(513)[:, None] * SAMPLE_RATE_HZ / 1024
    rise = (bins - centres[:-2]) / (centres[1:-1] - centres[:-2])
    fall = (centres[2:] - bins) / (centres[2:] - centres[1:-1])
    triangles: Numbers = np.clip(np.minimum(rise, fall), 0, None)
    return triangles


def _pitch_hz(frames: Numbers) -> float:
    """Median over the voiced frames, by autocorrelation."""
    spectrum = np.abs(np.fft.rfft(frames - frames.mean(axis=1, keepdims=True), 2048)) ** 2
    similar = np.fft.irfft(spectrum)
    shortest, longest = (SAMPLE_RATE_HZ // hz for hz in reversed(PITCH_HZ))
    lags = shortest + np.argmax(similar[:, shortest:longest], axis=1)
    voiced = similar[np.arange(len(lags)), lags] > 0.5 * similar[:, 0]
    return SAMPLE_RATE_HZ / float(np.median(lags[voiced] if voiced.any() else lags))


class Discriminant:
    """The nearest mean, in units of the spread that all speakers share."""

    def __init__(self, learnt: dict[str, Numbers]) -> None:
        self._means = {speaker: features.mean(axis=0) for speaker, features in learnt.items()}
        within = np.concatenate([features - features.mean(axis=0) for features in learnt.values()])
        covariance = within.T @ within / len(within)
        diagonal = np.diag(np.diag(covariance) + 1e-9)
        self._inverse = np.linalg.inv((1 - SHRINKAGE) * covariance + SHRINKAGE * diagonal)

    def __call__(self, feature: Numbers) -> str:
        away = {speaker: feature - mean for speaker, mean in self._means.items()}
        return min(away, key=lambda speaker: float(away[speaker] @ self._inverse @ away[speaker]))
