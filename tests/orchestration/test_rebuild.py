"""The site is shown and something is changed: it is built again, and Alex says so, before and after."""

from __future__ import annotations

import pytest
from test_opinion import builds, shown
from test_remarks import after, cut
from theatre import ANSWERS, RESULTS, Theatre, in_stage, silent

from orchestration import events
from orchestration.tastes import headline_wanted
from orchestration.turn import Stage


def last_speak(theatre: Theatre, act: str) -> events.Speak:
    return [speak for speak in theatre.spoken.values() if speak.act == act][-1]


def jobs(theatre: Theatre) -> list[str]:
    return [c.kind for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)]


def listening(theatre: Theatre) -> None:
    theatre.run(until=in_stage(theatre, Stage.LISTENING))


@pytest.mark.parametrize("typed", [False, True])
def test_a_colour_by_voice_or_text_changes_the_brief_and_builds_again(typed: bool) -> None:
    theatre = shown()
    if typed:
        theatre.later(0.5, events.HumanSaid("Change the colour to green", typed=True))
        theatre.run(until=lambda: theatre.acts()[-1] == "alex rebuild")
    else:
        assert after(theatre, "change the colour to green") == ["alex rebuild"]
    listening(theatre)
    assert theatre.conversation.brief.text("style") == "green"
    assert builds(theatre)[-1].payload["brief"]["style"] == "green"  # type: ignore[index]
    assert theatre.acts()[-2:] == ["alex rebuild", "alex rebuilt"]
    assert last_speak(theatre, "rebuilt").context == {"site": RESULTS["website"]}


@pytest.mark.parametrize(
    "words",
    [
        "make the headline Fresh bread every day",
        "Please change the headline to “Fresh bread every day”.",
        "the headline should say fresh bread every day",
        "could you make the headline say: Fresh bread every day",
    ],
)
def test_another_headline_is_built_and_the_look_stays(words: str) -> None:
    theatre = shown()
    assert after(theatre, words) == ["alex rebuild"]
    listening(theatre)
    style = theatre.conversation.brief.text("style")
    assert style.lower() == f"{ANSWERS[-1]}, the headline says “fresh bread every day”"
    said = last_speak(theatre, "rebuild").context["answer"]
    assert isinstance(said, dict)
    assert str(said["text"]).lower() == "the headline says fresh bread every day"
    assert after(theatre, "make it green") == ["alex rebuild"]
    style = theatre.conversation.brief.text("style")
    assert style.lower() == "green, the headline says “fresh bread every day”"


@pytest.mark.parametrize(
    "words", ["make the headline bigger", "the headline should be green", "the headline is nice"]
)
def test_how_the_headline_looks_is_no_headline(words: str) -> None:
    assert headline_wanted(words) == ""


def test_a_colour_is_no_reason_to_research_again() -> None:
    theatre = shown()
    after(theatre, "make it green")
    listening(theatre)
    assert jobs(theatre) == ["research", "website", "website"]


def test_it_is_not_said_to_be_done_before_it_is() -> None:
    theatre = shown()
    theatre.job_s = 30.0
    after(theatre, "make it green")
    done_at = theatre.now + 29.0
    theatre.run(until=lambda: theatre.now > done_at)
    assert "alex rebuilt" not in theatre.acts()
    assert "alex still_working" in theatre.acts()
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuilt"


def test_a_build_that_fails_leaves_the_site_that_was_there() -> None:
    theatre = shown()
    theatre.failing_jobs = {"website"}
    after(theatre, "make it green")
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuild_failed"
    failure = last_speak(theatre, "rebuild_failed").context["rebuild"]
    assert failure == {"status": "failed", "code": "crashed", "reason": "the worker crashed"}
    assert theatre.conversation.desk.results["website"] == RESULTS["website"]
    theatre.failing_jobs = set()
    assert after(theatre, "make it blue") == ["alex rebuild"]
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuilt"


def test_another_colour_while_it_is_built_is_built_instead() -> None:
    theatre = shown()
    theatre.job_s = 20.0
    after(theatre, "make it green")
    theatre.run(until=in_stage(theatre, Stage.WORKING))
    assert after(theatre, "no, make it blue") == ["alex rebuild"]
    listening(theatre)
    assert theatre.conversation.brief.text("style") == "blue"
    assert builds(theatre)[-1].payload["brief"]["style"] == "blue"  # type: ignore[index]
    assert theatre.acts().count("alex rebuilt") == 1
    cancelled = [c for c in theatre.commands(events.CancelJob) if isinstance(c, events.CancelJob)]
    assert [c.job for c in cancelled] == [builds(theatre)[1].job]


def test_an_okay_while_it_is_built_is_no_like_of_what_is_not_there_yet() -> None:
    theatre = shown()
    theatre.job_s = 20.0
    after(theatre, "make it green")
    theatre.run(until=in_stage(theatre, Stage.WORKING))
    theatre.say("great, thanks")
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuilt"
    assert after(theatre, "I like it") == ["marcus hand_over"]


def test_a_like_over_the_end_of_it_goes_on() -> None:
    theatre = shown()
    after(theatre, "make it green")
    theatre.run(until=lambda: theatre.acts()[-1] == "alex rebuilt")
    theatre.say("I like it", delay_s=4.4, length_s=0.75, patience_s=0.5)
    theatre.run(until=lambda: theatre.acts()[-1] != "alex rebuilt")
    assert theatre.acts()[-1] == "marcus hand_over"


def test_a_change_by_hand_is_built_again_as_well() -> None:
    theatre = shown()
    theatre.receive(events.AnswerCorrected("pages", "Home and prices"))
    listening(theatre)
    assert theatre.acts()[-2:] == ["alex rebuild", "alex rebuilt"]
    assert builds(theatre)[-1].payload["brief"]["pages"] == "Home and prices"  # type: ignore[index]


def test_a_change_by_hand_while_it_is_being_shown_is_built_again_before_the_human_is_heard() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts()[-1:] == ["alex show_site"])
    theatre.receive(events.AnswerCorrected("style", "teal"))
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuilt"


def test_who_is_away_meanwhile_hears_of_it_on_the_return() -> None:
    theatre = shown()
    theatre.job_s = 5.0
    after(theatre, "make it green")
    theatre.later(1.0, events.ListenerLost())
    theatre.later(60.0, events.ListenerArrived())
    back = theatre.now + 60.0
    theatre.run(until=lambda: theatre.acts()[-1] == "alex rebuilt")
    assert theatre.now >= back


def test_a_remark_while_it_is_built_is_replied_to_and_the_build_is_still_told() -> None:
    theatre = shown()
    theatre.job_s = 20.0
    assert after(theatre, "make it green") == ["alex rebuild"]
    assert cut(theatre, "my sister loves that one") == ["alex reply"]
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuilt"


# ---------------------------------------------------------------------- what could not be built again


def test_a_change_before_the_site_was_shown_that_cannot_be_built_is_told_with_the_old_one() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.conversation.came("website"))
    assert "alex show_site" not in theatre.acts()
    theatre.failing_jobs = {"website"}
    theatre.receive(events.AnswerCorrected("style", "teal"))
    listening(theatre)
    assert theatre.acts()[-1] == "alex show_former_site"
    failure = {"status": "failed", "code": "crashed", "reason": "the worker crashed"}
    assert last_speak(theatre, "show_former_site").context["rebuild"] == failure
    theatre.failing_jobs = set()
    assert after(theatre, "make it blue") == ["alex rebuild"]
    listening(theatre)
    assert theatre.acts()[-1] == "alex rebuilt"
    assert "alex show_site" not in theatre.acts()


def test_what_was_built_after_all_is_shown_without_a_word_of_the_failure() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.conversation.came("website"))
    theatre.failing_jobs = {"website"}
    theatre.receive(events.AnswerCorrected("style", "teal"))
    theatre.run(until=lambda: theatre.conversation.came("website"))
    theatre.failing_jobs = set()
    theatre.receive(events.AnswerCorrected("style", "blue"))
    listening(theatre)
    assert theatre.acts()[-1] == "alex show_site"


@pytest.mark.parametrize("stage", [Stage.WORKING, Stage.APPROVING])
def test_a_change_after_the_site_was_shown_that_cannot_be_built_is_told_once(stage: Stage) -> None:
    theatre = shown()
    theatre.job_s = 8.0
    after(theatre, "I like it")
    theatre.run(until=in_stage(theatre, stage))
    theatre.failing_jobs = {"website"}
    theatre.receive(events.AnswerCorrected("style", "teal"))
    theatre.run(until=lambda: "alex site_stays" in theatre.acts(), limit_s=theatre.now + 60)
    theatre.run(limit_s=theatre.now + 120)
    assert theatre.acts().count("alex site_stays") == 1
    assert last_speak(theatre, "site_stays").context["rebuild"]
    assert theatre.conversation.stage is Stage.APPROVING
    assert theatre.conversation.desk.results["website"] == RESULTS["website"]


# ---------------------------------------------------------------------- corrected before and after


@pytest.mark.parametrize("at_s", [0.5, 12.0, 20.0, 26.0, 30.0, 34.0])
def test_whenever_the_brief_is_corrected_the_last_site_and_post_are_made_from_it(at_s: float) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.job_s = 4.0
    theatre.start()
    theatre.later(at_s, events.AnswerCorrected("name", "Golden Krust & Co"))
    theatre.run(until=lambda: theatre.conversation.desk.decided is not None)
    started = [c for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)]
    for kind in ("website", "post"):
        last = [job for job in started if job.kind == kind][-1]
        assert last.payload["brief"]["name"] == "Golden Krust & Co"  # type: ignore[index]
    assert [job.kind for job in started].count("publish") == 1


def test_the_post_is_drafted_again_from_the_site_that_was_built_again() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    first = theatre.conversation.desk.open_approval
    newer = {**RESULTS["website"], "pages": [{"title": "Prices", "path": "prices.html"}]}
    before, RESULTS["website"] = RESULTS["website"], newer
    try:
        theatre.receive(events.AnswerCorrected("pages", "Prices"))
        theatre.run(until=lambda: theatre.conversation.desk.open_approval not in (first, None))
    finally:
        RESULTS["website"] = before
    started = [c for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)]
    assert [job.kind for job in started][-3:] == ["research", "website", "post"]
    assert started[-1].payload["website"] == newer


def test_a_text_of_the_humans_own_stays_when_the_site_is_built_again() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    theatre.receive(events.PostEdited("My own words"))
    theatre.receive(events.AnswerCorrected("style", "green"))
    theatre.run(limit_s=theatre.now + 20)
    assert theatre.conversation.desk.results["post"]["text"] == "My own words"
    assert jobs(theatre).count("post") == 1
