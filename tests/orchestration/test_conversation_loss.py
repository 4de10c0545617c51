"""A voice that is lost, or stopped, in the middle of a sentence."""

from __future__ import annotations

import pytest
from theatre import ANSWERS, Theatre

from orchestration import events, notices


def heard_in_part(theatre: Theatre, act: str, seconds: float = 2.0) -> str:
    """Play until a turn of this act has been heard for a while; returns the turn."""
    theatre.start().run(lambda: f" {act}" in "".join(theatre.acts()[-1:]))
    until = theatre.now + seconds
    theatre.at(seconds, lambda: None)
    theatre.run(lambda: theatre.now >= until)
    assert theatre.heard is not None
    return theatre.heard.turn


def ended(theatre: Theatre) -> list[tuple[str, bool]]:
    told = theatre.told(notices.TurnEnded)
    return [(n.turn, n.interrupted) for n in told if isinstance(n, notices.TurnEnded)]


@pytest.mark.parametrize("act", ["greet", "ask", "start_build"])
def test_a_turn_that_breaks_off_counts_for_what_was_heard_and_is_said_again(act: str) -> None:
    theatre = Theatre()
    turn = heard_in_part(theatre, act)
    theatre.receive(events.ResponseFailed(turn, "connection_lost", retryable=True))
    theatre.run()
    assert (turn, True) in ended(theatre)
    acts = theatre.acts()
    first = next(n for n, told in enumerate(acts) if told.endswith(act))
    assert acts[first] == acts[first + 1]
    assert [notice.state for notice in told_states(theatre)][-1] == "completed"
    assert not theatre.told(notices.Error)


def told_states(theatre: Theatre) -> list[notices.SessionState]:
    return [n for n in theatre.told(notices.SessionState) if isinstance(n, notices.SessionState)]


def test_every_turn_that_began_has_an_end_when_the_voice_stays_lost() -> None:
    theatre = Theatre()
    for _ in range(2):
        turn = heard_in_part(theatre, "greet") if theatre.heard is None else theatre.heard.turn
        theatre.receive(events.ResponseFailed(turn, "connection_lost", retryable=True))
        theatre.run(lambda: theatre.heard is not None)
    started = [n.turn for n in theatre.told(notices.TurnStarted) if isinstance(n, notices.TurnStarted)]
    theatre.run()
    assert {turn for turn, _ in ended(theatre)} >= set(started)
    assert len(theatre.told(notices.Error)) == 1


def test_a_human_who_speaks_while_the_voice_breaks_off_has_the_floor() -> None:
    theatre = Theatre()
    turn = heard_in_part(theatre, "greet")
    theatre.receive(events.ResponseFailed(turn, "connection_lost", retryable=True))
    theatre.receive(events.SpeechStarted("item"))
    theatre.later(1.0, events.SpeechStopped("item"))
    theatre.later(1.1, events.HumanSaid("wait a moment please", item="item"))
    theatre.run(lambda: len(theatre.acts()) == 2)
    assert theatre.acts() == ["marcus greet", "marcus reply"]


def test_a_listener_who_is_lost_as_well_hears_the_turn_again_on_return() -> None:
    theatre = Theatre()
    turn = heard_in_part(theatre, "greet")
    theatre.receive(events.ResponseFailed(turn, "connection_lost", retryable=True))
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
    codes = [notice.code for notice in theatre.told(notices.Error) if isinstance(notice, notices.Error)]
    assert codes[-1] == "voices_lost"
    assert set(codes[:-1]) == {"voice_failed"}
    assert not theatre.told(notices.SessionCompleted)


def test_two_voices_that_fail_do_not_end_the_session() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.failing_voices = {"maya", "alex"}
    theatre.play()
    assert theatre.conversation.end_state == "completed"


def test_what_was_heard_of_the_last_sentence_is_kept_when_the_session_is_stopped() -> None:
    theatre = Theatre()
    turn = heard_in_part(theatre, "greet")
    theatre.receive(events.StopRequested())
    theatre.run()
    assert theatre.conversation.end_state == "stopped"
    assert ended(theatre) == [(turn, True)]
    last = theatre.conversation.transcript[-1]
    assert last.interrupted
    assert theatre.text(turn).startswith(last.text)
    assert told_states(theatre)[-1] == notices.SessionState("stopped", "human")
