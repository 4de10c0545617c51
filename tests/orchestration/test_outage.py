"""Voices that were lost and are back: whoever waited is told why, once; nothing of the session is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_director import begun, stand
from theatre import ANSWERS, Theatre, approve_only, in_stage, silent

from orchestration import events, notices
from orchestration.brief import AnswerStatus
from orchestration.personas import load
from orchestration.rules import outage
from orchestration.turn import Stage
from server.engine.brain import Brain, BrainRequest

TEAM = tuple(load())
TOLD_S = 1.0
"""After so long a Line says that it is lost (LineTimes.tell_s)."""


class Outage(Theatre):
    """Lines can be lost: what is asked of them waits there, as in the real ones, until they are back."""

    def __init__(self, given: tuple[str, ...] = ()) -> None:
        super().__init__(given=given)
        self.trickling = True
        self.away: set[str] = set()
        self.asked: list[events.Speak] = []

    def lose(self, *speakers: str, for_s: float) -> None:
        """From now on; what is being heard of them breaks off."""
        self.away |= set(speakers)
        for speaker in speakers:
            if for_s > TOLD_S:
                self.later(TOLD_S, events.VoiceLost(speaker))
            self.at(for_s, lambda speaker=speaker: self.restore(speaker, for_s > TOLD_S))  # type: ignore[misc]
        turn = self.conversation.turn(self.heard.turn) if self.heard is not None else None
        if turn is not None and turn.speaker in speakers and not (turn.generated or turn.broken):
            self.receive(events.ResponseFailed(turn.turn, "connection_lost"))

    def restore(self, speaker: str, told: bool) -> None:
        self.away.discard(speaker)
        if told:
            self.receive(events.VoiceRestored(speaker))
        waiting = [speak for speak in self.asked if speak.speaker == speaker]
        self.asked = [speak for speak in self.asked if speak.speaker != speaker]
        for speak in waiting:
            self._generated(speak)

    def _generated(self, speak: events.Speak) -> None:
        if speak.speaker in self.away:
            self.asked.append(speak)
        else:
            super()._generated(speak)

    def heard_for(self, act: str, seconds: float, times: int = 1) -> Outage:
        """Play until the turn has been heard for so long."""
        self.start().run(lambda: self.acts().count(act) == times)
        self.pass_time(seconds)
        return self

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        self.at(seconds, lambda: None)
        self.run(lambda: self.now >= until)

    def explanations(self) -> list[str]:
        return [act for act in self.acts() if act.endswith("back_again")]


def nothing_is_lost(theatre: Theatre) -> None:
    conversation = theatre.conversation
    assert conversation.end_state == "completed"
    assert all(answer.status is AnswerStatus.ANSWERED for answer in conversation.brief.answers)
    assert set(conversation.desk.results) == {"research", "website", "post", "publish"}
    assert theatre.acts()[-1] == "marcus close"


@pytest.mark.parametrize(
    ("outage_s", "explained"), [(1.5, []), (5.0, ["back_again"]), (14.0, ["back_again"])]
)
def test_a_sentence_that_broke_off_goes_on_after_an_explanation_where_that_took_long(
    outage_s: float, explained: list[str]
) -> None:
    theatre = Outage().heard_for("sarah ask", 2.0)
    theatre.lose(*TEAM, for_s=outage_s)
    theatre.run(lambda: theatre.conversation.stage is Stage.LISTENING)
    assert [act.split()[1] for act in theatre.acts()] == ["greet", "ask", *explained, "ask"]
    asked = [entry.text for entry in theatre.conversation.transcript if entry.speaker == "sarah"]
    assert f"{asked[0]} {asked[-1]}" == "sarah says ask in ten words or maybe a few more"
    theatre.run()
    nothing_is_lost(theatre)


@pytest.mark.parametrize(("outage_s", "explained"), [(2.9, []), (3.2, ["sarah back_again"])])
def test_a_turn_that_is_late_is_explained_when_somebody_could_notice(
    outage_s: float, explained: list[str]
) -> None:
    theatre = Outage()
    theatre.start().run(in_stage(theatre, Stage.LISTENING))
    theatre.run(lambda: theatre.conversation.stage is Stage.TALKING)
    theatre.lose(*TEAM, for_s=outage_s)
    theatre.run()
    assert theatre.explanations() == explained
    assert theatre.acts().count("sarah ask") == 6
    nothing_is_lost(theatre)


def test_nobody_is_told_of_an_outage_that_nobody_noticed() -> None:
    theatre = Outage().heard_for("marcus greet", 0.5)
    theatre.lose("sarah", "maya", "alex", "sophie", for_s=4.0)  # Marcus still speaks when they are back
    theatre.run()
    assert theatre.explanations() == []
    nothing_is_lost(theatre)


def test_an_outage_before_the_first_word_needs_no_explanation() -> None:
    theatre = Outage()
    theatre.lose(*TEAM, for_s=8.0)
    theatre.play()
    assert theatre.acts()[0] == "marcus greet"
    assert theatre.explanations() == []


def test_an_outage_is_explained_once_and_the_next_one_again() -> None:
    theatre = Outage().heard_for("sarah ask", 2.0)
    theatre.lose("maya", for_s=60.0)
    theatre.lose("sarah", for_s=5.0)
    theatre.heard_for("sarah ask", 1.0, times=3)
    theatre.lose("sarah", for_s=5.0)  # Maya is still away: the same outage goes on
    theatre.run(lambda: not theatre.away)
    assert theatre.explanations() == ["sarah back_again"]
    theatre.heard_for("maya start_research", 1.0)
    theatre.lose("maya", for_s=5.0)
    theatre.run()
    assert theatre.explanations() == ["sarah back_again", "maya back_again"]
    nothing_is_lost(theatre)


def test_an_explanation_that_breaks_off_is_followed_by_what_waited_for_it() -> None:
    theatre = Outage().heard_for("sarah ask", 2.0)
    theatre.lose("sarah", for_s=5.0)
    theatre.heard_for("sarah back_again", 1.0)
    theatre.lose("sarah", for_s=5.0)
    theatre.run()
    assert theatre.acts()[1:4] == ["sarah ask", "sarah back_again", "sarah ask"]
    asked = [entry.text for entry in theatre.conversation.transcript if " ask " in f" {entry.text} "]
    assert len(asked) == 6
    nothing_is_lost(theatre)


def test_who_speaks_over_the_explanation_is_replied_to_and_what_waited_is_said() -> None:
    theatre = Outage().heard_for("sarah ask", 2.0)
    theatre.lose(*TEAM, for_s=5.0)
    theatre.run(lambda: bool(theatre.explanations()))
    theatre.say("hello where have you been", delay_s=1.0)
    theatre.run()
    assert theatre.acts()[2:5] == ["sarah back_again", "sarah reply", "sarah ask"]
    nothing_is_lost(theatre)


def nudged_after_an_outage() -> Outage:
    """The explanation is heard; after it the human is to be asked once more for the first answer."""
    theatre = Outage()
    theatre.human = silent
    theatre.start().run(in_stage(theatre, Stage.LISTENING))
    theatre.pass_time(8.0)
    theatre.lose(*TEAM, for_s=7.0)
    theatre.run(lambda: bool(theatre.explanations()))
    return theatre


def test_who_answers_over_the_explanation_has_answered_the_question_that_was_open() -> None:
    theatre = nudged_after_an_outage()
    theatre.say("Golden Crust", delay_s=1.0, length_s=1.5)
    theatre.run(lambda: theatre.acts().count("sarah ask") == 2)
    assert theatre.conversation.brief.text("name") == "Golden Crust"


def test_a_question_stays_open_when_the_listener_is_lost_in_the_explanation() -> None:
    theatre = nudged_after_an_outage()
    theatre.later(1.0, events.ListenerLost())
    theatre.later(3.0, events.ListenerArrived())
    theatre.run(lambda: theatre.conversation.stage is Stage.LISTENING and not theatre.conversation.held)
    assert theatre.acts()[-2:] == ["sarah back_again", "sarah nudge"]
    assert theatre.conversation.open_question == "name"


def test_after_the_explanation_the_human_is_asked_once_more() -> None:
    theatre = nudged_after_an_outage()
    theatre.run(in_stage(theatre, Stage.LISTENING))
    assert theatre.acts()[-2:] == ["sarah back_again", "sarah nudge"]
    assert theatre.conversation.open_question == "name"


def test_a_reply_that_waited_is_said_after_the_explanation_and_the_work_goes_on() -> None:
    theatre = Outage(given=ANSWERS)
    theatre.human, theatre.job_s = approve_only, 20.0
    theatre.start().run(in_stage(theatre, Stage.WORKING))
    theatre.lose(*TEAM, for_s=8.0)
    theatre.say("that sounds really wonderful")
    theatre.run(lambda: theatre.acts()[-1].endswith("reply"))
    assert theatre.acts()[-2:] == ["maya back_again", "maya reply"]
    theatre.run(in_stage(theatre, Stage.WORKING))
    theatre.run()
    nothing_is_lost(theatre)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 120), st.sets(st.sampled_from(TEAM), min_size=1), st.floats(0.2, 12)),
        max_size=5,
    )
)
def test_whatever_is_lost_and_whenever_the_session_comes_to_its_end(
    losses: list[tuple[float, set[str], float]],
) -> None:
    theatre = Outage()
    for at_s, speakers, for_s in losses:
        theatre.at(at_s, lambda s=speakers, f=for_s: theatre.lose(*sorted(s), for_s=f))  # type: ignore[misc]
    theatre.play()
    assert theatre.conversation.end_state == "completed", theatre.acts()
    assert len(theatre.explanations()) <= len(losses)
    assert len(theatre.told(notices.SessionCompleted)) == 1


async def test_the_director_has_it_said_by_the_line_that_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "NOTICED_S", 0.0)
    async with stand() as here:
        await begun(here)
        here.director.word_received("turn1", "Hello.", 0)
        here.director.audio_received("turn1", bytes(48_000))
        here.director.playout_started("turn1", 0)
        here.director.response_failed("turn1", "connection_lost", True)
        await here.settle()
        here.director.playout_finished("turn1", 900)
        await here.settle()
        here.director.line_lost("marcus", "connection_lost")
        here.director.line_lost("listener", "connection_lost")
        here.director.line_restored("listener")
        here.director.line_restored("marcus")
        await here.settle()
        acts = [request.act for request in here.lines["marcus"].requests()]
        assert acts == ["greet", "greet", "back_again", "greet"]


def test_the_embedded_engine_says_it_in_one_sentence_or_two() -> None:
    said = Brain().respond([], BrainRequest("You are Maya, the market researcher.", "", "back_again")).text
    assert "lost" in said
    assert said.count(".") <= 2
