"""What counts as a wish to the conversation, and what is an answer although it looks like one."""

from __future__ import annotations

import pytest

from orchestration.wishes import Amendment, amendment, is_aside, wants_it_again
from orchestration.workflow import QUESTIONS

NAMES = {word: question.key for question in QUESTIONS for word in question.words}


@pytest.mark.parametrize(
    "text",
    [
        "Could you repeat that, please?",
        "repeat the question",
        "sorry can you say that again",
        "Pardon?",
        "What was the question again?",
        "what did you say",
        "I didn’t catch that.",
        "i do not understand the question",
        "once more please",
        "what",
    ],
)
def test_it_is_to_be_said_again(text: str) -> None:
    assert wants_it_again(text)


@pytest.mark.parametrize(
    "text",
    [
        "We repeat every course",
        "again and again people ask for bread",
        "What we say again is quality",
        "",
        "mhm",
    ],
)
def test_it_is_not_to_be_said_again(text: str) -> None:
    assert not wants_it_again(text)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("go back", Amendment("")),
        ("Can we go back one question, please?", Amendment("")),
        ("wait, previous question", Amendment("")),
        ("I'd like to change my last answer", Amendment("")),
        ("go back to the name", Amendment("name")),
        ("The name is wrong.", Amendment("name")),
        ("no the name is wrong it is Golden Krust", Amendment("name", "Golden Krust")),
        (
            "Sorry, the business name is not right, it's Golden Krust & Co.",
            Amendment("name", "Golden Krust & Co"),
        ),
        ("please change the pages to home and menu", Amendment("pages", "home and menu")),
        ("Actually our customers are old families", Amendment("audience", "old families")),
        ("That is wrong, it is Golden Krust", Amendment("", "Golden Krust")),
        ("the colours are wrong they should be blue", None),
        ("Our customers are young families", None),
        ("Oh, our customers are young families", None),
        ("the name is Golden Crust", None),
        ("we go back to the old recipes", None),
        ("People come back to us", None),
        ("go back to the website", None),
    ],
)
def test_an_answer_is_to_become_another(text: str, wish: Amendment | None) -> None:
    assert amendment(text, NAMES) == wish


@pytest.mark.parametrize(
    ("text", "aside"),
    [
        ("how long does this take", True),
        ("By the way, it rains here.", True),
        ("sorry who are you", True),
        ("What do other people say?", True),
        ("what makes us different is the oven", False),
        ("Golden Crust?", False),
        ("when you order by noon we deliver", False),
        ("a page about how long bread keeps", False),
    ],
)
def test_a_question_of_the_humans_own_is_no_answer(text: str, aside: bool) -> None:
    assert is_aside(text) is aside
