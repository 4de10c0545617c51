"""The judgement of what was played, on recordings whose faults are known."""

from __future__ import annotations

import numpy as np
import pytest

from media.pcm import ms_to_samples
from tests.bench.playback import Wave, at_24_khz, best, judge, wave
from tests.bench.sounds import speechlike

SAID = speechlike(2.0)
LEAD = np.zeros(ms_to_samples(500))
REST = np.zeros(ms_to_samples(400))


def recording(sound: Wave) -> Wave:
    return np.concatenate((LEAD, sound, REST))


def test_a_perfect_recording_is_judged_perfect() -> None:
    judged = judge(SAID, recording(wave(SAID)))
    assert judged.position == LEAD.size
    assert judged.onset_correlation == pytest.approx(1.0)
    assert judged.onset_shift_ms == 0
    assert judged.tail_level == 0


def test_a_missing_onset_is_found() -> None:
    sound = wave(SAID).copy()
    sound[: ms_to_samples(40)] = 0
    assert judge(SAID, recording(sound)).onset_correlation < 0.8


def test_an_onset_that_came_late_is_whole_but_moved() -> None:
    moved_ms = 12
    onset, rest = np.split(wave(SAID), [ms_to_samples(60)])
    sound = np.concatenate((onset, rest[ms_to_samples(moved_ms) :]))
    judged = judge(SAID, np.concatenate((LEAD, np.zeros(ms_to_samples(moved_ms)), sound, REST)))
    assert judged.onset_correlation > 0.99
    assert abs(judged.onset_shift_ms) == pytest.approx(moved_ms, abs=1)


def test_a_sound_sung_on_is_found_in_the_tail() -> None:
    sound = np.concatenate((wave(SAID), wave(SAID)[-ms_to_samples(100) :] / 2, np.zeros(ms_to_samples(300))))
    assert judge(SAID, recording(sound)).tail_level == pytest.approx(0.35, abs=0.15)


def test_an_utterance_is_looked_for_after_the_one_before() -> None:
    twice = recording(np.concatenate((wave(SAID), REST, wave(SAID))))
    first = judge(SAID, twice)
    second = judge(SAID, twice, first.position + ms_to_samples(2_000))
    assert second.position - first.position == ms_to_samples(2_400)


def test_a_browsers_recording_is_brought_to_our_rate() -> None:
    twice_the_rate = np.repeat(wave(SAID), 2).astype(np.float32)
    place, correlation = best(wave(SAID)[:24_000], at_24_khz(twice_the_rate), 0, 200)
    assert place <= 24
    assert correlation > 0.98


def test_a_template_longer_than_the_sound_fits_nowhere() -> None:
    assert best(wave(SAID), wave(SAID)[:100], 0, 50) == (0, 0.0)
