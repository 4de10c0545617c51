"""What LinkedIn shows of a post is what was approved, to the last character."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestration.adapters import littletext
from tests.fakes.littletext import read

TEXT = st.text(st.one_of(st.sampled_from(littletext.RESERVED + " \n#ab."), st.characters()), max_size=80)


@given(TEXT)
@example("#bread and #Chez_Zoé, #1st. a#b #")
@example("{hashtag|\\#|x} \\")
def test_the_text_is_shown_whole(text: str) -> None:
    assert read(littletext.escape(text)) == text


@given(TEXT)
def test_unescaped_it_would_be_cut_at_the_first_reserved_character(text: str) -> None:
    shown = read(text)
    if set(text).isdisjoint(littletext.RESERVED):
        assert shown == text == littletext.escape(text)
    elif "{hashtag" not in text and "\\" not in text:
        assert shown == text[: min(text.index(char) for char in littletext.RESERVED if char in text)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Fresh #bread!", r"Fresh {hashtag|\#|bread}!"),
        ("#Café #Кафе", r"{hashtag|\#|Café} {hashtag|\#|Кафе}"),
        ("C# and a#b", r"C\# and a\#b"),
        ("#snake_case", r"\#snake\_case"),
        ("me@home.example (open)", r"me\@home.example \(open\)"),
    ],
)
def test_a_hashtag_stays_a_hashtag_and_all_else_is_plain(text: str, written: str) -> None:
    assert littletext.escape(text) == written


def test_the_limit_counts_what_is_written() -> None:
    assert littletext.fits("a" * 3000)
    assert not littletext.fits("a" * 2999 + "(")
