"""Where a stream may be put right."""

from __future__ import annotations

import pytest

from media.correction import correction
from media.pcm import ms_to_samples

FRAME = 480


@pytest.mark.parametrize(
    ("ahead_ms", "quiet_ms", "left_out_ms"),
    [
        (0, 1000, 0),
        (9, 1000, 0),
        (10, 1000, 10),
        (10, 290, 0),
        (-15, 300, -10),
        (59, 290, 0),
        (65, 50, 0),
        (65, 60, 20),
        (-65, 60, -20),
        (210, 10, 0),
        (210, 20, 20),
        (4000, 0, 0),
        (5000, 0, 20),
        (-5000, 0, -10),
    ],
)
def test_the_farther_off_the_less_silence_it_takes(ahead_ms: int, quiet_ms: int, left_out_ms: int) -> None:
    step = correction(ms_to_samples(ahead_ms), quiet_ms // 10, FRAME)
    assert step == ms_to_samples(left_out_ms)


def test_no_more_is_left_out_than_the_chunk_has_nor_than_is_wrong() -> None:
    assert correction(ms_to_samples(70), 100, ms_to_samples(120)) == ms_to_samples(70)
    assert correction(ms_to_samples(400), 100, ms_to_samples(5)) == ms_to_samples(5)


def test_a_chunk_that_begins_with_sound_is_left_whole() -> None:
    assert correction(ms_to_samples(300), 3, ms_to_samples(60)) == 0
