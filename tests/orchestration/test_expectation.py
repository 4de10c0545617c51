"""The recogniser is told what kind of answer comes next: from the question, over the Line, to the service."""

from __future__ import annotations

from typing import cast

import pytest
from realtime_pair import LISTENER, Pair
from test_director import begun, stand
from test_openai_line import Ear, sdk
from theatre import ANSWERS, Theatre, answer_at_once, approve_only, in_stage, silent

from orchestration import events, notices
from orchestration.adapters.openai_line import line_factory
from orchestration.brief import Expects
from orchestration.director import LISTENER as LISTENING_LINE
from orchestration.events import Command
from orchestration.realtime_outcomes import Complaint, ConfigurationRejected
from orchestration.realtime_wire import PROMPTS
from orchestration.turn import Stage
from tests.fakes.openai_service import Json
from tests.fakes.realtime_engine import running_engine, speech


def told(theatre: Theatre) -> list[Expects]:
    return [c.what for c in theatre.commands(events.Expect) if isinstance(c, events.Expect)]


def test_each_question_says_what_kind_of_answer_it_expects_and_a_decision_is_yes_or_no() -> None:
    heard: list[Expects] = []

    def human(theatre: Theatre, command: Command) -> None:
        if isinstance(command, events.Tell) and isinstance(command.notice, notices.HumanListening):
            if command.notice.listening:
                heard.append(theatre.conversation.expected)
        answer_at_once(theatre, command)

    theatre = Theatre()
    theatre.human = human
    theatre.play()
    assert heard == [Expects.NAME, *[Expects.ANYTHING] * 4, Expects.COLOUR, Expects.YES_OR_NO]
    nothing, decision = Expects.ANYTHING, Expects.YES_OR_NO
    interview = [Expects.NAME, nothing, Expects.COLOUR, nothing]
    assert told(theatre) == [*interview, decision, nothing, decision, nothing]


def test_a_question_that_is_still_being_asked_is_expected_to_be_answered() -> None:
    theatre = Theatre().start()
    theatre.run(until=lambda: theatre.acts()[-1:] == ["sarah ask"])
    assert theatre.conversation.stage is Stage.TALKING
    assert theatre.conversation.expected is Expects.NAME


def test_a_nudge_leaves_what_is_expected_as_it_is() -> None:
    theatre = Theatre()
    theatre.human = silent
    theatre.start().run(until=lambda: "sarah nudge" in theatre.acts())
    theatre.run(until=in_stage(theatre, Stage.LISTENING))
    assert told(theatre) == [Expects.NAME]


def test_nothing_changes_in_the_middle_of_what_the_human_says() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = silent
    theatre.start().run(until=in_stage(theatre, Stage.APPROVING))
    assert told(theatre)[-1] is Expects.YES_OR_NO
    theatre.receive(events.SpeechStarted("a"))
    approval = theatre.conversation.desk.open_approval
    assert approval is not None
    theatre.receive(events.ApprovalDecided(approval.approval, events.Decision.APPROVE))
    assert told(theatre)[-1] is Expects.YES_OR_NO
    theatre.receive(events.SpeechStopped("a"))
    theatre.receive(events.HumanSaid("yes", item="a"))
    assert told(theatre)[-1] is Expects.ANYTHING


def test_after_the_decision_nothing_in_particular_is_expected() -> None:
    theatre = Theatre(given=ANSWERS)
    theatre.human = approve_only
    theatre.play()
    assert told(theatre) == [Expects.YES_OR_NO, Expects.ANYTHING] * 2


async def test_the_director_tells_the_listening_line_alone() -> None:
    async with stand() as here:
        await begun(here)
        here.director.playout_started("turn1", 0)
        here.director.response_finished("turn1", "Hello.", ())
        here.director.playout_finished("turn1", 900)
        await here.settle()
        asked = [
            (name, what) for name, line in here.lines.items() for kind, what in line.log if kind == "expect"
        ]
        assert asked == [(LISTENING_LINE, Expects.NAME)]


def transcription(pair: Pair) -> Json:
    return cast(Json, cast(Json, cast(Json, pair.service.session["audio"])["input"])["transcription"])


def test_the_session_gets_the_hint_beside_its_model_and_the_next_session_too() -> None:
    pair = Pair(LISTENER)
    assert transcription(pair) == {"model": "transcriber"}
    pair.client.expect(Expects.COLOUR)
    pair.sync()
    hint = {"model": "transcriber", "prompt": "Expect: a colour or several, as for a website."}
    assert transcription(pair) == hint
    pair.exchange()
    assert transcription(pair) == hint
    detection = cast(Json, cast(Json, pair.service.session["audio"])["input"])["turn_detection"]
    assert cast(Json, detection)["silence_duration_ms"] == 700
    pair.client.expect(Expects.ANYTHING)
    pair.sync()
    assert transcription(pair)["prompt"] == ""


def test_a_model_that_takes_no_prompt_is_not_asked_again_and_goes_on_listening() -> None:
    pair = Pair(LISTENER)
    pair.client.expect(Expects.NAME)
    (asked,) = pair.client.data_to_send()
    error = {"type": "invalid_request_error", "code": "unsupported", "event_id": asked["event_id"]}
    before = len(pair.outcomes)
    pair.outcomes += pair.client.receive({"type": "error", "error": error})
    assert pair.outcomes[before:] == [Complaint("expect", "unsupported")]
    pair.client.expect(Expects.COLOUR)
    assert pair.client.data_to_send() == []
    pair.exchange()
    assert transcription(pair) == {"model": "transcriber"}
    assert not pair.of(ConfigurationRejected)


async def test_the_embedded_engine_takes_the_hints_and_understands_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    ear = Ear()
    async with running_engine() as port, sdk(f"http://127.0.0.1:{port}/v1") as client:
        line = line_factory(client, "any", "any")(LISTENER, ear)
        await line.open()
        try:
            for what in Expects:
                line.expect(what)
            line.expect(Expects.YES_OR_NO)
            line.hear(speech("No, thank you."))
            await ear.until("said")
        finally:
            await line.close()
    assert "no" in str([words[1] for words in ear.told if words[0] == "said"])
    assert "realtime complaint" not in caplog.text


def test_the_engine_reads_the_same_words_as_a_model() -> None:
    expecting = pytest.importorskip("server.engine.expecting", reason="the engine reads no expectations yet")
    kinds = [expecting.expectation(PROMPTS[what]).kinds for what in Expects]
    assert kinds == [(), ("name",), ("colour",), ("yes_or_no",)]
