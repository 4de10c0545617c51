"""Words that answer no question: said again, gone back to, corrected, or beside the point."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import events, notices
from orchestration.brief import AnswerSource, AnswerStatus
from orchestration.turn import Stage


def asking(question: str) -> Theatre:
    """The human listened to this question; the ones before it are answered."""
    theatre = Theatre()
    theatre.human = silent
    theatre.start()
    for answer in ANSWERS:
        theatre.run(until=in_stage(theatre, Stage.LISTENING))
        if theatre.conversation.open_question == question:
            break
        theatre.say(answer)
        theatre.run(until=in_stage(theatre, Stage.TALKING))
    return theatre


def after(theatre: Theatre, text: str, turns: int = 1) -> list[str]:
    """The acts that follow these words."""
    before = len(theatre.acts())
    theatre.say(text)
    theatre.run(until=lambda: len(theatre.acts()) == before + turns)
    return theatre.acts()[before:]


def cut(theatre: Theatre, text: str) -> list[str]:
    """The same over the voice that has just begun."""
    before = len(theatre.acts())
    theatre.say(text, delay_s=2.0, length_s=1.5)
    theatre.run(until=lambda: len(theatre.acts()) == before + 1)
    return theatre.acts()[before:]


def questions(theatre: Theatre) -> list[str]:
    told = theatre.told(notices.QuestionAsked)
    return [notice.question for notice in told if isinstance(notice, notices.QuestionAsked)]


def test_a_question_is_asked_again_on_request_and_the_request_is_no_answer() -> None:
    theatre = asking("offer")
    assert after(theatre, "could you repeat the question") == ["sarah ask"]
    assert questions(theatre) == ["name", "offer", "offer"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    after(theatre, "bread")
    assert theatre.conversation.brief.text("offer") == "bread"


def test_the_request_itself_is_not_told_to_the_voices() -> None:
    theatre = asking("offer")
    after(theatre, "could you repeat the question")
    assert events.Share("human", "could you repeat the question") not in theatre.commands(events.Share)
    assert theatre.conversation.transcript[-1].text == "could you repeat the question"


def test_what_was_cut_or_just_heard_is_said_again_and_calls_nothing_twice() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.job_s = 30.0
    theatre.start().run(until=in_stage(theatre, Stage.WORKING))
    assert after(theatre, "sorry, what did you say") == ["maya start_research"]
    assert cut(theatre, "pardon me, can you say that again") == ["maya start_research"]
    assert [c.kind for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)] == [
        "research"
    ]
    theatre.run(until=in_stage(theatre, Stage.WORKING))
    theatre.run(until=lambda: "maya report_research" in theatre.acts(), limit_s=theatre.now + 60)
    assert "maya report_research" in theatre.acts()


def test_the_post_that_waits_is_presented_again_without_another_request() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    assert after(theatre, "can you repeat that") == ["sophie present_post"]
    theatre.run(until=in_stage(theatre, Stage.APPROVING))
    assert len(theatre.told(notices.ApprovalRequested)) == 1
    assert theatre.conversation.desk.open_approval is not None


def test_a_request_before_the_next_voice_sounds_is_no_part_of_the_answer() -> None:
    theatre = asking("name")
    theatre.say("Golden Crust", length_s=1.0)
    theatre.say("sorry, what did you say", delay_s=1.65, length_s=1.0)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert questions(theatre) == ["name", "offer"]


def test_going_back_opens_the_question_before_and_then_asks_what_was_open() -> None:
    theatre = asking("audience")
    assert after(theatre, "can we go back please") == ["sarah go_back"]
    assert questions(theatre)[-1] == "offer"
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "only cakes") == ["sarah ask"]
    assert questions(theatre)[-1] == "audience"
    assert theatre.conversation.brief.text("offer") == "only cakes"


def test_going_back_over_the_next_question_or_to_a_named_one() -> None:
    theatre = asking("offer")
    after(theatre, "bread")
    assert cut(theatre, "wait, go back to the name") == ["sarah go_back"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "name"
    after(theatre, "Golden Krust")
    assert theatre.conversation.brief.text("name") == "Golden Krust"
    assert theatre.conversation.brief.text("offer") == "bread"
    assert questions(theatre)[-1] == "audience"


def test_who_goes_back_and_says_nothing_keeps_the_old_answer() -> None:
    theatre = asking("offer")
    after(theatre, "go back")
    theatre.run(until=lambda: questions(theatre)[-2:] == ["name", "offer"], limit_s=theatre.now + 60)
    answer = theatre.conversation.brief["name"]
    assert (answer.text, answer.status) == (ANSWERS[0], AnswerStatus.ANSWERED)


def test_after_the_interview_going_back_is_only_a_remark() -> None:
    theatre = Theatre()
    theatre.start().run(until=lambda: "alex show_site" in theatre.acts())
    assert cut(theatre, "can we go back please") == ["alex reply"]
    theatre.run()
    assert theatre.conversation.end_state == "completed"


@pytest.mark.parametrize("typed", [False, True])
def test_a_correction_changes_the_answer_before_and_the_open_question_is_asked_again(typed: bool) -> None:
    theatre = asking("offer")
    words = "no the name is wrong it is Golden Krust"
    if typed:
        theatre.receive(events.HumanSaid(words, typed=True))
    else:
        after(theatre, words)
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah corrected")
    answer = theatre.conversation.brief["name"]
    source = AnswerSource.TYPED if typed else AnswerSource.VOICE
    assert (answer.text, answer.source) == ("Golden Krust", source)
    speak = [c for c in theatre.commands(events.Speak) if isinstance(c, events.Speak)][-1]
    assert speak.context["answer"]["text"] == "Golden Krust"  # type: ignore[index]
    assert speak.context["question"]["key"] == "offer"  # type: ignore[index]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    after(theatre, "bread")
    assert theatre.conversation.brief.text("offer") == "bread"


def test_a_correction_right_after_the_answer_is_confirmed_by_the_next_question() -> None:
    theatre = asking("offer")
    theatre.say("bread", length_s=1.0)
    theatre.say("sorry the offer is wrong it is cakes", delay_s=1.65, length_s=1.5)
    theatre.run(until=lambda: questions(theatre)[-1] == "audience")
    assert theatre.acts()[-2:] == ["sarah ask", "sarah ask"]
    assert theatre.conversation.brief.text("offer") == "cakes"


def test_a_correction_while_the_work_goes_on_starts_it_again() -> None:
    theatre = Theatre()
    theatre.start().run(until=lambda: "alex start_build" in theatre.acts())
    theatre.human = silent
    assert cut(theatre, "sorry, the name is wrong, it is Golden Krust") == ["alex corrected"]
    assert theatre.conversation.brief.text("name") == "Golden Krust"
    jobs = [c for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)]
    assert jobs[-1].payload["brief"]["name"] == "Golden Krust"  # type: ignore[index]
    theatre.run(until=lambda: "alex show_site" in theatre.acts(), limit_s=theatre.now + 60)
    assert "alex show_site" in theatre.acts()


def test_an_answer_that_is_still_to_be_asked_for_cannot_be_corrected() -> None:
    theatre = asking("name")
    words = "no the pages are wrong they are home and menu"
    assert after(theatre, words, turns=2) == ["sarah reply", "sarah ask"]
    assert theatre.conversation.brief["pages"].status is AnswerStatus.PENDING
    assert theatre.conversation.brief["name"].status is AnswerStatus.PENDING


def test_another_subject_is_replied_to_and_the_question_asked_again() -> None:
    theatre = asking("offer")
    assert after(theatre, "how long does this take", turns=2) == ["sarah reply", "sarah ask"]
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING
    assert questions(theatre) == ["name", "offer", "offer"]


def test_another_subject_over_a_question_and_over_a_question_that_was_opened_again() -> None:
    theatre = asking("name")
    after(theatre, "Golden Crust")
    assert cut(theatre, "sorry, who are you") == ["sarah reply"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "offer"
    assert after(theatre, "go back") == ["sarah go_back"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "how long does this take") == ["sarah reply"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "name"


def test_a_wish_that_is_typed_while_nobody_can_hear_is_said_once_on_return() -> None:
    theatre = asking("offer")
    before = len(theatre.acts())
    theatre.receive(events.ListenerLost())
    theatre.receive(events.HumanSaid("could you repeat that", typed=True))
    gives = len(theatre.commands(events.Give))
    theatre.later(5.0, events.ListenerArrived())
    theatre.run(until=lambda: len(theatre.acts()) > before)
    assert theatre.acts()[before:] == ["sarah nudge"]
    assert len(theatre.commands(events.Give)) == gives + 1
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "offer"


@pytest.mark.parametrize(
    "words", ["name is Greener Garden, not that", "No, I meant my business is called Greener Garden"]
)
def test_a_typed_correction_is_understood_in_other_forms(words: str) -> None:
    theatre = asking("offer")
    theatre.receive(events.HumanSaid(words, typed=True))
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah corrected")
    assert theatre.conversation.brief.text("name") == "Greener Garden"
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING


def test_a_correction_that_was_misheard_is_asked_for_and_the_next_words_are_it() -> None:
    theatre = asking("offer")
    assert after(theatre, "the name is wrong it itches blue whale workshop") == ["sarah go_back"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert after(theatre, "no the name is Blue Whale Workshop") == ["sarah ask"]
    assert theatre.conversation.brief.text("name") == "Blue Whale Workshop"
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING
