"""The client's side of the Realtime protocol: turns, what was heard of them, tools."""

from __future__ import annotations

import json
from typing import cast

import pytest
from realtime_pair import CHOOSE, Pair, request

from orchestration.events import ToolCall
from orchestration.realtime_outcomes import (
    AudioReceived,
    Complaint,
    Configured,
    TurnFailed,
    TurnFinished,
    UsageReported,
    WordReceived,
)
from orchestration.realtime_turns import TRANSITIONS, TurnInput, TurnState
from tests.fakes.openai_service import Call, Json, Reply, Speech


def test_a_persona_session_speaks_with_its_voice_and_detects_no_turns() -> None:
    pair = Pair()
    session = pair.service.session
    assert pair.of(Configured)
    assert session["output_modalities"] == ["audio"]
    audio = cast(Json, session["audio"])
    assert cast(Json, audio["input"])["turn_detection"] is None
    assert audio["output"] == {
        "voice": "cedar",
        "format": {"type": "audio/pcm", "rate": 24000},
        "speed": 1.1,
    }


def test_a_turn_delivers_audio_words_with_their_places_and_the_whole_text() -> None:
    pair = Pair(t1=Reply([Speech("Hello and welcome", 100)]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    words = cast("list[WordReceived]", pair.of(WordReceived))
    assert [(word.text, word.audio_ms) for word in words] == [("Hello ", 0), ("and ", 100), ("welcome ", 200)]
    audio = cast("list[AudioReceived]", pair.of(AudioReceived))
    assert sum(len(part.pcm) for part in audio) == 300 * 48
    assert pair.of(TurnFinished) == [TurnFinished("t1", "Hello and welcome", ())]


def test_words_have_no_place_where_the_service_gives_none() -> None:
    pair = Pair(t1=Reply([Speech("Hello there", times=False)]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    assert [w.audio_ms for w in cast("list[WordReceived]", pair.of(WordReceived))] == [None, None]


def test_a_second_response_waits_until_the_first_is_done() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.client.respond(request("t2"))
    pair.sync()
    assert len(pair.sent("response.create")) == 1
    pair.generate()
    pair.generate()
    assert [o.turn for o in cast("list[TurnFinished]", pair.of(TurnFinished))] == ["t1", "t2"]
    assert pair.service.errors == []


def test_a_turn_that_is_asked_for_twice_is_generated_once() -> None:
    pair = Pair()
    assert pair.client.respond(request("t1"))
    assert not pair.client.respond(request("t1"))


def test_nothing_of_a_cancelled_turn_is_delivered_any_more() -> None:
    pair = Pair(t1=Reply([Speech("one two three four")]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate(3)
    before = len(pair.outcomes)
    late = pair.service.step()
    pair.client.cancel("t1")
    pair.deliver(late)
    pair.sync()
    assert [o for o in pair.outcomes[before:] if not isinstance(o, UsageReported)] == []
    assert pair.client.idle


def test_a_turn_cancelled_before_it_was_created_is_cancelled_by_its_id() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    create = pair.client.data_to_send()
    pair.client.cancel("t1")
    assert pair.client.data_to_send() == []
    pair.deliver(pair.service.receive(create[0]))
    pair.sync()
    assert [event["response_id"] for event in pair.sent("response.cancel")]
    assert pair.service.errors == []
    assert pair.client.idle


def test_a_waiting_turn_that_is_cancelled_is_never_asked_for() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.client.respond(request("t2"))
    pair.client.cancel("t2")
    pair.sync()
    pair.generate()
    assert len(pair.sent("response.create")) == 1


def test_a_cancel_that_comes_too_late_is_only_a_complaint() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.sync()
    late = [event for _ in range(20) for event in pair.service.step()]
    pair.client.cancel("t1")
    pair.sync()
    pair.deliver(late)
    pair.sync()
    assert not pair.of(TurnFinished, TurnFailed)
    assert pair.of(Complaint) == [Complaint("cancel", "response_cancel_not_active")]
    assert pair.client.idle


def test_truncation_waits_for_the_cancelled_response_to_end_and_keeps_to_what_was_received() -> None:
    pair = Pair(t1=Reply([Speech("one two three four five six", 100)]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate(4)
    pair.client.cancel("t1")
    pair.client.truncate("t1", 150)
    waiting = pair.client.data_to_send()
    assert [event["type"] for event in waiting] == ["response.cancel"]
    pair.deliver(pair.service.receive(waiting[0]))
    pair.sync()
    truncations = pair.sent("conversation.item.truncate")
    assert [event["audio_end_ms"] for event in truncations] == [150]
    assert pair.service.errors == []


def test_a_turn_that_was_heard_whole_is_not_truncated() -> None:
    pair = Pair(t1=Reply([Speech("one two", 100)]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    pair.client.truncate("t1", 5000)
    pair.sync()
    assert pair.sent("conversation.item.truncate") == []


def test_a_turn_without_audio_is_not_truncated() -> None:
    pair = Pair(t1=Reply([Call("select_next_speaker", '{"speaker": "sarah"}')]))
    pair.client.respond(request("t1", CHOOSE))
    pair.sync()
    pair.generate()
    pair.client.truncate("t1", 10)
    pair.sync()
    assert pair.sent("conversation.item.truncate") == []


def test_of_two_spoken_items_the_unheard_second_one_is_deleted() -> None:
    pair = Pair(t1=Reply([Speech("one two", 100), Speech("three four", 100)]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    words = cast("list[WordReceived]", pair.of(WordReceived))
    assert [word.audio_ms for word in words] == [0, 100, 200, 300]
    pair.client.truncate("t1", 120)
    pair.sync()
    assert len(pair.sent("conversation.item.truncate")) == 1
    assert len(pair.sent("conversation.item.delete")) == 1
    assert pair.service.errors == []


def test_a_forgotten_turn_leaves_nothing_in_the_session() -> None:
    pair = Pair(t1=Reply([Speech("one two"), Call("select_next_speaker", '{"speaker": "maya"}', "c1")]))
    pair.client.respond(request("t1", CHOOSE))
    pair.sync()
    pair.generate()
    assert pair.client.answer_tool("c1", {"ok": True})
    pair.sync()
    assert len(pair.service.items) == 3
    pair.client.forget("t1")
    pair.sync()
    assert pair.service.items == {}
    assert pair.service.errors == []


def test_a_running_turn_that_is_forgotten_is_cancelled_and_then_deleted() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate(3)
    pair.client.forget("t1")
    pair.sync()
    assert pair.service.items == {}
    assert pair.service.errors == []


def test_a_valid_call_is_delivered_and_answered_once() -> None:
    pair = Pair(t1=Reply([Call("select_next_speaker", '{"speaker": "sarah"}', "c1")]))
    pair.client.respond(request("t1", CHOOSE))
    pair.sync()
    pair.generate()
    call = ToolCall("c1", "select_next_speaker", {"speaker": "sarah"})
    assert pair.of(TurnFinished) == [TurnFinished("t1", "", (call,))]
    assert pair.client.answer_tool("c1", {"status": "ok"})
    assert not pair.client.answer_tool("c1", {"status": "again"})
    assert not pair.client.answer_tool("unknown", {})
    pair.sync()
    assert pair.service.outputs == {"c1": 1}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("select_next_speaker", "not json"),
        ("select_next_speaker", "[1]"),
        ("select_next_speaker", "{}"),
        ("select_next_speaker", '{"speaker": "nobody"}'),
        ("select_next_speaker", '{"speaker": 3}'),
        ("select_next_speaker", '{"speaker": "sarah", "extra": 1}'),
        ("launch_rocket", "{}"),
    ],
)
def test_an_invalid_call_is_answered_with_the_reason_and_not_delivered(name: str, arguments: str) -> None:
    pair = Pair(t1=Reply([Speech("hm"), Call(name, arguments, "c1")]))
    pair.client.respond(request("t1", CHOOSE))
    pair.sync()
    pair.generate()
    assert pair.of(TurnFinished) == [TurnFinished("t1", "hm", ())]
    output = cast(Json, pair.sent("conversation.item.create")[-1]["item"])
    assert cast(Json, json.loads(str(output["output"])))["status"] == "failed"
    assert not pair.client.answer_tool("c1", {})
    assert pair.service.outputs == {"c1": 1}


def test_calls_of_a_cancelled_turn_are_not_left_open_in_the_session() -> None:
    pair = Pair(t1=Reply([Call("select_next_speaker", '{"speaker": "sarah"}'), Speech("one two three")]))
    pair.client.respond(request("t1", CHOOSE))
    pair.sync()
    pair.generate(4)
    pair.client.cancel("t1")
    pair.sync()
    kinds = [item.body["type"] for item in pair.service.items.values()]
    assert kinds == ["message"]


def test_every_state_of_a_turn_can_be_reached_and_left() -> None:
    targets = set(TRANSITIONS.values())
    assert set(TurnState) == targets
    running = set(TurnState) - {TurnState.DONE, TurnState.CANCELLED, TurnState.FAILED}
    assert all((state, TurnInput.LOST) in TRANSITIONS for state in running)
