"""Numbers as they are spoken, in digits."""

from __future__ import annotations

import pytest

from orchestration.spelt import counted, number_said


@pytest.mark.parametrize(
    ("said", "number", "rest"),
    [
        ("five five five one two three four", "555 1234", ""),
        ("555 one two three four please", "555 1234", "please"),
        ("five, five, five, one, two, three, four", "555 1234", ""),
        ("5-5-5-1-2-3-4", "555 1234", ""),
        ("plus four nine one seven oh double five three", "+49170553", ""),
        ("eight hundred twenty three forty", "800 2340", ""),
        ("(555) 123-4567.", "(555) 123-4567", ""),
        ("twelve river street", "12", "river street"),
        ("12a River Street", "", "12a River Street"),
        ("river street", "", "river street"),
        ("", "", ""),
    ],
)
def test_a_number_is_read_from_the_beginning_of_the_words(said: str, number: str, rest: str) -> None:
    assert number_said(said) == (number, rest)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("one hundred and five river street", "105 river street"),
        ("Two hundred twenty three Hill Road", "223 Hill Road"),
        ("one hundred river street", "one hundred river street"),
        ("12 river street", "12 river street"),
    ],
)
def test_a_count_is_no_row_of_digits(said: str, written: str) -> None:
    assert counted(said) == written
