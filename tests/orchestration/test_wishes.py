"""What counts as a wish to the conversation, and what is an answer although it looks like one."""

from __future__ import annotations

import pytest

from orchestration.wishes import (
    Amendment,
    amendment,
    is_aside,
    may_be_a_name,
    wants_a_moment,
    wants_it_again,
)
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
        ("Can we go back to what we offer?", Amendment("offer")),
        ("go back to who our customers are", Amendment("audience")),
        ("Please go back to the question about the pages", Amendment("pages")),
        ("go back to what we had before", None),
        ("The name is wrong.", Amendment("name")),
        ("no the name is wrong it is Golden Krust", Amendment("name", "Golden Krust")),
        (
            "Sorry, the business name is not right, it's Golden Krust & Co.",
            Amendment("name", "Golden Krust & Co"),
        ),
        ("please change the pages to home and menu", Amendment("pages", "home and menu")),
        ("Sorry, our customers are old families", Amendment("audience", "old families", latest=True)),
        ("Oh no, the name is Golden Krust", Amendment("name", "Golden Krust", latest=True)),
        ("Actually our customers are old families", None),
        ("Oh, our products are all handmade", None),
        ("I mean our products are for students", None),
        ("That is wrong, it is Golden Krust", Amendment("", "Golden Krust")),
        ("the colours are wrong they should be blue", Amendment("style", "blue")),
        ("the name is wrong it itches blue whale workshop", Amendment("name")),
        ("The name's wrong", None),
        ("That is not the name", Amendment("name")),
        ("that is not my business name sorry", Amendment("name")),
        ("name is Greener Garden, not that", Amendment("name", "Greener Garden")),
        ("No, I meant my business is called Greener Garden", Amendment("name", "Greener Garden")),
        ("no i meant old families", Amendment("", "old families")),
        ("no that is not what I meant", None),
        ("it's not the products it's the service", None),
        ("it is not the product, it is the people", None),
        ("that is not my name it's the Golden Crust", Amendment("name")),
        ("Our name is known in town", None),
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
        ("By the way, who are you?", True),
        ("How long will this take?", True),
        ("What is this?", True),
        ("are you a robot", True),
        ("what is your name", True),
        ("Why do you want to know that?", True),
        ("By the way, it rains here.", False),
        ("By the way we also sell coffee, our customers are students", False),
        ("How about warm brown and cream?", False),
        ("Well, what about home, menu and contact?", False),
        ("Is it okay if I say blue?", False),
        ("What is this about, menu and contact", False),
        ("What A Bakery?", False),
        ("Who Are You Tattoo", False),
        ("By the Way Cafe", False),
        ("sorry who are you", True),
        ("What do other people say?", True),
        ("what makes us different is the oven", False),
        ("what did you say about the market", True),
        ("excuse me what did you say about the market", True),
        ("how long will you need for that", True),
        ("what you see is what you get", False),
        ("how we do it is our secret", False),
        ("Golden Crust?", False),
        ("when you order by noon we deliver", False),
        ("a page about how long bread keeps", False),
    ],
)
def test_a_question_of_the_humans_own_is_no_answer(text: str, aside: bool) -> None:
    assert is_aside(text) is aside


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "Wait!",
        "wait a moment",
        "hold on please",
        "excuse me",
        "One moment, please.",
        "just a second",
        "could you wait a minute",
        "give me a moment to think",
        "Let me think about it.",
        "no, stop it",
    ],
)
def test_it_is_to_wait(text: str) -> None:
    assert wants_a_moment(text)


@pytest.mark.parametrize("text", ["Stop and Shop", "a moment of calm", "people wait for our bread", "no", ""])
def test_it_is_not_to_wait(text: str) -> None:
    assert not wants_a_moment(text)


@pytest.mark.parametrize("text", ["Repeat", "Come Again", "Once More", "What A Bakery?", "What's Cooking?"])
def test_few_words_may_be_a_name(text: str) -> None:
    assert may_be_a_name(text)


@pytest.mark.parametrize("text", ["go back", "repeat that", "Pardon?", "wait", "who are you"])
def test_a_clear_wish_is_no_name(text: str) -> None:
    assert not may_be_a_name(text)
