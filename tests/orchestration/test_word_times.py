"""Words that come without times get them from the audio, to a fraction of a second."""

from __future__ import annotations

import array
import math
import statistics
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.captions import TurnWords
from orchestration.wordtimes import Sound, ends_phrase, starts, weight
from server.engine.flite import Flite
from server.engine.voices import Voices
from server.engine.voices_types import SpokenWord

PERSONAS = ("cedar", "marin", "coral", "ash", "shimmer")
TEXTS = (
    "Welcome! I am Marcus, and this is the team that will build your business with you.",
    "People choose a bakery for bread that they can trust. We mill our own heritage grain, and every loaf "
    "rests for two days before it is baked.",
    "Your site is ready: five pages, in cream and brown, with your breads first. Have a look, and tell me "
    "what you think.",
    "Lovely, thank you. Who are your customers, and what makes you different from the others?",
    "We open in 2026, on the corner of Main Street. It has taken 18 months and a lot of patience.",
)


@cache
def tone(ms: int, peak: int = 8000) -> bytes:
    wave = (round(peak * math.sin(n / 5)) for n in range(ms * 24))
    return array.array("h", wave).tobytes()


def heard(*parts: bytes) -> Sound:
    sound = Sound()
    for part in parts:
        sound.put(part)
    return sound


def silent(ms: int) -> bytes:
    return bytes(48 * ms)


def test_sound_and_pauses_are_told_apart_and_a_consonant_s_silence_is_none() -> None:
    sound = heard(silent(100), tone(200), silent(50), tone(150), silent(300), tone(100), silent(500))
    assert sound.stretches == [(100, 500), (800, 900)]
    assert sound.received_ms == 1400


def test_a_faint_noise_in_a_pause_is_a_pause() -> None:
    sound = heard(tone(300), tone(300, peak=170), tone(300))
    assert sound.stretches == [(0, 300), (600, 900)]


def test_phrases_begin_after_the_pauses_of_the_audio() -> None:
    sound = heard(silent(100), tone(900), silent(400), tone(600), silent(200))
    assert starts(["Aaaa", "bbbb,", "cccc", "dddd."], sound, whole=True) == [100, 550, 1400, 1700]


def test_before_all_is_there_the_pace_of_speech_is_taken() -> None:
    words = ["Aaaa", "bbbb", "cccc", "dddd."]
    begun = starts(words, heard(silent(100), tone(200)), whole=False)
    assert begun == [100, 360, 620, 880]
    assert starts(words, Sound(), whole=False) == [0, 260, 520, 780]


def test_figures_take_the_time_of_words() -> None:
    assert weight("2026") > weight("four")
    assert ends_phrase('"Well,"')
    assert not ends_phrase("well")


@given(
    st.lists(st.text("ab1,.", min_size=1, max_size=9), max_size=12),
    st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=8),
    st.booleans(),
)
def test_every_word_has_a_time_and_none_is_before_the_last(
    words: list[str], audio: list[tuple[bool, int]], whole: bool
) -> None:
    sound = heard(*(tone(10 * n) if loud else silent(10 * n) for loud, n in audio))
    found = starts(words, sound, whole)
    assert len(found) == len(words)
    assert found == sorted(found)


# ---------------------------------------------------------------------- against true times


def _engines() -> tuple[str, ...]:
    try:
        Flite()
    except OSError:
        return ("espeak",)
    return ("flite", "espeak")


@cache
def speech(engine: str) -> list[tuple[bytes, list[SpokenWord]]]:
    voices, found = Voices(engine), []
    for text in TEXTS:
        for voice in PERSONAS:
            chunks = list(voices.speak(text, voice))
            pcm = b"".join(chunk.pcm for chunk in chunks)
            found.append((pcm, [word for chunk in chunks for word in chunk.words]))
    return found


def errors(engine: str, share: float) -> list[float]:
    """How far each word of the engine's speech, its times hidden, is from its true time, in ms.

    `share`: how much of the audio was received when the words were all there.
    """
    found = []
    for pcm, true in speech(engine):
        turn = TurnWords(whole=share == 1)
        turn.hear(pcm[: 2 * round(len(pcm) * share / 2)])
        for word in true:
            turn.add(f"{word.text} ", None)
        found += [abs(a.audio_ms - b.start_ms) for a, b in zip(turn.words, true, strict=True)]
    return found


@pytest.mark.parametrize("engine", _engines())
def test_estimated_times_are_near_the_true_ones(engine: str) -> None:
    """Measured: median 47 ms and p95 162 ms (flite), 45 and 176 ms (espeak)."""
    whole = errors(engine, 1.0)
    assert len(whole) > 300
    assert statistics.median(whole) <= 80
    assert statistics.quantiles(whole, n=20)[-1] <= 250


@pytest.mark.parametrize("engine", _engines())
def test_they_are_near_also_when_the_audio_is_half_there(engine: str) -> None:
    """Measured: median 78 ms (flite), 80 ms (espeak)."""
    half = errors(engine, 0.5)
    assert statistics.median(half) <= 200
