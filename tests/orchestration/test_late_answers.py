"""An answer that comes after its question was left, and the name that is asked for once more."""

from __future__ import annotations

import re

import pytest
from nora import Voiced
from test_remarks import after, asking, questions
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import events, notices
from orchestration.brief import AnswerStatus
from orchestration.personas import load
from orchestration.turn import Stage
from orchestration.workflow import MOENTREPRISE
from server.engine import brain_templates


def left(question: str) -> Theatre:
    """Nothing was said to this question: the moment at which the team goes on."""
    theatre = asking(question)
    theatre.run(until=lambda: theatre.conversation.brief[question].status is AnswerStatus.UNANSWERED)
    return theatre


def last_speak(theatre: Theatre, act: str) -> events.Speak:
    spoken = [c for c in theatre.commands(events.Speak) if isinstance(c, events.Speak) and c.act == act]
    return spoken[-1]


def test_a_question_is_left_after_twenty_five_seconds_of_silence() -> None:
    theatre = asking("name")
    began = theatre.now
    theatre.run(until=lambda: bool(theatre.conversation.left))
    turns_s = 5.0 + 0.2  # the nudge is heard meanwhile
    assert theatre.now - began == pytest.approx(25.0 + turns_s, abs=0.3)


def test_words_before_the_next_voice_sounds_are_the_answer_of_the_question_left() -> None:
    theatre = left("name")
    theatre.receive(events.PushToTalk(True))  # the next question is not heard yet
    theatre.later(0.1, events.SpeechStarted("i"))
    theatre.later(1.0, events.PushToTalk(False))
    theatre.later(1.1, events.HumanSaid("Golden Crust", item="i"))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert "sarah reply" not in theatre.acts()
    assert last_speak(theatre, "ask").context["answer"]["text"] == "Golden Crust"  # type: ignore[index]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "offer"


def test_words_over_the_beginning_of_the_next_question_are_too() -> None:
    theatre = left("name")
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    theatre.say("Golden Crust", delay_s=1.0)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 3)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING


@pytest.mark.parametrize("words", ["my business is called Greener Garden", "Oh, the name is Greener Garden"])
def test_words_to_the_next_question_that_name_the_one_left_answer_that(words: str) -> None:
    theatre = left("name")
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, words) == ["sarah late_answer"]
    assert theatre.conversation.brief.text("name") == "Greener Garden"
    asked = theatre.conversation.brief["offer"].question
    kept = {"kept": "Greener Garden", "where": "Business name", "asked": asked}
    assert last_speak(theatre, "late_answer").context["late_answer"] == kept
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    after(theatre, "bread")
    assert theatre.conversation.brief.text("offer") == "bread"


def test_words_that_name_an_older_question_answer_the_one_at_hand() -> None:
    theatre = left("offer")
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "families") == ["sarah ask"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "difference"
    assert after(theatre, "our products are handmade") == ["sarah ask"]
    assert theatre.conversation.brief.text("difference") == "our products are handmade"
    assert theatre.conversation.brief.text("offer") == ""


def test_words_to_the_very_next_question_may_name_the_one_left() -> None:
    theatre = left("offer")
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "our products are bread and cakes") == ["sarah late_answer"]
    assert theatre.conversation.brief.text("offer") == "bread and cakes"


def test_words_after_the_last_question_are_its_late_answer_and_the_team_says_so() -> None:
    theatre = left("style")
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah wrap_up")
    theatre.say("warm brown and cream", delay_s=1.5, length_s=1.5)
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah late_answer")
    assert theatre.conversation.brief.text("style") == "warm brown and cream"
    told = theatre.told(notices.BriefUpdated)[-1]
    assert isinstance(told, notices.BriefUpdated)
    assert told.changed == "style"
    theatre.run(until=lambda: "maya start_research" in theatre.acts())
    assert "sarah reply" not in theatre.acts()


@pytest.mark.parametrize(
    "words", ["what do you do now", "no", "thank you", "Is that so?", "for the", "skip it"]
)
def test_other_words_are_no_late_answer(words: str) -> None:
    theatre = left("style")
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah wrap_up")
    theatre.say(words, delay_s=1.5, length_s=1.5)
    theatre.run(until=lambda: "maya start_research" in theatre.acts())
    assert theatre.conversation.brief["style"].status is AnswerStatus.UNANSWERED
    assert "sarah late_answer" not in theatre.acts()


@pytest.mark.parametrize(
    ("words", "style"),
    [
        ("hello can you hear me", ""),
        ("thank you Sarah", ""),
        ("that sounds exciting", ""),
        ("warm brown and cream", "warm brown and cream"),
        ("brown and white please", "brown and white please"),
        ("the colours should be warm brown and cream", "the colours should be warm brown and cream"),
    ],
)
def test_beside_work_only_words_that_tell_their_question_are_its_late_answer(words: str, style: str) -> None:
    theatre = left("style")
    theatre.job_s = 30.0
    theatre.run(until=in_stage(theatre, Stage.WORKING))
    assert after_at_once(theatre, words) == ("maya late_answer" if style else "maya reply")
    assert theatre.conversation.brief.text("style") == style


def test_who_tries_whether_they_are_heard_names_no_business() -> None:
    theatre = left("name")
    theatre.receive(events.PushToTalk(True))
    theatre.later(0.1, events.SpeechStarted("i"))
    theatre.later(1.0, events.PushToTalk(False))
    theatre.later(1.1, events.HumanSaid("hello can you hear me", item="i"))
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah reply")
    assert theatre.conversation.brief.text("name") == ""


def after_at_once(theatre: Theatre, words: str) -> str:
    """What follows words that come before anybody says that the work goes on."""
    before = len(theatre.acts())
    theatre.say(words, delay_s=0.2, length_s=1.5)
    theatre.run(until=lambda: len(theatre.acts()) == before + 1)
    return theatre.acts()[-1]


def test_after_some_turns_a_remark_is_a_remark_again() -> None:
    theatre = left("style")
    theatre.job_s = 30.0
    theatre.run(until=lambda: "maya still_working" in theatre.acts())
    assert cut_by(theatre, "that is warm and brown") == "maya reply"
    assert theatre.conversation.brief.text("style") == ""


def cut_by(theatre: Theatre, words: str) -> str:
    before = len(theatre.acts())
    theatre.say(words, delay_s=2.0, length_s=1.5)
    theatre.run(until=lambda: len(theatre.acts()) == before + 1)
    return theatre.acts()[-1]


def without_a_name() -> Theatre:
    """All questions but the first have their answers."""
    theatre = left("name")
    for answer in ANSWERS[1:]:
        theatre.run(until=in_stage(theatre, Stage.LISTENING))
        theatre.say(answer)
        theatre.run(until=in_stage(theatre, Stage.TALKING))
    return theatre


def test_a_name_that_is_still_open_is_asked_for_once_more_after_the_interview() -> None:
    theatre = without_a_name()
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.acts()[-1] == "sarah ask_once_more"
    assert theatre.conversation.open_question == "name"
    assert after(theatre, "Golden Crust") == ["sarah wrap_up"]
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert last_speak(theatre, "wrap_up").context["brief"]["name"] == "Golden Crust"  # type: ignore[index]


def test_it_is_asked_for_only_once_more() -> None:
    theatre = without_a_name()
    theatre.run(until=lambda: "sarah wrap_up" in theatre.acts(), limit_s=theatre.now + 90)
    assert theatre.acts().count("sarah ask_once_more") == 1
    assert theatre.conversation.brief["name"].status is AnswerStatus.UNANSWERED
    assert questions(theatre).count("name") == 2


def test_who_has_said_the_name_is_not_asked_again() -> None:
    theatre = Theatre()
    theatre.play()
    assert "sarah ask_once_more" not in theatre.acts()


def test_a_question_of_the_humans_own_to_the_second_asking_asks_only_that_again() -> None:
    theatre = without_a_name()
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    before = len(theatre.acts())
    theatre.say("why do you need that")
    theatre.run(until=lambda: len(theatre.acts()) == before + 2)
    assert theatre.acts()[before:] == ["sarah reply", "sarah ask_once_more"]


def test_a_nudge_never_promises_all_the_time_of_the_world() -> None:
    """The next question follows a silence of 25 s: what comes before it must lead there."""
    for words in brain_templates.acts()["nudge"]["question"]:
        assert "hurry" not in words
        assert "your time" not in words
    for words in brain_templates.acts()["ask"]["empty"]:
        assert re.search("you can|until you|when you have it|come back to it", words), words


def test_the_embedded_voice_says_for_which_question_it_takes_the_answer() -> None:
    voiced = Voiced(load(), MOENTREPRISE, ())
    voiced.human = silent
    voiced.start().run(until=lambda: bool(voiced.conversation.left))
    voiced.run(until=lambda: voiced.acts().count("sarah ask") == 2)
    voiced.run(until=in_stage(voiced, Stage.LISTENING))
    voiced.say("my business is called Greener Garden")
    voiced.run(until=lambda: "sarah late_answer" in voiced.acts())
    (said,) = voiced.said("late_answer")
    assert re.search(r"Greener Garden.*[Bb]usiness name.*What do you offer.*\?$", said), said
    assert not said.endswith("??")
