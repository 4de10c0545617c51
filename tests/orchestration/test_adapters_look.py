"""What the words on the look mean for the page."""

from __future__ import annotations

import pytest

from orchestration.adapters.answers import Answers
from orchestration.adapters.colour import AA_TEXT
from orchestration.adapters.look import contrasts, look_of
from orchestration.adapters.named_colours import COMPOUNDS, HUES, SHADES, shades_in
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


@pytest.mark.parametrize(
    ("style", "palette"),
    [
        ("Sky blue and warm yellow, friendly, clear and encouraging", "Sky blue and warm yellow"),
        ("sky blue and warm yellow friendly", "Sky blue and warm yellow"),
        ("Dark green and white, friendly and calm", "Dark green and white"),
        (
            "Warm cream and dark brown, calm and handmade, with a touch of copper",
            "Warm cream, dark brown and copper",
        ),
        ("Deep forest green with soft beige, quiet and modern", "Deep forest green and soft beige"),
        ("Sea green and white, fresh, quick and honest", "Sea green and white"),
        ("blue yellow and white", "Blue, yellow and white"),
        ("bold industrial with yellow and black", "Yellow and black"),
        ("minimal, black and white", "Black and white"),
        ("blue but no pink", "Blue"),
    ],
)
def test_the_palette_is_called_as_the_human_called_it(style: str, palette: str) -> None:
    answers = Answers("Lantern", "bread", "families", "stone oven", "home", style)
    assert look_of(answers, detect_trade(answers)).palette == palette


def hues(style: str) -> list[tuple[float, float]]:
    """(lightness, hue) of the colours that were named."""
    return [(shade.colour.lightness, shade.colour.hue) for shade in shades_in(style) if shade.colour]


def test_a_colour_of_two_words_is_one_colour_and_its_shade_is_seen() -> None:
    (_, sky), (_, yellow) = hues("sky blue and warm yellow")
    assert 220 <= sky <= 250
    assert 75 <= yellow < hues("yellow")[0][1]
    assert hues("dark green")[0][0] < hues("green")[0][0] < hues("light green")[0][0]


@pytest.mark.parametrize("shade", [*SHADES, "deep dark", "light pale"])
def test_every_shade_can_be_read(shade: str) -> None:
    for colour in [*sorted(HUES), *COMPOUNDS, "navy"]:
        answers = Answers("Lantern", "bread", "", "", "", f"{shade} {colour} and white")
        what, ratio = min(contrasts(look_of(answers, detect_trade(answers))), key=lambda pair: pair[1])
        assert ratio >= AA_TEXT, (shade, colour, what)


def test_a_word_that_belongs_to_a_colour_is_no_mood() -> None:
    answers = Answers("Lantern", "bread", "", "", "", "Sky blue and warm yellow, friendly and clear")
    assert look_of(answers, detect_trade(answers)).manner.name == "playful"
