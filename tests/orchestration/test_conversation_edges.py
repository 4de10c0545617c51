"""What happens at the edges of a turn: late words, two utterances, a held key, a voice that stalls."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre, in_stage, silent

from orchestration import events, notices
from orchestration.brief import AnswerStatus
from orchestration.job import JobState
from orchestration.turn import Stage


def listening() -> Theatre:
    """The first question was heard; a human who does nothing by himself."""
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    return theatre


def beside(stage: Stage, act: str) -> Theatre:
    """A session with given answers, in the middle of its work or its approval."""
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.job_s = 12.0
    theatre.start().run(until=lambda: theatre.conversation.stage is stage and act in theatre.acts())
    return theatre


@pytest.mark.parametrize("nothing", [events.TranscriptionFailed("late"), events.HumanSaid("", item="late")])
def test_an_empty_transcript_while_somebody_talks_skips_nothing(nothing: events.Event) -> None:
    theatre = listening()
    theatre.say("Golden Crust")
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    theatre.receive(nothing)
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "offer"


def test_words_after_a_pause_wait_for_the_rest_of_the_sentence() -> None:
    theatre = listening()
    for delay_s, event in [
        (0.5, events.SpeechStarted("a")),
        (1.5, events.SpeechStopped("a")),
        (1.6, events.SpeechStarted("b")),
        (1.7, events.HumanSaid("Golden", item="a")),
        (3.0, events.SpeechStopped("b")),
        (3.1, events.HumanSaid("Crust", item="b")),
    ]:
        theatre.later(delay_s, event)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert not theatre.commands(events.Cut)


def test_a_held_key_makes_one_turn_of_several_utterances() -> None:
    theatre = listening()
    theatre.later(0.5, events.PushToTalk(True))
    theatre.say("Golden", delay_s=0.6, length_s=1.0)
    theatre.say("Crust", delay_s=4.0, length_s=1.0)
    theatre.later(6.0, events.PushToTalk(False))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert not theatre.commands(events.CommitSpeech)
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.open_question == "offer"


def test_a_key_that_is_released_in_mid_word_commits_what_was_said() -> None:
    theatre = listening()
    theatre.later(0.5, events.PushToTalk(True))
    theatre.later(0.6, events.SpeechStarted("i"))
    theatre.later(2.0, events.PushToTalk(False))
    theatre.later(2.1, events.HumanSaid("Golden Crust", item="i"))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert len(theatre.commands(events.CommitSpeech)) == 1
    assert theatre.conversation.brief.text("name") == "Golden Crust"


def test_a_key_that_is_pressed_without_a_word_changes_nothing() -> None:
    theatre = listening()
    theatre.receive(events.PushToTalk(True))
    theatre.receive(events.PushToTalk(False))
    theatre.run(until=lambda: "sarah nudge" in theatre.acts())
    assert "sarah didnt_catch" not in theatre.acts()
    assert theatre.conversation.brief["name"].status is AnswerStatus.PENDING


def test_a_key_over_a_voice_without_a_word_lets_it_speak_again() -> None:
    theatre = Theatre()
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet"])
    theatre.later(1.0, events.PushToTalk(True))
    theatre.later(1.5, events.PushToTalk(False))
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "marcus greet"]


def test_speech_whose_end_is_lost_does_not_stop_the_session() -> None:
    theatre = listening()
    theatre.receive(events.PushToTalk(True))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.now < 150


@pytest.mark.parametrize(
    ("stage", "act", "then"),
    [
        (Stage.WORKING, "alex start_build", "alex show_site"),
        (Stage.WORKING, "sophie start_post", "sophie present_post"),
        (Stage.APPROVING, "sophie present_post", "sophie remind_approval"),
    ],
)
@pytest.mark.parametrize("more", ["and one thing more", ""])
def test_a_second_remark_before_the_reply_loses_no_work(stage: Stage, act: str, then: str, more: str) -> None:
    theatre = beside(stage, act)
    theatre.say("that looks nice", delay_s=0.1, length_s=1.0)
    theatre.say(more, delay_s=1.22, length_s=1.0)
    theatre.run(until=lambda: then in theatre.acts(), limit_s=theatre.now + 90)
    assert then in theatre.acts()


@pytest.mark.parametrize("act", ["start_build", "start_post", "start_research"])
def test_a_voice_that_fails_before_it_is_heard_keeps_its_work(act: str) -> None:
    theatre = Theatre()
    theatre.final_failures = {act}
    theatre.play()
    told = {"start_build": "alex show_site", "start_post": "sophie present_post"}
    assert told.get(act, "maya report_research") in theatre.acts()
    assert theatre.conversation.end_state == "completed"
    assert theatre.conversation.summary["post"]["outcome"]["status"] == "draft"  # type: ignore[index]


def test_a_voice_that_never_sounds_is_tried_again_and_then_passed_over() -> None:
    theatre = Theatre()
    theatre.stalled = {"start_research"}
    theatre.play()
    assert theatre.conversation.end_state == "completed"
    assert theatre.told(notices.ResearchReady)
    assert len(theatre.told(notices.Error)) == 1


def test_a_redraft_keeps_what_the_human_has_written() -> None:
    theatre = Theatre()
    theatre.start().run(until=lambda: bool(theatre.told(notices.PostDrafted)))
    theatre.receive(events.AnswerCorrected("name", "Golden Krust"))
    theatre.receive(events.PostEdited("My own words"))
    theatre.run()
    published = theatre.told(notices.ApprovalRequested)[-1]
    assert isinstance(published, notices.ApprovalRequested)
    assert published.payload["text"] == "My own words"


def test_a_post_stays_as_it_was_decided_on() -> None:
    theatre = Theatre()
    theatre.start().run(until=lambda: bool(theatre.told(notices.ApprovalResolved)))
    theatre.receive(events.PostEdited("never approved"))
    theatre.run()
    assert theatre.conversation.summary["post"]["text"] == "Fresh bread"  # type: ignore[index]


def test_a_job_that_is_started_again_ends_on_the_page() -> None:
    theatre = Theatre()
    theatre.job_s = 8.0
    theatre.start().run(until=lambda: theatre.conversation.desk.running("website") is not None)
    first = theatre.conversation.desk.running("website")
    assert first is not None
    theatre.receive(events.AnswerCorrected("name", "Golden Krust"))
    ended = [n for n in theatre.told(notices.JobFailure) if isinstance(n, notices.JobFailure)]
    assert [(n.job, n.code) for n in ended] == [(first.job, "cancelled")]
    assert theatre.conversation.desk.jobs[first.job].state is JobState.CANCELLED


def test_progress_never_goes_back() -> None:
    """Another builder may begin anew where the first one has given up."""
    theatre = Theatre(given=ANSWERS)
    theatre.start().run(until=lambda: theatre.conversation.desk.running("research") is not None)
    job = theatre.conversation.desk.running("research")
    assert job is not None
    for percent in (10, 65, 30, 80):
        theatre.receive(events.JobProgressed(job.job, percent, "at work"))
    told = [n.percent for n in theatre.told(notices.JobProgress) if isinstance(n, notices.JobProgress)]
    assert told == [10, 65, 65, 80]


def test_a_tap_on_an_expired_request_publishes_nothing() -> None:
    theatre = beside(Stage.APPROVING, "sophie present_post")
    approval = theatre.conversation.desk.open_approval
    assert approval is not None
    theatre.receive(events.ListenerLost())
    theatre.now = approval.expires_at + 60
    theatre.receive(events.ApprovalDecided(approval.approval, events.Decision.APPROVE))
    assert "publish" not in [
        c.kind for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)
    ]


@pytest.mark.parametrize("text", ["I don’t know.", "no idea", "Skip it"])
def test_words_that_decline_are_kept_but_are_no_answer(text: str) -> None:
    theatre = listening()
    theatre.receive(events.HumanSaid(text, typed=True))
    answer = theatre.conversation.brief["name"]
    assert (answer.text, answer.status) == ("", AnswerStatus.UNANSWERED)
    assert theatre.conversation.transcript[-1].text == text
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert "sarah nudge" not in theatre.acts()


def test_a_question_that_the_human_has_answered_by_hand_is_not_asked() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet", "sarah ask"])
    theatre.receive(events.AnswerCorrected("offer", "bread"))
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("Golden Crust")
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    asked = [n.question for n in theatre.told(notices.QuestionAsked) if isinstance(n, notices.QuestionAsked)]
    assert asked == ["name", "audience"]


@pytest.mark.parametrize("length_s", [1.0, 6.0])
def test_a_result_that_comes_while_the_human_speaks_is_told_after_the_reply(length_s: float) -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.job_s = 8.0
    theatre.start().run(until=in_stage(theatre, Stage.WORKING))
    theatre.say("that is a nice thing to look at", delay_s=2.5, length_s=length_s)
    ended = theatre.now + 2.5 + length_s
    before = len(theatre.acts())
    theatre.run(until=lambda: len(theatre.acts()) == before + 2)
    assert theatre.acts()[before:] == ["maya reply", "maya report_research"]
    told = [(at, c.notice) for at, c in theatre.log if isinstance(c, events.Tell)]
    starts = [at for at, notice in told if isinstance(notice, notices.TurnStarted)]
    assert starts[before] >= ended


def test_a_tap_while_the_human_speaks_is_followed_up_after_the_words() -> None:
    theatre = beside(Stage.APPROVING, "sophie present_post")
    theatre.say("well that looks fine to me", delay_s=0.5, length_s=4.0)
    approval = theatre.conversation.desk.open_approval
    assert approval is not None
    theatre.later(1.5, events.ApprovalDecided(approval.approval, events.Decision.REJECT))
    ended, before = theatre.now + 4.5, len(theatre.acts())
    theatre.run(until=lambda: len(theatre.acts()) > before)
    assert theatre.now >= ended
    theatre.run()
    assert theatre.conversation.end_state == "completed"
