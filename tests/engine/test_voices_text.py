"""How written text becomes what a synthesizer is given."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.engine.voices_numbers import cardinal, ordinal, year
from server.engine.voices_text import sentences


def said(text: str) -> str:
    return " ".join(word.spoken for piece in sentences(text) for word in piece.words if word.spoken)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It costs €25, or $3.5m.", "it costs twenty five euros or three point five million dollars"),
        ("£4.50 & 20% off", "four pounds fifty and twenty percent off"),
        ("since 1984 and 2026", "since nineteen eighty four and twenty twenty six"),
        ("1,200 loaves on the 21st", "one thousand two hundred loaves on the twenty first"),
        ("open 9:30 to 5pm", "open nine thirty to five pee em"),
        ("mail info@moon-bakery.co.uk", "mail info at moon bakery dot co dot uk"),
        ("see https://www.moonbakery.com/menu?x=1.", "see moonbakery dot com"),
        ("follow #FreshBread @moon_bakery", "follow hashtag fresh bread at moon bakery"),
        ("the NHS and HTML", "the en aitch ess and aitch tee em ell"),
        ("BAKERY of the YEAR", "bakery of the year"),
        ("MOON RIVER BAKERY IS OPEN ALL DAY", "moon river bakery is open all day"),
        ("**bold** <b>café</b> “naïve”", "bold bee cafe bee naive"),
        ("we don't, e.g. Dr. Smith doesn't", "we don't for example doctor smith doesn't"),
        ("LinkedIn 24/7, 5-10 people", "linked in twenty four seven five to ten people"),
        ("call +4420794609", "call four four two zero seven nine four six zero nine"),
    ],
)
def test_odd_writing_is_read_as_a_person_would(written: str, spoken: str) -> None:
    assert said(written) == spoken


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "😀 🎉", "—", "Привет", "\n\n"])
def test_text_without_a_sound_gives_nothing(text: str) -> None:
    assert sentences(text) == []


def test_abbreviations_do_not_end_a_sentence_but_full_stops_do() -> None:
    assert len(sentences("Dr. Smith sells cakes, e.g. tarts. We like them! Do you?")) == 3


def test_a_long_sentence_is_cut_at_a_comma_so_that_its_sound_starts_soon() -> None:
    pieces = sentences("one two three four five six seven eight nine ten eleven, " * 4)
    assert [len(piece.words) for piece in pieces] == [11, 11, 22]
    assert [piece.ends for piece in pieces] == [False, False, True]


def test_numbers() -> None:
    assert cardinal(0) == "zero"
    assert cardinal(115) == "one hundred and fifteen"
    assert cardinal(2_000_001) == "two million one"
    assert ordinal(40) == "fortieth"
    assert year(2005) == "two thousand five"
    assert year(1900) == "nineteen hundred"


@given(st.text(max_size=300))
def test_every_written_word_is_kept_once_and_spoken_forms_are_plain(text: str) -> None:
    pieces = sentences(text)
    words = [word for piece in pieces for word in piece.words]
    if pieces:
        assert [word.written for word in words] == text.split()
    for word in words:
        assert re.fullmatch(r"[a-z' ]*", word.spoken), word
    for piece in pieces:
        assert any(word.spoken for word in piece.words)
        assert len(piece.words) < 300
