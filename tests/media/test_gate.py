"""Where sound begins, and how loud it is."""

from __future__ import annotations

import numpy as np
import pytest
from virtual_media import tone

from media.gate import SpeechGate
from media.pcm import SILENCE_DBFS, level_dbfs, ms_to_samples, silence


def noise(ms: int, dbfs: float, seed: int = 5) -> bytes:
    samples = np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), ms_to_samples(ms))
    return np.rint(samples).astype("<i2").tobytes()


def test_a_click_and_steady_noise_are_not_speech() -> None:
    gate = SpeechGate()
    onsets = sum(gate.push(noise(20, -55)) for _ in range(250))
    onsets += gate.push(tone(20, amplitude=20_000) + noise(500, -55))
    assert onsets == 0
    assert gate.push(tone(60))


def test_a_noisy_room_is_learned() -> None:
    gate = SpeechGate()
    first = sum(gate.push(noise(20, -45)) for _ in range(2000))
    assert first <= 2  # it begins, and it is learned
    later = sum(gate.push(noise(20, -45, seed=6)) for _ in range(500))
    assert later == 0
    assert not gate.open
    assert gate.push(tone(100))


def fan(ms: int, dbfs: float) -> bytes:
    """Noise that falls by 6 dB an octave from 80 Hz on; its windows of 10 ms differ by 10 dB."""
    frequencies = np.fft.rfftfreq(ms_to_samples(ms), 1 / 24_000)
    gains = np.where(frequencies > 80, 1 / np.maximum(frequencies, 80), 0)
    phases = np.random.default_rng(2).normal(size=frequencies.size * 2).view(complex)
    wave = np.fft.irfft(gains * phases, ms_to_samples(ms))
    return np.rint(wave / np.sqrt(np.mean(wave**2)) * 32768 * 10 ** (dbfs / 20)).astype("<i2").tobytes()


@pytest.mark.parametrize("dbfs", [-45, -40, -35])
def test_steady_noise_is_no_sound_after_a_second(dbfs: int) -> None:
    """A fan would keep the gate open for many seconds, and no hum over it could be told by its length."""
    gate = SpeechGate()
    gate.push(fan(1_300, dbfs))
    assert not gate.open
    gate.push(silence(ms_to_samples(400)))  # the browser's, or a hole in the network
    gate.push(fan(1_300, dbfs))
    assert not gate.open
    assert gate.push(tone(60))
    assert gate.push(fan(100, dbfs))
    assert not gate.open


def test_the_gate_takes_chunks_of_any_length() -> None:
    pcm = silence(2400) + tone(100)
    gate = SpeechGate()
    assert sum(gate.push(pcm[at : at + 98]) for at in range(0, len(pcm), 98)) == 1


@pytest.mark.parametrize("pcm", [tone(20), noise(20, -40), silence(480)])
def test_the_level_is_that_of_the_chunks_loudest_part(pcm: bytes) -> None:
    gate = SpeechGate()
    assert gate.level_dbfs == SILENCE_DBFS
    gate.push(pcm)
    assert gate.level_dbfs == pytest.approx(level_dbfs(pcm), abs=0.3)


def test_quiet_is_counted_from_the_last_sound() -> None:
    gate = SpeechGate()
    gate.push(tone(100) + silence(ms_to_samples(50)))
    assert gate.quiet_windows == 5
    assert gate.open
    gate.push(tone(10))
    assert gate.quiet_windows == 0


def test_a_sound_ends_after_60_ms_of_quiet_and_not_in_a_stop_inside_a_word() -> None:
    gate = SpeechGate()
    changes = [gate.push(part) for part in (tone(100), silence(ms_to_samples(50)), tone(100))]
    assert changes == [True, False, False]
    assert not gate.push(silence(ms_to_samples(50)))
    assert gate.push(silence(ms_to_samples(10)))
    assert not gate.open


def test_what_was_silenced_tells_nothing_of_the_noise() -> None:
    """After an echo the noise of the room is still no sound."""
    gate = SpeechGate()
    for _ in range(2000):
        gate.push(noise(20, -45))
    floor = gate.floor_dbfs
    gate.hush(silence(24_000))
    assert gate.floor_dbfs == floor
    assert gate.quiet_windows >= 100
    assert sum(gate.push(noise(20, -45, seed=6)) for _ in range(500)) == 0
    assert not gate.open
