"""Whatever a human does, and whenever: the session goes on, in order, to its end."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st
from theatre import Theatre

from orchestration import events, notices
from orchestration.brief import AnswerStatus
from orchestration.events import Event

KEYS = ("name", "offer", "audience", "difference", "pages", "style")


def speech(text: str) -> list[tuple[float, Event]]:
    return [
        (0.0, events.SoundHeard()),
        (0.1, events.SpeechStarted("i")),
        (1.5, events.SpeechStopped("i")),
        (1.6, events.HumanSaid(text, item="i")),
    ]


DEEDS = st.one_of(
    st.sampled_from(["", "mhm", "yes but wait", "no do not", "a long answer with many words"]).map(speech),
    st.sampled_from(
        [
            "could you repeat that",
            "go back",
            "go back to the name",
            "no the name is wrong it is Golden Krust",
            "how long does this take",
            "wait a moment",
            "skip it",
            "no",
            "the name is wrong",
            "that is not the name",
            "my business is called Greener Garden",
            "make it green",
            "I like it",
            "for for",
            "I approve",
        ]
    ).map(speech),
    st.sampled_from(["ok", "   ", "typed words", "could you repeat that", "go back"]).map(
        lambda text: [(0.0, events.HumanSaid(text, typed=True))]
    ),
    st.sampled_from(KEYS).map(lambda key: [(0.0, events.AnswerCorrected(key, "corrected"))]),
    st.floats(0.5, 60).map(lambda away: [(0.0, events.ListenerLost()), (away, events.ListenerArrived())]),
    st.just([(0.0, events.PostEdited("other words"))]),
    st.booleans().map(lambda typing: [(0.0, events.HumanTyping(typing))]),
    st.just(
        [(0.0, events.PushToTalk(True)), (2.0, events.PushToTalk(False)), (2.2, events.HumanSaid("pushed"))]
    ),
    st.just([(0.0, events.SpeechStarted("i")), (9.0, events.SpeechStopped("i"))]),
    st.just([(0.0, events.SoundHeard())]),
)


def perform(deeds: list[tuple[float, list[tuple[float, Event]]]], job_s: float) -> Theatre:
    theatre = Theatre()
    theatre.job_s = job_s
    for at_s, deed in deeds:
        for after_s, event in deed:
            theatre.later(at_s + after_s, event)
    return theatre.play()


@settings(max_examples=int(os.environ.get("WALKS", "100")), deadline=None)
@given(
    deeds=st.lists(st.tuples(st.floats(0.1, 150), DEEDS), max_size=12),
    job_s=st.sampled_from([0.05, 2.0, 12.0]),
)
def test_every_session_comes_to_its_end_in_order(
    deeds: list[tuple[float, list[tuple[float, Event]]]], job_s: float
) -> None:
    theatre = perform(deeds, job_s)
    assert theatre.conversation.end_state == "completed", theatre.acts()
    order = [phase.name for phase in theatre.conversation.workflow.phases]
    heard = [order.index(phase) for phase in theatre.phases()]
    assert heard == sorted(heard)
    assert all(a.status is not AnswerStatus.PENDING for a in theatre.conversation.brief.answers)
    assert len(theatre.told(notices.SessionCompleted)) == 1


@settings(max_examples=int(os.environ.get("WALKS", "100")), deadline=None)
@given(deeds=st.lists(st.tuples(st.floats(0.1, 150), DEEDS), max_size=12))
def test_no_turn_is_given_twice_or_after_it_was_discarded(
    deeds: list[tuple[float, list[tuple[float, Event]]]],
) -> None:
    theatre = perform(deeds, 2.0)
    gone: set[str] = set()
    given_turns: set[str] = set()
    for _, command in theatre.log:
        if isinstance(command, events.Discard):
            gone.add(command.turn)
        elif isinstance(command, events.Give):
            assert command.turn not in gone
            assert command.turn not in given_turns
            given_turns.add(command.turn)
    calls = [
        (c.speaker, c.call) for c in theatre.commands(events.AnswerTool) if isinstance(c, events.AnswerTool)
    ]
    publishes = [
        c for c in theatre.commands(events.StartJob) if isinstance(c, events.StartJob) and c.kind == "publish"
    ]
    assert len(publishes) <= 1
    assert all(speaker for speaker, _ in calls)
