"""Where the human's turns begin and end, with a scripted model and with the real one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from server.engine.protocol_config import TurnSettings
from server.engine.turns import (
    BYTES_PER_MS,
    MAX_TURN_MS,
    MAX_UNSPOKEN_MS,
    NobodySpoke,
    TurnAudio,
    TurnBegan,
    TurnDetector,
    TurnEnded,
    TurnEvent,
    TurnPaused,
    TurnResumed,
)
from tests.fakes.realtime_engine import speech

BLOCK_MS = 32
SETTINGS = TurnSettings(threshold=0.5, prefix_padding_ms=96, silence_duration_ms=320)


def script(*parts: tuple[int, float]) -> Iterator[float]:
    """(blocks, probability) in turn, and then silence for ever."""
    for blocks, probability in parts:
        yield from [probability] * blocks
    while True:
        yield 0.0


def detector(probabilities: Iterable[float], settings: TurnSettings | None = SETTINGS) -> TurnDetector:
    rest = iter(probabilities)
    return TurnDetector(settings, lambda audio: next(rest))


def hear(turns: TurnDetector, blocks: int) -> list[TurnEvent]:
    """Feed that many blocks; a few more samples make up for what the filter holds."""
    events: list[TurnEvent] = []
    for _ in range(blocks):
        events += turns.append(bytes(BLOCK_MS * 48))
    return events


def marks(events: list[TurnEvent]) -> list[TurnEvent]:
    return [event for event in events if isinstance(event, TurnBegan | TurnEnded)]


def heard_ms(events: list[TurnEvent]) -> int:
    return sum(len(event.pcm) for event in events if isinstance(event, TurnBegan | TurnAudio)) // BYTES_PER_MS


def test_a_turn_begins_with_its_padding_and_ends_with_its_silence() -> None:
    events = hear(detector(script((20, 0.0), (10, 0.9))), 60)
    began, ended = marks(events)
    assert isinstance(began, TurnBegan)
    assert isinstance(ended, TurnEnded)
    assert (began.audio_start_ms, began.detected) == (20 * BLOCK_MS - 96, True)
    assert ended.audio_end_ms == 30 * BLOCK_MS + 320
    assert ended.duration_ms == ended.audio_end_ms - began.audio_start_ms == heard_ms(events)


def test_a_pause_inside_a_turn_does_not_end_it() -> None:
    events = hear(detector(script((5, 0.9), (9, 0.0), (5, 0.9))), 60)
    assert len(marks(events)) == 2


def test_a_long_pause_is_announced_once_and_taken_back() -> None:
    patient = TurnSettings(silence_duration_ms=900)
    events = hear(detector(script((5, 0.9), (15, 0.0), (5, 0.9)), patient), 60)
    kinds = [type(event) for event in events if not isinstance(event, TurnAudio)]
    assert kinds == [TurnBegan, TurnPaused, TurnResumed, TurnPaused, TurnEnded]


@pytest.mark.parametrize(("threshold", "begins"), [(0.3, True), (0.6, False)])
def test_the_threshold_decides_what_is_speech(threshold: float, begins: bool) -> None:
    turns = detector(script((10, 0.5)), TurnSettings(threshold=threshold))
    assert bool(marks(hear(turns, 12))) is begins


def test_speech_goes_on_a_little_under_the_threshold() -> None:
    events = hear(detector(script((2, 0.9), (40, 0.4))), 42)
    assert len(marks(events)) == 1


def test_two_turns_never_share_audio() -> None:
    events = hear(detector(script((5, 0.9), (11, 0.0), (5, 0.9))), 60)
    first, ended, second, _ = marks(events)
    assert isinstance(ended, TurnEnded)
    assert isinstance(second, TurnBegan)
    assert second.audio_start_ms >= ended.audio_end_ms


def test_a_turn_without_end_is_ended() -> None:
    events = hear(detector([0.9] * 4_000), 3_800)
    lengths = [event.duration_ms for event in events if isinstance(event, TurnEnded)]
    assert len(lengths) == 2
    assert all(MAX_TURN_MS <= length < MAX_TURN_MS + BLOCK_MS for length in lengths)


def test_without_detection_all_audio_until_the_commit_is_the_turn() -> None:
    turns = detector(script(), None)
    events = hear(turns, 11)
    (began,) = marks(events)
    assert isinstance(began, TurnBegan)
    assert not began.detected
    committed = turns.commit()
    assert committed == ([], 10 * BLOCK_MS)
    assert heard_ms(events) == 10 * BLOCK_MS
    assert turns.commit() is None


def test_a_commit_without_speech_takes_what_was_just_said() -> None:
    turns = detector(script())
    assert hear(turns, 200) == []
    committed = turns.commit()
    assert committed
    (began,), duration_ms = committed
    assert isinstance(began, TurnBegan)
    assert MAX_UNSPOKEN_MS - BLOCK_MS <= duration_ms <= MAX_UNSPOKEN_MS


def test_a_cleared_buffer_is_empty_and_the_clock_goes_on() -> None:
    turns = detector(script((20, 0.9), (11, 0.0), (40, 0.9)))
    hear(turns, 10)
    turns.clear()
    assert turns.buffered_ms == 0
    began = marks(hear(turns, 5))[0]
    assert isinstance(began, TurnBegan)
    assert began.audio_start_ms >= 9 * BLOCK_MS


def test_new_settings_take_effect_inside_a_turn() -> None:
    turns = detector(script((5, 0.9)), TurnSettings(silence_duration_ms=30_000))
    hear(turns, 40)
    turns.configure(SETTINGS)
    assert any(isinstance(event, TurnEnded) for event in hear(turns, 2))


@pytest.mark.parametrize(("patience_ms", "end_ms"), [(160, 320), (960, 960)])
def test_patience_moves_the_end_of_this_turn(patience_ms: int, end_ms: int) -> None:
    """Told after 320 ms of silence, when the words are known."""
    turns = detector(script((10, 0.9)), TurnSettings(silence_duration_ms=640))
    assert len(marks(hear(turns, 20))) == 1
    turns.be_patient(patience_ms)
    ended = marks(hear(turns, 40))[0]
    assert isinstance(ended, TurnEnded)
    assert 0 <= ended.audio_end_ms - (10 * BLOCK_MS + end_ms) <= BLOCK_MS


def test_patience_is_for_one_pause() -> None:
    turns = detector(script((10, 0.9), (11, 0.0), (2, 0.9)), TurnSettings(silence_duration_ms=640))
    hear(turns, 20)
    turns.be_patient(5_000)
    ended = marks(hear(turns, 60))[0]
    assert isinstance(ended, TurnEnded)
    assert ended.audio_end_ms == 23 * BLOCK_MS + 640


IDLE = TurnSettings(idle_timeout_ms=5_000)


def test_nobody_spoke_for_the_idle_timeout_after_the_playback() -> None:
    turns = detector(script(), IDLE)
    hear(turns, 100)
    turns.await_speech(1_000)
    heard_ms = 99 * BLOCK_MS
    (idle,) = hear(turns, 250)
    assert isinstance(idle, NobodySpoke)
    assert idle.audio_start_ms == heard_ms + 1_000
    assert 5_000 <= idle.audio_end_ms - idle.audio_start_ms < 5_000 + BLOCK_MS
    assert hear(turns, 400) == []


@pytest.mark.parametrize("why", ["speech", "a response", "no response yet", "no timeout"])
def test_no_idle_timeout(why: str) -> None:
    said = script((50, 0.0), (1, 0.9)) if why == "speech" else script()
    turns = detector(said, TurnSettings() if why == "no timeout" else IDLE)
    if why != "no response yet":
        turns.await_speech(0)
    hear(turns, 100)
    if why == "a response":
        turns.await_speech(None)
    assert not any(isinstance(event, NobodySpoke) for event in hear(turns, 300))


@pytest.mark.parametrize("chunk_bytes", [2, 960, 9_602, 1 << 20])
def test_real_speech_is_found_whatever_the_chunks(chunk_bytes: int) -> None:
    pcm = speech("We sell bread.", before_ms=800, after_ms=1_000)
    turns = TurnDetector(TurnSettings())
    step = max(chunk_bytes, 480)
    events: list[TurnEvent] = []
    for start in range(0, len(pcm), step):
        events += turns.append(pcm[start : start + step])
    began, ended = marks(events)
    assert isinstance(began, TurnBegan)
    assert isinstance(ended, TurnEnded)
    speech_end_ms = len(pcm) // 48 - 1_000
    assert 400 <= began.audio_start_ms <= 800
    assert speech_end_ms + 300 <= ended.audio_end_ms <= speech_end_ms + 900


def noises() -> dict[str, bytes]:
    random = np.random.default_rng(7)
    seconds = 24_000 * 4
    white = random.normal(0, 800, seconds)
    hum = 2_000 * np.sin(2 * np.pi * 50 * np.arange(seconds) / 24_000)
    clicks = np.zeros(seconds)
    for at in random.integers(0, seconds - 240, 20):
        clicks[at : at + 240] += random.normal(0, 6_000, 240)
    named = {"white": white, "hum": hum, "typing": clicks}
    return {name: samples.astype("<i2").tobytes() for name, samples in named.items()}


@pytest.mark.parametrize("name", ["white", "hum", "typing"])
def test_noise_is_no_turn(name: str) -> None:
    pcm = noises()[name]
    turns = TurnDetector(TurnSettings())
    events = [event for start in range(0, len(pcm), 960) for event in turns.append(pcm[start : start + 960])]
    assert events == []
