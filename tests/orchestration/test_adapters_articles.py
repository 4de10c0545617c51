""" "a" and "an" are put right where there is no doubt, and left where there is."""

from __future__ import annotations

import pytest

from orchestration.adapters import words
from orchestration.adapters.articles import right_articles


@pytest.mark.parametrize(
    ("heard", "right"),
    [
        ("every teacher is also an nurse and no class", "every teacher is also a nurse and no class"),
        ("a apple", "an apple"),
        ("A Italian kitchen", "An Italian kitchen"),
        ("a hour", "an hour"),
        ("an university", "a university"),
        ("an one-day course", "a one-day course"),
        ("an yoga class", "a yoga class"),
        ("a e-bike and an t-shirt", "an e-bike and a t-shirt"),
        ("a uninvited guest", "an uninvited guest"),
        ("We bake. A apple a day.", "We bake. An apple a day."),
    ],
)
def test_the_sound_of_the_next_word_decides(heard: str, right: str) -> None:
    assert right_articles(heard) == right


@pytest.mark.parametrize(
    "said",
    [
        *("an hour", "an honest shop", "a university", "a unit", "a European", "a one-day course", "a user"),
        *("an MRI", "an mri", "a USB stick", "an SUV", "an suv", "an mp3 file", "an x-ray", "an 8"),
        *("an umbrella", "an urban garden", "an usher", "an historic house", "a historic house"),
        *("grade A apples", "vitamin A intake", "Serie A orders", "hepatitis a infection", "type a orders"),
        *("vitamin a and c", "plan a is cheap", "strong an honest", "a", "an", ""),
    ],
)
def test_what_is_right_or_in_doubt_stays(said: str) -> None:
    assert right_articles(said) == said


def test_sentences_and_phrases_have_the_right_article() -> None:
    assert words.tidy("every teacher is also an nurse") == "Every teacher is also a nurse."
    assert words.audience("people with a allotment") == "people with an allotment"
