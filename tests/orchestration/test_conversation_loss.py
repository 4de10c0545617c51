"""A voice that is lost, or stopped, in the middle of a sentence."""

from __future__ import annotations

from itertools import pairwise

import pytest
from theatre import ANSWERS, Theatre, approve_only

from orchestration import events, notices
from orchestration.rules.resume import LOSSES_MAX


def broken(theatre: Theatre, act: str, seconds: float = 2.0) -> str:
    """Play until a turn of this act has been heard for a while, and its voice is lost; returns the turn."""
    theatre.endless = {act}
    theatre.start().run(lambda: f" {act}" in "".join(theatre.acts()[-1:]))
    wait(theatre, seconds)
    assert theatre.heard is not None
    theatre.receive(events.ResponseFailed(theatre.heard.turn, "connection_lost", retryable=True))
    return theatre.heard.turn


def wait(theatre: Theatre, seconds: float) -> None:
    until = theatre.now + seconds
    theatre.at(seconds, lambda: None)
    theatre.run(lambda: theatre.now >= until)


def ended(theatre: Theatre) -> list[tuple[str, bool]]:
    told = theatre.told(notices.TurnEnded)
    return [(n.turn, n.interrupted) for n in told if isinstance(n, notices.TurnEnded)]


def heard(theatre: Theatre) -> list[tuple[str, str]]:
    """Who said what, in the parts in which it was heard."""
    return [(entry.speaker, entry.text) for entry in theatre.conversation.transcript]


def whole(speaker: str, act: str) -> str:
    return f"{speaker} says {act} in ten words or maybe a few more"


def told_states(theatre: Theatre) -> list[notices.SessionState]:
    return [n for n in theatre.told(notices.SessionState) if isinstance(n, notices.SessionState)]


def codes(theatre: Theatre) -> list[str]:
    return [notice.code for notice in theatre.told(notices.Error) if isinstance(notice, notices.Error)]


@pytest.mark.parametrize("act", ["greet", "ask", "start_build"])
def test_a_turn_that_breaks_off_goes_on_after_its_last_word(act: str) -> None:
    theatre = Theatre()
    turn = broken(theatre, act)
    theatre.endless.clear()
    theatre.run()
    parts = heard(theatre)
    first = next(n for n, (_, text) in enumerate(parts) if f" {act} " in text)
    speaker = parts[first][0]
    assert parts[first + 1][0] == speaker
    assert " ".join(text for _, text in parts[first : first + 2]) == whole(speaker, act)
    assert (turn, False) in ended(theatre)
    assert told_states(theatre)[-1].state == "completed"
    assert not codes(theatre)


def test_a_turn_that_breaks_off_twice_is_said_once() -> None:
    theatre = Theatre()
    broken(theatre, "greet", 1.0)
    theatre.run(lambda: theatre.acts() == ["marcus greet"] * 2)
    wait(theatre, 1.0)
    assert theatre.heard is not None
    theatre.receive(events.ResponseFailed(theatre.heard.turn, "connection_lost", retryable=True))
    theatre.endless.clear()
    theatre.run(lambda: len(theatre.acts()) == 4)
    assert theatre.acts() == ["marcus greet"] * 3 + ["sarah ask"]
    assert " ".join(text for _, text in heard(theatre)) == whole("marcus", "greet")


def test_the_work_of_a_turn_that_breaks_off_is_started_once_and_its_question_is_told_once() -> None:
    theatre = Theatre()
    broken(theatre, "start_build")
    theatre.endless.clear()
    theatre.run()
    jobs = [job for job in theatre.commands(events.StartJob) if isinstance(job, events.StartJob)]
    assert [job.kind for job in jobs] == ["research", "website", "post", "publish"]
    theatre = Theatre()
    broken(theatre, "ask")
    theatre.endless.clear()
    theatre.run()
    asked = theatre.told(notices.QuestionAsked)
    assert len(asked) == len(set(asked)) == 6


def test_a_turn_that_only_lacks_its_end_is_over_when_nothing_more_is_said() -> None:
    theatre = Theatre()
    broken(theatre, "greet", 4.45)
    (rest,) = [command for command in theatre.commands(events.Speak) if command.after]  # type: ignore[union-attr]
    assert isinstance(rest, events.Speak)
    theatre.endless.clear()
    theatre.closed.add(rest.turn)
    theatre.run(lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "sarah ask"]
    assert len(ended(theatre)) == 1


def test_a_rest_that_fails_at_once_is_asked_for_again_in_growing_pauses_and_then_passed_over() -> None:
    theatre = Theatre()
    broken(theatre, "greet")
    theatre.endless.clear()
    theatre.failing_voices = {"marcus"}
    theatre.run(lambda: "sarah ask" in theatre.acts())
    asked = [(at, c) for at, c in theatre.log if isinstance(c, events.Speak) and c.act == "greet"]
    assert len(asked) == 1 + 5
    assert {command.after for _, command in asked[1:]} == {asked[0][1].turn}
    pauses = [later[0] - earlier[0] for earlier, later in pairwise(asked[1:])]
    assert pauses == pytest.approx([0.1, 0.6, 1.1, 2.1])
    assert codes(theatre) == ["voice_failed"]
    assert theatre.acts() == ["marcus greet", "sarah ask"]


def test_a_rest_that_stays_away_is_passed_over_after_half_a_minute() -> None:
    theatre = Theatre()
    broken(theatre, "greet")
    theatre.stalled = {"greet"}
    since = theatre.now
    theatre.run(lambda: bool(codes(theatre)))
    assert 30.0 <= theatre.now - since <= 45.0
    theatre.run(lambda: "sarah ask" in theatre.acts())
    assert theatre.acts() == ["marcus greet", "sarah ask"]


def test_every_turn_that_began_has_an_end_when_the_voice_stays_lost() -> None:
    theatre = Theatre()
    broken(theatre, "greet", 0.2)
    for _ in range(11):
        began = len(theatre.acts())
        theatre.run(lambda began=began: len(theatre.acts()) > began)  # type: ignore[misc]
        wait(theatre, 0.2)
        assert theatre.heard is not None
        theatre.receive(events.ResponseFailed(theatre.heard.turn, "connection_lost", retryable=True))
    started = [n.turn for n in theatre.told(notices.TurnStarted) if isinstance(n, notices.TurnStarted)]
    theatre.run(lambda: "sarah ask" in theatre.acts())
    assert {turn for turn, _ in ended(theatre)} == set(started)
    assert codes(theatre) == ["voice_failed"]


def test_a_failure_that_is_final_silences_the_turn_and_the_next_one_follows() -> None:
    theatre = Theatre()
    theatre.endless = {"greet"}
    theatre.start().run(lambda: bool(theatre.acts()))
    wait(theatre, 2.0)
    assert theatre.heard is not None
    theatre.receive(events.ResponseFailed(theatre.heard.turn, "content_filter", retryable=False))
    theatre.run(lambda: "sarah ask" in theatre.acts())
    assert theatre.acts() == ["marcus greet", "sarah ask"]
    assert [interrupted for _, interrupted in ended(theatre)] == [True]
    assert codes(theatre) == ["voice_failed"]


@pytest.mark.parametrize("final", [True, False])
def test_of_a_turn_that_failed_for_good_its_voice_remembers_what_was_heard(final: bool) -> None:
    theatre = Theatre()
    theatre.endless = {"greet"}
    theatre.start().run(lambda: bool(theatre.acts()))
    wait(theatre, 2.0)
    assert theatre.heard is not None
    turn = theatre.conversation.current
    assert turn is not None
    turn.losses = LOSSES_MAX  # so often that it is not asked for again
    code = "content_filter" if final else "connection_lost"
    theatre.receive(events.ResponseFailed(turn.turn, code, retryable=not final))
    theatre.run(lambda: "sarah ask" in theatre.acts())
    assert codes(theatre) == ["voice_failed"]
    assert events.Discard(turn.turn) not in theatre.commands(events.Discard)


def test_a_human_who_speaks_while_the_voice_breaks_off_has_the_floor() -> None:
    theatre = Theatre()
    broken(theatre, "greet")
    theatre.receive(events.PushToTalk(True))
    theatre.later(1.0, events.PushToTalk(False))
    theatre.later(1.1, events.HumanSaid("wait a moment please", item="item"))
    theatre.run(lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "marcus reply"]


def test_a_human_who_answers_before_the_rest_of_the_question_is_understood() -> None:
    theatre = Theatre()
    theatre.human = approve_only
    broken(theatre, "ask")
    theatre.endless.clear()
    theatre.stalled = {"ask"}
    wait(theatre, 1.0)
    assert theatre.heard is None
    theatre.stalled.clear()
    theatre.say("Golden Crust", delay_s=0.1)
    theatre.run(lambda: len(theatre.acts()) == 3)
    assert theatre.conversation.brief.text("name") == "Golden Crust"
    assert theatre.acts() == ["marcus greet", "sarah ask", "sarah ask"]


@pytest.mark.parametrize("question", [1, 2])
def test_who_answers_over_the_rest_of_a_question_has_answered_it(question: int) -> None:
    """Its beginning was heard, and counts: the rest alone is too short for an answer."""
    theatre = Theatre()
    theatre.start().run(lambda: theatre.acts().count("sarah ask") == question - 1)
    theatre.endless = {"ask"}
    theatre.run(lambda: theatre.acts().count("sarah ask") == question)
    wait(theatre, 4.0)
    assert theatre.heard is not None
    theatre.receive(events.ResponseFailed(theatre.heard.turn, "connection_lost"))
    theatre.endless.clear()
    theatre.run(lambda: theatre.acts().count("sarah ask") == question + 1)
    theatre.say("bread and cakes", delay_s=0.1)
    theatre.run(lambda: len(theatre.acts()) == question + 3)
    assert theatre.conversation.brief.text(theatre.conversation.workflow.questions[question - 1].key) == (
        "bread and cakes"
    )


def test_who_speaks_over_the_rest_when_little_of_the_question_was_heard_has_not_answered_it() -> None:
    theatre = Theatre()
    theatre.start().run(lambda: theatre.acts().count("sarah ask") == 1)
    theatre.endless = {"ask"}
    theatre.run(lambda: theatre.acts().count("sarah ask") == 2)
    wait(theatre, 0.5)
    assert theatre.heard is not None
    theatre.receive(events.ResponseFailed(theatre.heard.turn, "connection_lost"))
    theatre.endless.clear()
    theatre.run(lambda: theatre.acts().count("sarah ask") == 3)
    theatre.say("on the corner", delay_s=0.1)
    theatre.run(lambda: theatre.acts().count("sarah ask") == 4)
    assert theatre.conversation.brief.text("name") == f"{ANSWERS[0]} on the corner"
    assert theatre.conversation.brief.text("offer") == ""


def test_a_hum_before_the_rest_lets_it_go_on() -> None:
    theatre = Theatre()
    theatre.human = approve_only
    broken(theatre, "greet")
    theatre.endless.clear()
    theatre.stalled = {"greet"}
    wait(theatre, 1.0)
    theatre.stalled.clear()
    theatre.say("mhm", delay_s=0.1)
    theatre.run(lambda: "sarah ask" in theatre.acts())
    said = [text for speaker, text in heard(theatre) if speaker == "marcus"]
    assert " ".join(said) == whole("marcus", "greet")


def test_a_listener_who_is_lost_as_well_hears_the_turn_again_on_return() -> None:
    theatre = Theatre()
    broken(theatre, "greet")
    theatre.endless.clear()
    theatre.receive(events.ListenerLost(None))
    theatre.later(5.0, events.ListenerArrived())
    theatre.run(lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "marcus greet"]


def test_without_any_voice_the_session_ends_and_says_why() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.start().run(lambda: len(theatre.acts()) == 2)
    theatre.failing_voices = {"marcus", "sarah", "maya", "alex", "sophie"}
    theatre.run()
    assert theatre.conversation.end_state == "stopped"
    assert codes(theatre)[-1] == "voices_lost"
    assert set(codes(theatre)[:-1]) == {"voice_failed"}
    assert not theatre.told(notices.SessionCompleted)


def test_two_voices_that_fail_do_not_end_the_session() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.failing_voices = {"maya", "alex"}
    theatre.play()
    assert theatre.conversation.end_state == "completed"


def test_what_was_heard_of_the_last_sentence_is_kept_when_the_session_is_stopped() -> None:
    theatre = Theatre()
    theatre.start().run(lambda: bool(theatre.acts()))
    wait(theatre, 2.0)
    assert theatre.heard is not None
    turn = theatre.heard.turn
    theatre.receive(events.StopRequested())
    theatre.run()
    assert theatre.conversation.end_state == "stopped"
    assert ended(theatre) == [(turn, True)]
    last = theatre.conversation.transcript[-1]
    assert last.interrupted
    assert theatre.text(turn).startswith(last.text)
    assert told_states(theatre)[-1] == notices.SessionState("stopped", "human")
