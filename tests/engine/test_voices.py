"""Five voices, told apart, evenly loud, with the times of their words; on every synthesizer that is here."""

from __future__ import annotations

import threading
import time
import wave
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from server.engine.flite import Flite
from server.engine.say import main
from server.engine.voices import SAMPLE_RATE_HZ, Chunk, Voices, names

PERSONAS = ("cedar", "marin", "coral", "ash", "shimmer")
LEARNT = "We build a website with three pages for the bakery on the corner."
HEARD = "Who are your customers, and what makes you different from the others?"

Samples = NDArray[np.float64]


def _engines() -> tuple[str, ...]:
    try:
        Flite()
    except OSError:
        return ("espeak",)
    return ("flite", "espeak")


@pytest.fixture(scope="module", params=_engines())
def voices(request: pytest.FixtureRequest) -> Voices:
    return Voices(str(request.param))


def sound(chunks: Sequence[Chunk]) -> Samples:
    return np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<i2") / 32768


@cache
def speech(voices: Voices, text: str, voice: str) -> Samples:
    return sound(list(voices.speak(text, voice)))


def f0_hz(samples: Samples) -> float:
    """Median pitch of the voiced frames, by autocorrelation."""
    found = []
    for start in range(0, len(samples) - 1440, 960):
        frame = samples[start : start + 1440]
        if np.sqrt(np.mean(frame**2)) < 0.05:
            continue
        spectrum = np.fft.rfft(frame - frame.mean(), 4096)
        similar = np.fft.irfft(np.abs(spectrum) ** 2)
        lag = 75 + int(np.argmax(similar[75:369]))
        if similar[lag] > 0.5 * similar[0]:
            found.append(SAMPLE_RATE_HZ / lag)
    return float(np.median(found))


def active_db(samples: Samples) -> float:
    frames = samples[: len(samples) // 480 * 480].reshape(-1, 480)
    power = np.mean(frames**2, axis=1)
    return float(10 * np.log10(np.mean(power[power > power.max() / 300])))


def true_peak(samples: Samples) -> float:
    """The highest point between the samples, from four times as many."""
    spectrum = np.fft.rfft(samples)
    wide = np.concatenate([spectrum, np.zeros(3 * (len(spectrum) - 1))])
    return float(np.max(np.abs(np.fft.irfft(wide)))) * 4


def test_a_listener_who_heard_one_sentence_of_each_knows_who_speaks_the_next(voices: Voices) -> None:
    learnt = {voice: f0_hz(speech(voices, LEARNT, voice)) for voice in PERSONAS}
    for voice in PERSONAS:
        heard = f0_hz(speech(voices, HEARD, voice))
        assert min(learnt, key=lambda known: abs(np.log(learnt[known] / heard))) == voice


def test_pitches_lie_at_least_an_eighth_apart(voices: Voices) -> None:
    pitches = sorted(f0_hz(speech(voices, LEARNT, voice)) for voice in PERSONAS)
    assert all(high / low > 1.1 for low, high in zip(pitches, pitches[1:], strict=False)), pitches


def test_the_simulated_human_has_another_voice_than_the_personas(voices: Voices) -> None:
    human = speech(voices, LEARNT, "echo")
    for voice in PERSONAS:
        other = speech(voices, LEARNT, voice)
        assert len(human) != len(other) or not np.array_equal(human, other)
        assert abs(np.log(f0_hz(human) / f0_hz(other))) > 0.06


def test_all_voices_are_equally_loud_and_never_clip(voices: Voices) -> None:
    spoken = {voice: speech(voices, LEARNT, voice) for voice in names()}
    levels = [active_db(samples) for samples in spoken.values()]
    assert max(levels) - min(levels) < 1.5
    assert max(true_peak(samples) for samples in spoken.values()) < 10 ** (-1 / 20)


@pytest.mark.parametrize("text", ["Yes.", "Hello!", "Spice?", LEARNT])
def test_short_words_are_as_loud_as_sentences_and_ends_are_trimmed(voices: Voices, text: str) -> None:
    for voice in PERSONAS:
        samples = speech(voices, text, voice)
        loud = np.flatnonzero(np.abs(samples) > 0.01)
        assert loud[0] <= 0.02 * SAMPLE_RATE_HZ
        assert len(samples) - loud[-1] <= 0.02 * SAMPLE_RATE_HZ
        assert -20 < active_db(samples) < -16


def test_sentences_come_one_by_one_with_a_natural_pause_between(voices: Voices) -> None:
    first, second = voices.speak("Hello there. This is the second one.", "marin")
    assert [word.text for word in first.words] == ["Hello", "there."]
    lead = np.flatnonzero(np.abs(sound([second])) > 0.01)[0] * 1000 / SAMPLE_RATE_HZ
    assert 180 <= lead <= 240


@pytest.mark.parametrize("voice", PERSONAS)
def test_word_times_follow_the_text_and_the_audio(voices: Voices, voice: str) -> None:
    text = "Moon River Bakery, well-known since 1984, sells 25 loaves. 😀 Is that right? Yes!"
    chunks = list(voices.speak(text, voice))
    words = [word for chunk in chunks for word in chunk.words]
    assert [word.text for word in words] == text.split()
    total_ms = sum(len(chunk.pcm) for chunk in chunks) / 2 * 1000 / SAMPLE_RATE_HZ
    times = [time for word in words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= total_ms
    assert all(word.end_ms - word.start_ms > 60 for word in words if word.text != "😀")


def test_a_word_sounds_when_its_time_says(voices: Voices) -> None:
    chunks = list(voices.speak("Stop. Go.", "cedar"))
    samples = np.abs(sound(chunks))
    word = chunks[1].words[0]
    start = word.start_ms * SAMPLE_RATE_HZ // 1000
    assert samples[start - 3600 : start - 480].max() < 0.01
    assert samples[start : start + 2400].max() > 0.03


def test_closing_the_iterator_stops_the_work(voices: Voices) -> None:
    chunks = voices.speak("This is one sentence of very many. " * 400, "ash")
    next(chunks)
    started = time.monotonic()
    chunks.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < 1
    assert speech(voices, "And the next one speaks.", "ash").size


def test_speed_changes_the_length(voices: Voices) -> None:
    slow, fast = (sound(list(voices.speak(LEARNT, "marin", speed))) for speed in (0.8, 1.3))
    assert len(slow) > 1.3 * len(fast)


@pytest.mark.parametrize(
    "text", ["", "...", "😀", "\x00\x01", "x" * 5000, "<speak>&amp;</speak> [[h@'loU]]", "%s%n {}"]
)
def test_odd_text_neither_breaks_nor_hangs(voices: Voices, text: str) -> None:
    for chunk in voices.speak(text, "no such voice", speed=0.0):
        assert chunk.pcm


def test_five_thousand_characters_are_spoken_piece_by_piece(voices: Voices) -> None:
    chunks = voices.speak("word " * 1000, "shimmer")
    assert len([next(chunks) for _ in range(3)]) == 3


def test_threads_may_speak_at_once(voices: Voices) -> None:
    alone = {voice: speech(voices, LEARNT, voice) for voice in PERSONAS}
    together: dict[str, Samples] = {}
    threads = [
        threading.Thread(
            target=lambda voice=voice: together.update({voice: sound(list(voices.speak(LEARNT, voice)))})
        )
        for voice in PERSONAS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for voice in PERSONAS:
        assert abs(len(alone[voice]) - len(together[voice])) < 0.03 * SAMPLE_RATE_HZ
        assert abs(np.log(f0_hz(alone[voice]) / f0_hz(together[voice]))) < 0.03


def test_a_missing_synthesizer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.engine.flite._LIBRARY", "libflite-that-is-not-here.so")
    with pytest.raises(OSError, match="not-here"):
        Voices("flite")
    assert Voices().engine == "espeak"


def test_the_command_writes_a_wav_of_24_khz_mono(tmp_path: Path) -> None:
    out = tmp_path / "said.wav"
    assert main(["--voice", "echo", "--out", str(out), "We bake bread."]) == 0
    with wave.open(str(out)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.getnframes() > 12_000
