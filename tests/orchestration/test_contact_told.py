"""The human tells how people reach the business: it is kept for the website, which is built with it."""

from __future__ import annotations

import pytest
from test_opinion import builds, shown
from test_rebuild import jobs, last_speak, listening
from test_remarks import after, asking, cut
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import events, notices
from orchestration.brief import AnswerSource
from orchestration.rules.contact import ALREADY, LATER, NOW
from orchestration.turn import Stage

PHONE = "our phone number is five five five one two three four"


def contact(theatre: Theatre) -> str:
    return theatre.conversation.brief.text("contact")


def told(theatre: Theatre) -> dict[str, object]:
    fact = last_speak(theatre, "contact_told").context["contact_told"]
    assert isinstance(fact, dict)
    return fact


def at_work() -> Theatre:
    """Alex has begun to build, and all wait."""
    theatre = Theatre(given=ANSWERS)
    theatre.human, theatre.job_s = silent, 20.0
    theatre.start().run(until=lambda: bool(builds(theatre)) and in_stage(theatre, Stage.WORKING)())
    return theatre


# ---------------------------------------------------------------------- by voice


@pytest.mark.parametrize("typed", [False, True])
def test_what_is_told_of_the_shown_site_builds_it_again(typed: bool) -> None:
    theatre = shown()
    if typed:
        theatre.later(0.5, events.HumanSaid(PHONE, typed=True))
        theatre.run(until=lambda: theatre.acts()[-1] == "alex contact_told")
    else:
        assert after(theatre, PHONE) == ["alex contact_told"]
    assert told(theatre) == {"reached_by": "the phone number 555 1234", "then": NOW}
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuilt"
    assert builds(theatre)[-1].payload["brief"]["contact"] == "555 1234"  # type: ignore[index]
    source = AnswerSource.TYPED if typed else AnswerSource.VOICE
    assert theatre.conversation.brief["contact"].source is source
    heard = theatre.told(notices.HumanHeard)[-1]
    assert isinstance(heard, notices.HumanHeard)
    assert heard.question == "contact"
    assert after(theatre, "I like it") == ["marcus hand_over"]


def test_another_number_takes_the_place_of_the_first_and_what_else_was_told_stays() -> None:
    theatre = shown()
    for words in (PHONE, "my email is anna at example dot com", "no, I meant 555 4321"):
        assert after(theatre, words) == ["alex contact_told"]
        listening(theatre)
    assert contact(theatre) == "555 4321\nanna@example.com"
    assert theatre.conversation.brief.text("style") == ANSWERS[-1]


def test_over_the_voice_that_shows_the_site_it_counts_too() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["alex show_site"])
    assert cut(theatre, "the address is 12 River Street") == ["alex contact_told"]
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuilt"
    assert contact(theatre) == "12 River Street"


def test_beside_the_work_it_starts_the_build_again_and_all_wait_on() -> None:
    theatre = at_work()
    assert after(theatre, "we are open from nine to five on weekdays") == ["alex contact_told"]
    assert told(theatre)["then"] == NOW
    theatre.run(until=lambda: theatre.acts()[-1] == "alex show_site")
    assert jobs(theatre) == ["research", "website", "website"]
    site = builds(theatre)[-1].payload["brief"]
    assert site["contact"] == "Open from nine to five on weekdays"  # type: ignore[index]
    assert last_speak(theatre, "show_site").context["contact"] == {"missing": False}


def test_before_anything_is_built_it_waits_for_the_site() -> None:
    theatre = Theatre()
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["marcus greet"])
    assert cut(theatre, PHONE) == ["marcus contact_told"]
    assert told(theatre) == {"reached_by": "the phone number 555 1234", "then": LATER}
    theatre.run(until=lambda: bool(builds(theatre)))
    first_question = last_speak(theatre, "ask")
    assert first_question.context["question"]["of"] == 6  # type: ignore[index]
    assert [speak for speak in theatre.spoken.values() if speak.act == "ask"][0].context["answer"] == {}
    assert builds(theatre)[0].payload["brief"]["contact"] == "555 1234"  # type: ignore[index]
    assert theatre.acts().count("sarah ask") == 6


def test_while_the_post_waits_for_its_approval_the_site_alone_is_built_again() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    asked = theatre.conversation.desk.open_approval
    assert after(theatre, PHONE) == ["sophie contact_told"]
    theatre.run(until=in_stage(theatre, Stage.APPROVING))
    assert theatre.conversation.desk.running() is None
    assert jobs(theatre) == ["research", "website", "post", "website"]
    assert theatre.conversation.desk.open_approval == asked


def test_a_picture_that_is_being_made_for_the_post_has_nothing_to_do_with_it() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    theatre.receive(events.PictureWanted(events.Picture.ANOTHER))
    theatre.receive(events.AnswerCorrected("contact", "555 1234"))
    assert jobs(theatre)[-2:] == ["picture", "website"]
    assert theatre.commands(events.CancelJob) == []


def test_over_the_goodbye_the_end_waits_until_the_site_is_built() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["marcus close"])
    theatre.job_s = 12.0
    assert cut(theatre, PHONE) == ["marcus contact_told"]
    theatre.run()
    assert theatre.conversation.end_state == "completed"
    assert theatre.commands(events.CancelJob) == []
    assert theatre.conversation.desk.jobs[builds(theatre)[-1].job].state == "done"


@pytest.mark.parametrize(
    "event", [events.AnswerCorrected("contact", "555 1234"), events.HumanSaid(PHONE, typed=True)]
)
def test_after_the_goodbye_the_end_waits_until_the_site_is_built(event: events.Event) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.start().run(until=lambda: theatre.conversation.farewell)
    theatre.job_s = 12.0
    theatre.receive(event)
    theatre.run()
    assert theatre.conversation.end_state == "completed"
    assert contact(theatre) == "555 1234"
    assert builds(theatre)[-1].payload["brief"]["contact"] == "555 1234"  # type: ignore[index]
    assert theatre.commands(events.CancelJob) == []
    assert theatre.conversation.desk.jobs[builds(theatre)[-1].job].state == "done"


def test_what_was_told_before_is_not_promised_for_later() -> None:
    theatre = shown()
    for then in (NOW, ALREADY):
        assert after(theatre, PHONE) == ["alex contact_told"]
        assert told(theatre) == {"reached_by": "the phone number 555 1234", "then": then}
        listening(theatre)
    assert len(builds(theatre)) == 2


@pytest.mark.parametrize("typed", [False, True])
def test_it_answers_no_question_which_is_asked_again(typed: bool) -> None:
    theatre = asking("offer")
    before = len(theatre.acts())
    theatre.later(0.5, events.HumanSaid(PHONE, typed=typed))
    theatre.run(until=lambda: len(theatre.acts()) == before + 2)
    assert theatre.acts()[before:] == ["sarah contact_told", "sarah ask"]
    assert contact(theatre) == "555 1234"
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "offer"
    after(theatre, "bread")
    assert theatre.conversation.brief.text("offer") == "bread"


def test_over_the_question_it_is_the_same() -> None:
    theatre = asking("offer")
    assert after(theatre, "bread") == ["sarah ask"]
    assert cut(theatre, PHONE) == ["sarah contact_told"]
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.acts()[-1] == "sarah ask"
    assert theatre.conversation.open_question == "audience"
    assert (contact(theatre), theatre.conversation.brief.text("offer")) == ("555 1234", "bread")


@pytest.mark.parametrize("words", ["we are open all night from nine to five", "bread, call us at 555 1234"])
def test_what_may_answer_the_question_does(words: str) -> None:
    theatre = asking("difference")
    after(theatre, words)
    assert (theatre.conversation.brief.text("difference"), contact(theatre)) == (words, "")


def test_what_is_not_understood_as_one_is_not_said_to_be_kept() -> None:
    theatre = shown()
    assert after(theatre, "our phone number is on the card of my sister") == ["alex reply"]
    assert contact(theatre) == ""


# ---------------------------------------------------------------------- on its card


def test_written_while_the_site_is_shown_it_is_built_with_it_and_without_it_when_taken_out() -> None:
    theatre = shown()
    for text, kept, note in (
        ("555 1234\nRing twice", "your contact details", "(answered: Contact → 555 1234\nRing twice)"),
        ("", "no contact details", "(took out: Contact)"),
    ):
        theatre.receive(events.AnswerCorrected("contact", text))
        assert theatre.conversation.transcript[-1].text == note
        theatre.run(until=lambda: theatre.acts()[-1] == "alex contact_told")
        assert told(theatre) == {"reached_by": kept, "then": NOW}
        listening(theatre)
        assert theatre.acts()[-1] == "alex rebuilt"
        assert builds(theatre)[-1].payload["brief"].get("contact", "") == text  # type: ignore[attr-defined]
    assert theatre.conversation.answered != "contact"


def test_written_at_any_time_it_answers_no_question() -> None:
    theatre = asking("audience")
    theatre.receive(events.AnswerCorrected("contact", "555 1234"))
    assert theatre.conversation.open_question == "audience"
    assert contact(theatre) == "555 1234"


# ---------------------------------------------------------------------- nobody misses it


def test_a_session_without_it_counts_six_answers_and_leaves_it_out() -> None:
    theatre = Theatre().play()
    (done,) = theatre.told(notices.SessionCompleted)
    assert isinstance(done, notices.SessionCompleted)
    assert done.summary["answered"] == 6
    assert "contact" not in done.summary["brief"]  # type: ignore[operator]
    assert theatre.acts().count("sarah ask") == 6


@pytest.mark.parametrize(
    ("offer", "missing"), [("bread and cakes", True), ("bread, call us at 555 123 4567", False)]
)
def test_alex_is_told_whether_the_site_can_say_how_to_reach_the_business(offer: str, missing: bool) -> None:
    theatre = Theatre(given=(ANSWERS[0], offer, *ANSWERS[2:]))
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["alex show_site"])
    assert last_speak(theatre, "show_site").context["contact"] == {"missing": missing}


def test_what_was_missing_is_not_said_again_of_the_site_that_was_built_again() -> None:
    theatre = shown()
    after(theatre, "make it green")
    listening(theatre)
    assert "contact" not in last_speak(theatre, "rebuilt").context
