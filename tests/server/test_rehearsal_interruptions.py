"""Talking over a persona, measured on sounds whose true figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from server.rehearsal.interruptions import interruption, words_sent
from server.rehearsal.packets import Sound

AT = 24
END = 3500 * AT


def voice(ms: int, level: int = 8000) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Swells four times a second, as speech does."""
    t = np.arange(ms * AT) / 24_000
    return (level * np.sin(2 * np.pi * 220 * t) * (0.7 + 0.3 * np.sin(2 * np.pi * 4 * t))).astype(np.int16)


def silent(ms: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.zeros(ms * AT, np.int16)


def test_an_interruption_is_measured_from_the_humans_first_sound() -> None:
    sound = Sound(0, np.concatenate([voice(1150), voice(250, 1400), silent(2000)]))
    found = interruption(sound, 0, 1000 * AT, 1360 * AT, END)
    assert found is not None
    assert found.ducked_ms == pytest.approx(150, abs=21)
    assert found.decision_ms == pytest.approx(360)
    assert found.silent_ms == pytest.approx(400, abs=5)


def test_a_voice_that_was_never_ducked_is_seen() -> None:
    sound = Sound(0, np.concatenate([voice(1400), silent(2000)]))
    found = interruption(sound, 0, 1000 * AT, 1360 * AT, END)
    assert found is not None
    assert found.ducked_ms == pytest.approx(400, abs=21)


def test_a_voice_that_goes_on_after_a_pause_was_not_silent() -> None:
    sound = Sound(0, np.concatenate([voice(1400), silent(500), voice(300), silent(1000)]))
    found = interruption(sound, 0, 1000 * AT, 1360 * AT, END)
    assert found is not None
    assert found.silent_ms == pytest.approx(1200, abs=5)


def test_a_voice_that_had_hardly_begun_is_not_judged() -> None:
    sound = Sound(0, np.concatenate([voice(500), silent(500)]))
    assert interruption(sound, 0, 200 * AT, 400 * AT, END) is None


WORDS = [("Your", 0), ("site", 250), ("has", 600), ("four", 900), ("pages.", 1200)]


def test_a_transcript_of_what_was_sent_has_nothing_else() -> None:
    found = words_sent("Your site has", WORDS, 800)
    assert (found.told, found.unsent, found.omitted) == (3, 0, 0)


def test_words_after_the_cut_and_words_left_out_are_counted() -> None:
    assert words_sent("Your site has four pages.", WORDS, 800).unsent == 2
    assert words_sent("Your", WORDS, 800).omitted == 2
    assert words_sent("Your web has", WORDS, 800).unsent == 2
