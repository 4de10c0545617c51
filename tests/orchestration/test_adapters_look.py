"""What the words on the look mean for the page."""

from __future__ import annotations

import pytest

from orchestration.adapters.answers import Answers
from orchestration.adapters.look import look_of
from orchestration.adapters.search import detect_trade


@pytest.mark.parametrize(
    ("style", "is_dark"),
    [
        ("warm cream and dark brown", False),
        ("dark blue with a little orange", False),
        ("dark and moody with red", True),
        ("black and gold", True),
        ("fresh green", False),
        ("", False),
    ],
)
def test_dark_before_a_colour_is_a_shade_and_no_dark_page(style: str, is_dark: bool) -> None:
    answers = Answers("Lantern", "bread", "families", "stone oven", "home", style)
    assert look_of(answers, detect_trade(answers)).is_dark is is_dark
