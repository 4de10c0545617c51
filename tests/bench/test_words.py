"""Word errors, and what the recogniser is given at a time."""

from __future__ import annotations

import pytest

from media.pcm import ms_to_samples, silence
from tests.bench.sounds import speechlike
from tests.bench.words import errors, plain, stretches


@pytest.mark.parametrize(
    ("heard", "count"),
    [("we bake bread", 0), ("we make bread", 1), ("we bread", 1), ("we bake the bread", 1), ("", 3)],
)
def test_words_wrong_missing_and_too_many_are_errors(heard: str, count: int) -> None:
    assert errors(plain("We bake bread."), plain(heard)) == count


def test_sound_is_cut_at_its_pauses_and_keeps_some_of_them() -> None:
    sound = speechlike(1.0)
    pcm = silence(ms_to_samples(600)) + sound + silence(ms_to_samples(600)) + sound
    lengths = [len(stretch) for stretch in stretches(pcm)]
    assert len(lengths) == 2
    assert min(lengths) > len(sound) + len(silence(ms_to_samples(250)))


def test_a_short_gap_does_not_cut() -> None:
    pcm = speechlike(1.0) + silence(ms_to_samples(300)) + speechlike(1.0)
    assert len(list(stretches(pcm))) == 1


def test_silence_has_nothing_to_recognise() -> None:
    assert not list(stretches(silence(ms_to_samples(1_000))))
