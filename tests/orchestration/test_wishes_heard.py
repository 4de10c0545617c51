"""What comes of words that look like a wish: ordinary answers are kept, and a moment is waited."""

from __future__ import annotations

import pytest
from test_remarks import after, asking, questions
from theatre import Theatre, in_stage

from orchestration import events
from orchestration.brief import AnswerStatus
from orchestration.rules import floor
from orchestration.turn import Stage


def over_the_next(theatre: Theatre, text: str, delay_s: float = 1.0, turns: int = 1) -> list[str]:
    """The acts that follow these words over the turn that is heard."""
    before = len(theatre.acts())
    theatre.say(text, delay_s=delay_s, length_s=0.45, patience_s=0.6)
    theatre.run(until=lambda: len(theatre.acts()) == before + turns)
    return theatre.acts()[before:]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("style", "How about warm brown and cream?"),
        ("style", "Is it okay if I say blue?"),
        ("pages", "What about home, menu and contact?"),
        ("pages", "What is this about, menu and contact"),
        ("audience", "By the way we also sell coffee, our customers are students"),
        ("name", "What A Bakery?"),
        ("name", "Who Are You Tattoo"),
        ("name", "By the Way Cafe"),
        ("name", "Once More"),
        ("name", "Come Again"),
        ("name", "Repeat"),
        ("name", "Come Back"),
        ("name", "Again and Again Records"),
        ("name", "Stop and Shop"),
        ("difference", "We go back to 1920"),
        ("difference", "Oh, our products are all handmade"),
        ("audience", "I mean our products are for students"),
        ("offer", "yes"),
        ("offer", "okay"),
        ("offer", "no"),
    ],
)
@pytest.mark.parametrize("typed", [False, True])
def test_an_ordinary_answer_is_one(question: str, answer: str, typed: bool) -> None:
    theatre = asking(question)
    others = {a.key: a.text for a in theatre.conversation.brief.answers if a.key != question}
    if typed:
        theatre.receive(events.HumanSaid(answer, typed=True))
    else:
        after(theatre, answer)
    brief = theatre.conversation.brief
    assert brief.text(question) == answer
    assert {a.key: a.text for a in brief.answers if a.key != question} == others


@pytest.mark.parametrize("delay_s", [0.5, -2.0])
def test_who_says_the_same_once_more_has_meant_it(delay_s: float) -> None:
    theatre = asking("pages")
    assert after(theatre, "What do you suggest?", turns=2) == ["sarah reply", "sarah ask"]
    if delay_s > 0:
        theatre.run(until=in_stage(theatre, Stage.LISTENING))
        after(theatre, "What do you suggest?")
    else:
        over_the_next(theatre, "what do you suggest?")
    assert theatre.conversation.brief.text("pages").lower() == "what do you suggest?"
    assert theatre.conversation.brief.text("difference") == "stone oven"


def test_a_wish_that_is_typed_twice_is_the_answer_and_one_that_is_spoken_twice_is_none() -> None:
    for typed in (False, True):
        theatre = asking("offer")
        for _ in range(2):
            theatre.run(until=in_stage(theatre, Stage.LISTENING))
            if typed:
                theatre.receive(events.HumanSaid("Once more", typed=True))
            else:
                after(theatre, "Once more")
        assert theatre.conversation.brief.text("offer") == ("Once more" if typed else "")


def test_a_contrary_answer_corrects_only_the_answer_given_last() -> None:
    theatre = asking("offer")
    assert after(theatre, "Sorry, the name is Golden Krust") == ["sarah corrected"]
    assert theatre.conversation.brief.text("name") == "Golden Krust"
    theatre = asking("difference")
    after(theatre, "Sorry, our products are all handmade")
    assert theatre.conversation.brief.text("offer") == "bread and cakes"
    assert theatre.conversation.brief.text("difference") == "Sorry, our products are all handmade"


@pytest.mark.parametrize(
    "words", ["stop", "wait a moment", "hold on please", "excuse me", "One moment, please."]
)
@pytest.mark.parametrize("delay_s", [1.0, 4.0])
def test_who_asks_for_a_moment_over_a_question_gets_it_and_has_answered_nothing(
    words: str, delay_s: float
) -> None:
    theatre = asking("name")
    after(theatre, "Golden Crust")
    asked = theatre.now
    assert over_the_next(theatre, words, delay_s, turns=2) == ["sarah moment", "sarah nudge"]
    assert theatre.now - asked > delay_s + floor.MOMENT_S
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    after(theatre, "bread")
    assert theatre.conversation.brief.text("offer") == "bread"


@pytest.mark.parametrize("words", ["wait", "let me think"])
def test_after_a_moment_the_next_words_are_the_answer(words: str) -> None:
    theatre = asking("offer")
    theatre.say(words)
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah moment")
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("bread", delay_s=12.0)
    theatre.run(until=in_stage(theatre, Stage.TALKING))
    assert theatre.conversation.brief.text("offer") == "bread"
    assert "sarah nudge" not in theatre.acts()


@pytest.mark.parametrize("question", ["name", "offer"])
@pytest.mark.parametrize("words", ["okay", "go on", "I'm back"])
def test_after_a_moment_who_is_ready_hears_the_question_again(question: str, words: str) -> None:
    theatre = asking(question)
    theatre.say("hold on")
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah moment")
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, words) == ["sarah ask"]
    assert questions(theatre)[-1] == question
    assert theatre.conversation.brief[question].status is AnswerStatus.PENDING


def test_a_moment_before_the_next_voice_ends_by_itself() -> None:
    theatre = asking("name")
    theatre.say("Golden Crust", length_s=1.0)
    theatre.say("wait", delay_s=1.65, length_s=0.3)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.now > floor.MOMENT_S
    assert theatre.conversation.brief.text("name") == "Golden Crust"


@pytest.mark.parametrize("delay_s", [1.0, 4.0])
@pytest.mark.parametrize("words", ["skip it", "I don't know"])
def test_who_skips_a_question_while_it_is_asked_skips_that_one(words: str, delay_s: float) -> None:
    theatre = asking("name")
    after(theatre, "Golden Crust")
    assert over_the_next(theatre, words, delay_s) == ["sarah ask"]
    assert questions(theatre)[-1] == "audience"
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert theatre.conversation.brief["offer"].status is AnswerStatus.UNANSWERED


def test_a_no_over_the_next_question_is_replied_to_and_no_part_of_the_answer_before() -> None:
    theatre = asking("name")
    after(theatre, "Golden Crust")
    assert over_the_next(theatre, "no", turns=2) == ["sarah reply", "sarah ask"]
    assert questions(theatre) == ["name", "offer", "offer"]
    assert theatre.conversation.brief.text("name") == "Golden Crust"


@pytest.mark.parametrize("words", ["okay", "Mm-hmm.", "no", "skip it"])
def test_a_hum_right_after_an_answer_is_no_part_of_it(words: str) -> None:
    theatre = asking("name")
    theatre.say("Golden Crust", length_s=1.0)
    theatre.later(1.62, events.SpeechStarted("hum"))
    theatre.later(1.7, events.SpeechStopped("hum"))
    theatre.later(1.8, events.HumanSaid(words, item="hum"))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert questions(theatre)[-1] == "offer"
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING


@pytest.mark.parametrize("over", [False, True])
def test_after_a_nudge_it_is_the_question_that_is_repeated(over: bool) -> None:
    theatre = asking("offer")
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah nudge")
    if over:
        before = len(theatre.acts())
        theatre.say("can you repeat the question", delay_s=1.0)
        theatre.run(until=lambda: len(theatre.acts()) == before + 1)
        assert theatre.acts()[-1] == "sarah ask"
    else:
        theatre.run(until=in_stage(theatre, Stage.LISTENING))
        assert after(theatre, "can you repeat the question") == ["sarah ask"]
    assert questions(theatre)[-1] == "offer"
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "bread") == ["sarah ask"]
    assert theatre.conversation.brief.text("offer") == "bread"
