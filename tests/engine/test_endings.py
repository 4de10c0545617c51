"""How long a pause `semantic_vad` allows after which words."""

from __future__ import annotations

import pytest

from server.engine.endings import PATIENCE, patience_ms


@pytest.mark.parametrize("phrase", ["we sell bread and", "our name is", "um", "it is for the"])
def test_a_phrase_that_cannot_end_here_waits_longest(phrase: str) -> None:
    assert patience_ms(phrase.split(), "medium") == PATIENCE["medium"].unfinished_ms


@pytest.mark.parametrize("phrase", ["we sell fresh bread", "yes", "no thanks", "I have what you asked for"])
def test_a_finished_phrase_waits_least(phrase: str) -> None:
    assert patience_ms(phrase.split(), "medium") == PATIENCE["medium"].finished_ms


@pytest.mark.parametrize("phrase", ["", "fresh bread", "blue"])
def test_of_few_words_nothing_is_concluded(phrase: str) -> None:
    assert patience_ms(phrase.split(), "medium") == PATIENCE["medium"].unclear_ms


def test_the_more_eager_the_shorter_and_the_longest_waits_are_the_documented_ones() -> None:
    high, medium, low = (PATIENCE[name] for name in ("high", "medium", "low"))
    for one in (high, medium, low):
        assert one.finished_ms < one.unclear_ms < one.unfinished_ms
    for kind in ("finished_ms", "unclear_ms", "unfinished_ms"):
        assert getattr(high, kind) < getattr(medium, kind) < getattr(low, kind)
    assert [one.unfinished_ms for one in (low, medium, high)] == [8_000, 4_000, 2_000]
