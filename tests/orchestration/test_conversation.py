"""The rules of turn, phase and work, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from theatre import ANSWERS, Theatre, approve_only, in_stage, silent

from orchestration import events, notices
from orchestration.approval import ApprovalState
from orchestration.brief import AnswerSource, AnswerStatus
from orchestration.turn import Stage
from orchestration.workflow import MOENTREPRISE, Phase, Step, Workflow

PHASES = ["greeting", "interview", "ideation_prep", "ideation", "showcase", "marketing", "closing"]


def test_a_whole_session_runs_through_seven_phases_with_five_voices() -> None:
    theatre = Theatre().play()
    assert theatre.phases() == PHASES
    assert theatre.conversation.end_state == "completed"
    assert {act.split()[0] for act in theatre.acts()} == {"marcus", "sarah", "maya", "alex", "sophie"}
    assert theatre.acts().count("sarah ask") == 6
    assert theatre.acts()[-1] == "marcus close"


def test_six_answers_are_kept_word_for_word_and_reach_every_job() -> None:
    theatre = Theatre().play()
    assert tuple(theatre.conversation.brief.texts().values()) == ANSWERS
    for command in theatre.commands(events.StartJob):
        assert isinstance(command, events.StartJob)
        if command.kind != "publish":
            assert command.payload["brief"] == theatre.conversation.brief.texts()


def test_each_answer_is_acknowledged_in_the_next_turn() -> None:
    theatre = Theatre().play()
    asks = [c for c in theatre.commands(events.Speak) if isinstance(c, events.Speak) and c.act == "ask"]
    acknowledged = [ask.context["answer"] for ask in asks]
    assert acknowledged[0] == {}
    assert [fact["text"] for fact in acknowledged[1:] if isinstance(fact, dict)] == list(ANSWERS[:5])


def test_the_next_turn_is_generated_while_the_present_one_is_heard() -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: "sarah ask" in theatre.acts())
    greeting_ended = next(
        t for t, c in theatre.log if isinstance(c, events.Tell) and isinstance(c.notice, notices.TurnEnded)
    )
    asked_for = next(t for t, c in theatre.log if isinstance(c, events.Speak) and c.act == "ask")
    assert asked_for < greeting_ended - 4


def test_given_answers_skip_the_interview_and_are_marked_as_given() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = approve_only
    theatre.play()
    assert theatre.conversation.end_state == "completed"
    assert "sarah ask" not in theatre.acts()
    assert all(answer.source is AnswerSource.GIVEN for answer in theatre.conversation.brief.answers)
    spoken = [c for c in theatre.commands(events.Speak) if isinstance(c, events.Speak)]
    for act in ("greet", "wrap_up"):  # who greets says that there is no interview
        brief = next(c.context["brief"] for c in spoken if c.act == act)
        assert isinstance(brief, dict)
        assert brief["given"] is True


def test_silence_brings_one_nudge_then_the_question_stays_unanswered() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.acts() == ["marcus greet", "sarah ask", "sarah nudge", "sarah ask"]
    assert theatre.conversation.brief["name"].status is AnswerStatus.UNANSWERED
    assert theatre.conversation.brief.text("name") == ""


def test_words_that_were_not_understood_are_asked_for_again_once() -> None:
    theatre = Theatre()
    theatre.answers = ["", "", "cakes"]
    theatre.start().run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.acts()[1:4] == ["sarah ask", "sarah didnt_catch", "sarah ask"]
    assert theatre.conversation.brief["name"].status is AnswerStatus.UNANSWERED


def test_speech_over_a_persona_cuts_it_and_memory_keeps_what_was_heard() -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: theatre.acts() == ["marcus greet"])
    theatre.say("wait a moment please", delay_s=2.0)
    theatre.run(until=lambda: "marcus reply" in theatre.acts())
    ended = theatre.told(notices.TurnEnded)[0]
    assert isinstance(ended, notices.TurnEnded)
    assert ended.interrupted
    assert ended.heard_ms == 1950 + 505  # the sound was noticed, and half a second later it still went on
    truncate = theatre.commands(events.Truncate)[0]
    assert isinstance(truncate, events.Truncate)
    assert truncate.heard_text == ended.text
    assert len(ended.text) < len(theatre.text("turn1"))
    assert any(c == events.Share("marcus", ended.text) for c in theatre.commands(events.Share))


def test_an_interruption_discards_what_nobody_heard_and_says_it_later() -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: theatre.acts() == ["marcus greet"])
    theatre.say("hello there everybody", delay_s=2.0)
    theatre.run()
    assert theatre.conversation.end_state == "completed"
    assert theatre.acts().count("sarah ask") == 6
    assert theatre.commands(events.Discard)


@pytest.mark.parametrize("sound", ["mhm", "", "okay"])
def test_an_interruption_that_means_nothing_lets_the_turn_be_said_again(sound: str) -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: theatre.acts() == ["marcus greet"])
    theatre.say(sound, delay_s=1.0)
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "marcus greet"]


def test_an_answer_over_the_end_of_the_question_counts() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet", "sarah ask"])
    theatre.say("Golden Crust", delay_s=4.0)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"


def test_words_over_the_start_of_the_next_question_go_on_with_the_answer() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("Golden", delay_s=0.5)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    theatre.say("Crust Bakery", delay_s=0.5)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 3)
    assert theatre.conversation.brief.text("name") == "Golden Crust Bakery"
    assert theatre.conversation.brief["offer"].status is AnswerStatus.PENDING


def test_words_before_the_next_voice_sounds_go_on_with_the_answer() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("Golden", delay_s=0.5, length_s=1.0)
    theatre.say("Crust", delay_s=1.65, length_s=1.0)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"


def test_typed_words_are_equal_to_spoken_ones() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    theatre.receive(events.HumanSaid("Golden Crust", typed=True))
    answer = theatre.conversation.brief["name"]
    assert (answer.text, answer.source) == ("Golden Crust", AnswerSource.TYPED)


def test_typed_words_over_a_voice_cut_it() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: theatre.acts() == ["marcus greet", "sarah ask"])
    theatre.later(4.5, events.HumanSaid("ok", typed=True))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "ok"


def test_a_correction_changes_the_brief_and_remakes_what_was_made_from_it() -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: "alex show_site" in theatre.acts())
    theatre.receive(events.AnswerCorrected("name", "Golden Krust & Co"))
    theatre.run()
    jobs = [c for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)]
    assert [job.kind for job in jobs] == ["research", "website", "research", "website", "post", "publish"]
    assert all(job.payload["brief"]["name"] == "Golden Krust & Co" for job in jobs[2:5])  # type: ignore[index]
    assert theatre.conversation.brief.text("name") == "Golden Krust & Co"
    assert theatre.conversation.end_state == "completed"


def test_a_correction_of_the_open_question_answers_it() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    theatre.receive(events.AnswerCorrected("name", "Golden Crust"))
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert "sarah nudge" not in theatre.acts()


def test_a_failed_job_is_told_as_a_failure_and_the_session_goes_on() -> None:
    theatre = Theatre()
    theatre.failing_jobs = {"website"}
    theatre.play()
    assert "alex report_failure" in theatre.acts()
    assert "alex show_site" not in theatre.acts()
    assert theatre.conversation.end_state == "completed"
    assert theatre.conversation.summary["site"] == {
        "status": "failed",
        "code": "crashed",
        "reason": "the worker crashed",
    }


def test_without_a_post_there_is_nothing_to_approve() -> None:
    theatre = Theatre()
    theatre.failing_jobs = {"post"}
    theatre.play()
    assert "sophie post_failed" in theatre.acts()
    assert not theatre.told(notices.ApprovalRequested)
    assert theatre.conversation.end_state == "completed"


def test_a_voice_that_fails_twice_is_told_and_the_others_go_on() -> None:
    theatre = Theatre()
    theatre.failing_voices = {"maya"}
    theatre.play()
    assert theatre.told(notices.Error)
    assert theatre.conversation.end_state == "completed"
    assert theatre.told(notices.ResearchReady)


def test_a_model_that_forgets_its_tools_still_gets_the_work_done() -> None:
    theatre = Theatre()
    theatre.forgetful = True
    theatre.play()
    kinds = [c.kind for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)]
    assert kinds == ["research", "website", "post", "publish"]


def test_every_result_goes_back_to_the_model_that_called() -> None:
    theatre = Theatre().play()
    answered = [
        (c.speaker, c.call) for c in theatre.commands(events.AnswerTool) if isinstance(c, events.AnswerTool)
    ]
    for tool in [
        ("maya", "call-research_market"),
        ("alex", "call-build_website"),
        ("sophie", "call-publish_post"),
    ]:
        assert answered.count(tool) == 1


def test_a_long_job_is_explained_before_six_seconds_of_silence() -> None:
    theatre = Theatre()
    theatre.job_s = 25.0
    theatre.play()
    assert "alex still_working" in theatre.acts()
    ends = [e.at_ms for e in theatre.conversation.transcript]
    gaps = [
        b.at_ms - a.end_ms
        for a, b in zip(theatre.conversation.transcript, theatre.conversation.transcript[1:], strict=False)
    ]
    assert ends
    assert max(gaps) < 8100  # the eight seconds that the human takes to approve are his own


def test_nothing_is_published_without_a_tap_on_exactly_this_payload() -> None:
    theatre = Theatre()
    theatre.start().run(until=lambda: bool(theatre.told(notices.ApprovalRequested)))
    first = theatre.conversation.desk.open_approval
    assert first is not None
    theatre.receive(events.PostEdited("Better words"))
    second = theatre.conversation.desk.open_approval
    assert second is not None
    assert second.hash != first.hash
    assert theatre.conversation.desk.approvals[first.approval].state is ApprovalState.SUPERSEDED
    theatre.run()
    published = [
        c for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob) and c.kind == "publish"
    ]
    assert [job.payload["text"] for job in published] == ["Better words"]
    assert [job.payload["hash"] for job in published] == [second.hash]


def test_speech_can_reject_but_never_approve() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    theatre.say("yes please publish it now")
    theatre.run(until=lambda: "sophie only_a_tap" in theatre.acts())
    assert theatre.conversation.desk.open_approval is not None
    theatre.run(until=in_stage(theatre, Stage.APPROVING))
    theatre.say("no do not publish it")
    theatre.run()
    assert "publish" not in [
        c.kind for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob)
    ]
    assert theatre.conversation.summary["post"]["outcome"]["status"] == "rejected"  # type: ignore[index]


def test_an_undecided_post_is_recalled_twice_and_expires() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.play()
    assert theatre.acts().count("sophie remind_approval") == 2
    assert theatre.conversation.end_state == "completed"
    assert theatre.now > 15 * 60
    assert theatre.told(notices.PostPublished) == [
        notices.PostPublished("expired", "", "nobody approved it in time")
    ]


def test_the_manager_may_choose_only_among_the_speakers_that_the_step_allows() -> None:
    theatre = Theatre()
    theatre.chooses = {"greet": "sophie"}
    theatre.play()
    refused = [
        c.output
        for c in theatre.commands(events.AnswerTool)
        if isinstance(c, events.AnswerTool) and c.call == "call-next"
    ]
    assert refused[0] == {"status": "refused", "speaker": "sophie"}
    assert theatre.phases() == PHASES


def test_another_workflow_is_another_table_and_the_choice_orders_it() -> None:
    opening = Step("marcus", "hand_over", chooses=("alex", "maya"), context=("next",))
    ideas = (Step("maya", "wrap_up"), Step("alex", "wrap_up"))
    workflow = Workflow(
        MOENTREPRISE.questions, (Phase("open", "Open", (opening,)), Phase("ideas", "Ideas", ideas))
    )
    theatre = Theatre(workflow)
    theatre.chooses = {"hand_over": "alex"}
    theatre.play()
    assert theatre.acts() == ["marcus hand_over", "alex wrap_up", "maya wrap_up"]
    assert theatre.conversation.end_state == "completed"


def test_a_lost_listener_stops_the_clocks_and_hears_the_cut_turn_again() -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: theatre.acts() == ["marcus greet"])
    theatre.later(1.0, events.ListenerLost())
    theatre.later(300.0, events.ListenerArrived())
    theatre.run(until=lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "marcus greet"]
    states = [n.state for n in theatre.told(notices.SessionState) if isinstance(n, notices.SessionState)]
    assert states == ["live", "waiting", "live"]
    theatre.run()
    assert theatre.conversation.end_state == "completed"


def test_a_listener_lost_while_the_team_listens_is_asked_again_on_return() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    lost = theatre.now + 1.0
    theatre.later(1.0, events.ListenerLost())
    theatre.later(201.0, events.ListenerArrived())
    theatre.run(until=lambda: "sarah nudge" in theatre.acts())
    assert theatre.now < lost + 202
    assert theatre.conversation.brief["name"].status is AnswerStatus.PENDING


@pytest.mark.parametrize("stage", [Stage.TALKING, Stage.LISTENING, Stage.WORKING, Stage.APPROVING])
def test_a_stop_ends_the_session_in_every_stage(stage: Stage) -> None:
    theatre = Theatre()
    theatre.job_s = 20.0
    theatre.start().run(until=in_stage(theatre, stage))
    theatre.receive(events.StopRequested())
    assert theatre.conversation.end_state == "stopped"
    before = len(theatre.log)
    theatre.run()
    assert len(theatre.log) == before


def test_a_sound_ducks_and_comes_back_up_when_it_was_nothing() -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: theatre.acts() == ["marcus greet"])
    theatre.receive(events.SoundHeard())
    assert isinstance(theatre.log[-1][1], events.Duck)
    theatre.run(until=lambda: bool(theatre.commands(events.Restore)), limit_s=4)
    assert theatre.commands(events.Restore)
    assert not theatre.commands(events.Cut)


def test_push_to_talk_cuts_at_once_and_commits_on_release() -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: theatre.acts() == ["marcus greet"])
    theatre.receive(events.PushToTalk(True))
    assert theatre.commands(events.Cut)
    theatre.receive(events.SpeechStarted("i"))
    theatre.receive(events.PushToTalk(False))
    assert theatre.commands(events.CommitSpeech)


def test_a_turn_without_step_does_not_hide_the_question() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: "sarah nudge" in theatre.acts())
    theatre.say("Golden Crust", delay_s=1.0)
    theatre.run(until=lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"


def test_answers_are_immutable_and_unknown_keys_are_refused() -> None:
    brief = Theatre().conversation.brief
    assert replace(brief) == brief
    with pytest.raises(KeyError):
        brief.with_answer("colour", "red", AnswerSource.TYPED)
