"""The clocks of a human who may answer: how long a silence is, and when it counts."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre, approve_only, in_stage, silent

from orchestration import events, notices
from orchestration.brief import AnswerStatus
from orchestration.turn import Stage

NUDGE_S, UNANSWERED_S = 10.0, 25.0
UNTIL_HEARD_S = 0.6
"""From the decision to the first sound: generation and the pause before it."""
ANSWER_MS, DECISION_MS = 1600, 500


def asked() -> Theatre:
    """The first question is asked, and nobody says anything."""
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    return theatre


def wait(theatre: Theatre, seconds: float) -> None:
    until = theatre.now + seconds
    theatre.at(seconds, lambda: None)
    theatre.run(lambda: theatre.now >= until)


def test_after_ten_seconds_of_silence_the_human_is_nudged() -> None:
    theatre = asked()
    since = theatre.now
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah nudge")
    assert NUDGE_S <= theatre.now - since <= NUDGE_S + UNTIL_HEARD_S


def test_after_twenty_five_seconds_of_silence_the_question_is_unanswered() -> None:
    """The nudge's own voice is no silence."""
    theatre = asked()
    since = theatre.now
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah nudge")
    nudged_s = theatre.now - since
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    again = theatre.now
    theatre.run(until=lambda: theatre.conversation.brief.answers[0].status is AnswerStatus.UNANSWERED)
    assert nudged_s + theatre.now - again == pytest.approx(UNANSWERED_S, abs=UNTIL_HEARD_S)


def test_what_passes_while_nobody_can_hear_is_no_silence() -> None:
    """On its return the open question is asked again at once: that is no nudge that was due."""
    theatre = asked()
    wait(theatre, 6.0)
    theatre.receive(events.ListenerLost())
    wait(theatre, 120.0)
    assert theatre.acts()[-1] == "sarah ask"
    assert theatre.conversation.brief.answers[0].status is AnswerStatus.PENDING
    theatre.receive(events.ListenerArrived())
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    wait(theatre, 14.0)
    assert theatre.conversation.brief.answers[0].status is AnswerStatus.PENDING


def test_an_answer_may_be_thought_about_and_a_decision_is_taken_at_once() -> None:
    theatre = Theatre()
    theatre.start().run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.conversation.phase == "interview"
    assert theatre.conversation.patience_ms >= ANSWER_MS
    theatre.human = approve_only
    theatre.run(until=in_stage(theatre, Stage.APPROVING))
    assert theatre.conversation.patience_ms <= DECISION_MS
    told = [c.silence_ms for c in theatre.commands(events.SetPatience) if isinstance(c, events.SetPatience)]
    assert told[-1] == theatre.conversation.patience_ms


def test_a_talk_key_that_was_down_when_the_page_was_lost_is_up_again() -> None:
    """Its release never comes: whoever then speaks without it is understood."""
    theatre = asked()
    theatre.receive(events.PushToTalk(True))
    wait(theatre, 1.0)
    theatre.receive(events.ListenerLost())
    wait(theatre, 5.0)
    theatre.receive(events.ListenerArrived())
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    theatre.say("Golden Crust")
    wait(theatre, 5.0)
    heard = [n.text for n in theatre.told(notices.HumanHeard) if isinstance(n, notices.HumanHeard)]
    assert heard == ["Golden Crust"]


def types(theatre: Theatre, seconds: float, every_s: float = 2.0) -> None:
    """What the page says while somebody writes."""
    until = theatre.now + seconds
    while theatre.now < until:
        theatre.receive(events.HumanTyping(True))
        wait(theatre, every_s)


def test_who_types_is_not_nudged_and_the_question_stays_open() -> None:
    theatre = asked()
    types(theatre, 60.0)
    assert theatre.acts()[-1] == "sarah ask"
    assert theatre.conversation.brief.answers[0].status is AnswerStatus.PENDING


def test_after_the_last_key_the_clocks_of_silence_start_anew() -> None:
    theatre = asked()
    types(theatre, 20.0)
    since = theatre.now
    theatre.receive(events.HumanTyping(False))
    theatre.run(until=lambda: theatre.acts()[-1] == "sarah nudge")
    assert NUDGE_S <= theatre.now - since <= NUDGE_S + UNTIL_HEARD_S
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    types(theatre, 40.0)
    assert theatre.conversation.brief.answers[0].status is AnswerStatus.PENDING
    since = theatre.now
    theatre.run(until=lambda: theatre.conversation.brief.answers[0].status is AnswerStatus.UNANSWERED)
    assert theatre.now - since > NUDGE_S


def test_typing_never_shortens_a_moment_that_was_asked_for() -> None:
    theatre = asked()
    theatre.say("wait a moment")
    theatre.run(until=lambda: bool(theatre.told(notices.HumanHeard)))
    theatre.receive(events.HumanTyping(True))
    wait(theatre, 20.0)
    assert theatre.acts()[-1] == "sarah ask"


def test_the_sound_of_the_keys_is_no_answer_that_was_not_understood() -> None:
    theatre = asked()
    for _ in range(3):
        theatre.receive(events.HumanTyping(True))
        theatre.say("")
        wait(theatre, 5.0)
    assert theatre.acts()[-1] == "sarah ask"
    assert theatre.conversation.brief.answers[0].status is AnswerStatus.PENDING


def test_who_corrects_another_answer_is_not_asked_for_this_one_at_once() -> None:
    theatre = asked()
    wait(theatre, 9.0)
    theatre.receive(events.AnswerCorrected("offer", "Bread"))
    wait(theatre, 5.0)
    assert theatre.acts()[-1] == "sarah ask"


def test_who_edits_the_post_is_not_reminded_of_it_meanwhile() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    said = theatre.acts()
    types(theatre, 60.0)
    assert theatre.acts() == said
    theatre.run(until=lambda: theatre.acts() != said)
    assert theatre.acts()[-1] == "sophie remind_approval"


def test_typing_while_nobody_can_hear_moves_no_clock() -> None:
    theatre = asked()
    theatre.receive(events.ListenerLost())
    wait(theatre, 30.0)
    theatre.receive(events.HumanTyping(True))
    theatre.receive(events.ListenerArrived())
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert theatre.acts()[-1] == "sarah nudge"
    since = theatre.now
    theatre.run(until=lambda: theatre.conversation.brief.answers[0].status is AnswerStatus.UNANSWERED)
    assert theatre.now - since == pytest.approx(UNANSWERED_S - NUDGE_S, abs=UNTIL_HEARD_S)
