"""What was sent is remembered by position, and recognised in what is heard."""

from __future__ import annotations

import numpy as np
import pytest
from speech import spoken

from media.echopath import REACH_SAMPLES, WINDOW_SAMPLES, Sent, likeness
from media.pcm import FRAME_SAMPLES, Samples

RING = 1 << 16


def numbered(position: int, count: int = FRAME_SAMPLES) -> Samples:
    return (np.arange(position, position + count) % 30_000 + 1).astype(np.int16)


def test_what_was_sent_is_found_by_its_position() -> None:
    sent = Sent()
    for block in range(300):
        position = 1000 + block * FRAME_SAMPLES
        sent.add(position, numbered(position).tobytes())
        start = max(1000, position - 700)
        end = position + FRAME_SAMPLES
        assert np.array_equal(sent.between(start, end), numbered(start, end - start))


def test_between_the_spurts_there_is_silence() -> None:
    sent = Sent()
    sent.add(0, numbered(0).tobytes())
    sent.add(2000, numbered(2000).tobytes())
    found = sent.between(-100, 3000)
    assert not found[:100].any()
    assert np.array_equal(found[100:580], numbered(0))
    assert not found[580:2100].any()
    assert np.array_equal(found[2100:2580], numbered(2000))
    assert not found[2580:].any()


@pytest.mark.parametrize("later", [RING - 100, RING, 3 * RING + 17])
def test_what_is_long_past_is_forgotten_and_never_taken_for_what_came_since(later: int) -> None:
    sent = Sent()
    sent.add(0, numbered(0).tobytes())
    assert sent.between(0, FRAME_SAMPLES).any()
    sent.add(later, numbered(later).tobytes())
    assert np.array_equal(sent.between(later, later + FRAME_SAMPLES), numbered(later))
    assert not sent.between(later - FRAME_SAMPLES, later).any()
    assert sent.between(0, FRAME_SAMPLES)[:50].any() == (later + FRAME_SAMPLES <= RING)


@pytest.mark.parametrize("delay", [480, 1500, 7200, REACH_SAMPLES - 300])
def test_a_sound_is_recognised_at_any_level(delay: int) -> None:
    said = spoken("marin", 1)
    end = 60_000
    sent = said[end - REACH_SAMPLES - WINDOW_SAMPLES : end]
    heard = (said[end - WINDOW_SAMPLES - delay : end - delay] / 10).astype(np.int16)
    found = likeness(heard, sent)
    assert found.delay == pytest.approx(delay, abs=6)
    assert found.degree > 0.6


def test_another_voice_resembles_nothing_that_was_sent() -> None:
    said, other = spoken("marin", 1), spoken("ash")
    degrees = [
        likeness(other[at : at + WINDOW_SAMPLES], said[at : at + REACH_SAMPLES + WINDOW_SAMPLES]).degree
        for at in range(4800, 48_000, 2400)
    ]
    assert np.median(degrees) < 0.3


def test_silence_resembles_nothing() -> None:
    quiet = np.zeros(REACH_SAMPLES + WINDOW_SAMPLES, np.int16)
    assert likeness(quiet[:WINDOW_SAMPLES], quiet).degree == 0
    assert likeness(spoken("ash")[4800:][:WINDOW_SAMPLES], quiet).degree == 0
