"""What fails, what breaks, and what a new session is told after a loss."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from realtime_pair import CHOOSE, LISTENER, PERSONA, Pair, request, scripted

from orchestration.realtime import Hearing, RealtimeClient
from orchestration.realtime_outcomes import (
    AudioReceived,
    ConfigurationRejected,
    HumanNotUnderstood,
    HumanStopped,
    LineCode,
    TurnFailed,
    TurnFinished,
)
from tests.fakes.openai_service import Call, Failure, FakeService, Json, Reply, Speech


def test_a_failed_response_fails_its_turn_with_a_code_of_ours() -> None:
    pair = Pair(t1=Reply([Speech("one"), Failure("rate_limit_exceeded")]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    assert pair.of(TurnFailed) == [TurnFailed("t1", LineCode.RATE_LIMITED)]
    assert LineCode.RATE_LIMITED.retryable
    assert not LineCode.QUOTA.retryable


def test_a_response_that_was_cut_short_is_delivered_as_far_as_it_went() -> None:
    short = Reply([Speech("one two")], "incomplete", "max_output_tokens")
    nothing = Reply([], "incomplete", "content_filter")
    pair = Pair(t1=short, t2=nothing)
    pair.client.respond(request("t1"))
    pair.client.respond(request("t2"))
    pair.sync()
    pair.generate()
    pair.generate()
    assert pair.of(TurnFinished, TurnFailed) == [
        TurnFinished("t1", "one two", ()),
        TurnFailed("t2", LineCode.CONTENT_FILTER),
    ]


def test_an_empty_response_is_a_failure() -> None:
    pair = Pair(t1=Reply([]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    assert pair.of(TurnFinished, TurnFailed) == [TurnFailed("t1", LineCode.SERVER)]


def test_a_turn_that_goes_on_with_another_may_have_nothing_left_to_say() -> None:
    pair = Pair(t2=Reply([]))
    pair.client.respond(replace(request("t2"), after="t1"))
    pair.sync()
    pair.generate()
    assert pair.of(TurnFinished, TurnFailed) == [TurnFinished("t2", "", ())]
    (create,) = pair.sent("response.create")
    assert cast(Json, create["response"])["metadata"] == {"act": "ask", "turn": "t2", "after": "t1"}


def test_a_rejected_create_fails_that_turn_alone_and_the_next_one_runs() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.client.respond(request("t2"))
    create = pair.client.data_to_send()[0]
    error = {"type": "invalid_request_error", "code": "invalid_value", "event_id": create["event_id"]}
    pair.deliver([{"type": "error", "error": error}])
    assert pair.of(TurnFailed) == [TurnFailed("t1", LineCode.REJECTED)]
    pair.sync()
    pair.generate()
    assert [o.turn for o in cast("list[TurnFinished]", pair.of(TurnFinished))] == ["t2"]


def test_an_error_about_nothing_of_ours_changes_nothing() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.sync()
    pair.deliver([{"type": "error", "error": {"type": "server_error", "code": None, "event_id": None}}])
    pair.generate()
    assert len(pair.of(TurnFinished)) == 1


def test_a_foreign_response_is_not_delivered() -> None:
    pair = Pair()
    response: Json = {"id": "resp_x", "metadata": {"turn": "other"}}
    pair.deliver(
        [
            {"type": "response.created", "response": response},
            {"type": "response.output_audio.delta", "response_id": "resp_x", "item_id": "i", "delta": "AAAA"},
            {"type": "response.done", "response": response},
        ]
    )
    assert not pair.of(AudioReceived, TurnFinished, TurnFailed)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": 7},
        {"type": "response.created"},
        {"type": "response.created", "response": []},
        {"type": "response.output_audio.delta", "delta": "%%%"},
        {"type": "response.output_item.added", "item": None, "response_id": None},
        {"type": "response.done", "response": {"output": "no"}},
        {"type": "error"},
        {"type": "something.new", "x": 1},
    ],
)
def test_a_malformed_server_event_raises_nothing(event: Json) -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.deliver([event])
    pair.sync()
    pair.generate()
    assert not pair.of(AudioReceived) or pair.client.idle


def test_a_rejected_configuration_is_an_outcome() -> None:
    client = RealtimeClient(PERSONA, Hearing("transcriber"))
    client.connected()
    update = client.data_to_send()[0]
    error = {"type": "invalid_request_error", "code": "invalid_api_key", "event_id": update["event_id"]}
    outcomes = client.receive({"type": "error", "error": error})
    assert outcomes == [ConfigurationRejected(LineCode.UNAUTHORISED)]


def test_a_service_without_log_probabilities_is_configured_without_them() -> None:
    client = RealtimeClient(LISTENER, Hearing("transcriber"))
    client.connected()
    update = client.data_to_send()[0]
    error = {"type": "invalid_request_error", "code": "unsupported", "event_id": update["event_id"]}
    assert not any(
        isinstance(o, ConfigurationRejected) for o in client.receive({"type": "error", "error": error})
    )
    again = client.data_to_send()[0]
    assert "include" in cast(Json, update["session"])
    assert "include" not in cast(Json, again["session"])


def test_a_split_sample_waits_for_its_other_byte() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.sync()
    where = {"type": "response.output_audio.delta", "response_id": pair.responses[0], "item_id": "i"}
    pair.deliver([{**where, "delta": "AQID"}, {**where, "delta": "BAUG"}])
    assert [o.pcm for o in cast("list[AudioReceived]", pair.of(AudioReceived))] == [
        b"\x01\x02",
        b"\x03\x04\x05\x06",
    ]


def test_losing_the_socket_fails_what_was_pending_and_finishes_the_humans_story() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.client.respond(request("t2"))
    pair.client.respond(request("t3"))
    pair.client.cancel("t3")
    pair.sync()
    pair.generate(3)
    assert pair.client.connection_lost() == [TurnFailed("t1", LineCode.LOST), TurnFailed("t2", LineCode.LOST)]
    listener = Pair(LISTENER)
    listener.deliver([{"type": "input_audio_buffer.speech_started", "item_id": "h1"}])
    assert listener.client.connection_lost() == [HumanStopped("h1"), HumanNotUnderstood("h1")]


def test_a_new_session_is_told_what_the_last_one_knew_as_it_was_heard() -> None:
    pair = Pair(
        t1=Reply([Speech("one two three four", 100)]),
        t2=Reply([Speech("gone")]),
        t3=Reply([Call("select_next_speaker", '{"speaker": "maya"}', "c1")]),
    )
    pair.client.add_context("system", 'team: {"names": []}')
    for turn in ("t1", "t2", "t3"):
        pair.client.respond(request(turn, CHOOSE))
        pair.sync()
        pair.generate()
    pair.client.truncate("t1", 150)
    pair.client.forget("t2")
    pair.sync()
    pair.client.connection_lost()
    pair.client.add_context("user", "[Human]: said while away")
    pair.service = FakeService(scripted())
    pair.client.connected()
    pair.sync()
    assert pair.service.errors == []
    items = [item.body for item in pair.service.items.values()]
    texts = [cast("list[Json]", item["content"])[0]["text"] for item in items if item["type"] == "message"]
    assert texts == ['team: {"names": []}', "one two", "[Human]: said while away"]
    assert [item["call_id"] for item in items if item["type"] == "function_call"] == ["c1"]
    assert pair.client.answer_tool("c1", {"status": "ok"})
    pair.client.forget("t1")
    pair.sync()
    assert pair.service.errors == []
    assert pair.service.outputs == {"c1": 1}


def told_to_a_new_session() -> Pair:
    pair = Pair(
        t1=Reply([Speech("one two three four", 100)]),
        t2=Reply([Call("select_next_speaker", '{"speaker": "maya"}', "c1"), Speech("five six", 100)]),
    )
    pair.client.add_context("user", "[Human]: before")
    for turn in ("t1", "t2"):
        pair.client.respond(request(turn, CHOOSE))
        pair.sync()
        pair.generate()
    pair.client.add_context("user", "[Human]: after")
    pair.client.answer_tool("c1", {"status": "ok"})
    pair.sync()
    pair.exchange()
    said = ["[Human]: before", "one two three four", "five six"]
    assert pair.history() == [*said, "call c1", "answer c1", "[Human]: after"]
    return pair


def test_a_turn_that_is_cut_after_its_session_is_cut_in_the_next_one_at_its_place() -> None:
    pair = told_to_a_new_session()
    pair.client.truncate("t1", 150)
    pair.sync()
    assert pair.history()[:3] == ["[Human]: before", "one two", "five six"]
    assert pair.service.errors == []


def test_what_is_cut_twice_is_measured_against_the_whole_where_words_have_no_times() -> None:
    pair = Pair(t1=Reply([Speech("aaa bbb ccc ddd", 100, times=False)]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    pair.client.truncate("t1", 300)
    pair.client.truncate("t1", 250)
    pair.sync()
    assert pair.service.errors == []
    pair.exchange()
    assert pair.history() == ["aaa bbb"]


def test_the_first_thing_that_was_said_is_cut_at_the_beginning() -> None:
    pair = Pair(t1=Reply([Speech("one two three four", 100)]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate()
    pair.client.add_context("user", "[Human]: stop")
    pair.sync()
    pair.exchange()
    pair.client.truncate("t1", 150)
    pair.sync()
    assert pair.history() == ["one two", "[Human]: stop"]
    pair.client.truncate("t1", 0)
    pair.sync()
    assert pair.history() == ["[Human]: stop"]
    assert pair.service.errors == []


def test_a_word_that_was_told_before_its_sound_and_lost_with_it_was_never_said() -> None:
    pair = Pair(t1=Reply([Speech("one two three four", 100)]))
    pair.client.respond(request("t1"))
    pair.sync()
    told = 0
    while told < 3:
        for event in pair.service.step():
            if told < 3:
                pair.deliver([event])
            told += event["type"] == "response.output_audio_transcript.delta"
    received_ms = sum(len(o.pcm) for o in cast("list[AudioReceived]", pair.of(AudioReceived))) // 48
    assert received_ms == 200, "the third word has no sound"
    pair.outcomes += pair.client.connection_lost()
    pair.client.cancel("t1")
    pair.client.truncate("t1", received_ms)
    pair.exchange()
    assert pair.history() == ["one two"]


@pytest.mark.parametrize("times", [True, False])
def test_what_was_cut_of_a_turn_that_broke_off_does_not_come_back_with_a_later_cut(times: bool) -> None:
    pair = Pair(t1=Reply([Speech("aaa bbb ccc ddd", 100, times=times)]))
    pair.client.respond(request("t1"))
    pair.sync()
    while len(pair.of(AudioReceived)) < 3:
        pair.deliver(pair.service.step())
    pair.outcomes += pair.client.connection_lost()
    pair.client.truncate("t1", 150)
    pair.client.truncate("t1", 250)
    pair.exchange()
    assert pair.history() == ["aaa bbb" if times else "aaa"]


def test_a_turn_that_is_forgotten_after_its_session_leaves_the_next_one_too() -> None:
    pair = told_to_a_new_session()
    pair.client.forget("t2")
    pair.client.forget("t1")
    pair.sync()
    assert pair.history() == ["[Human]: before", "[Human]: after"]
    assert pair.service.errors == []


def test_a_cut_that_waited_for_the_response_holds_when_its_socket_is_lost_instead() -> None:
    pair = Pair(t1=Reply([Speech("one two three four", 100)]))
    pair.client.respond(request("t1"))
    pair.sync()
    pair.generate(4)
    pair.client.cancel("t1")
    pair.client.truncate("t1", 150)
    pair.exchange()
    assert pair.history() == ["one two"]


def test_a_call_that_waits_long_for_its_answer_is_not_forgotten() -> None:
    pair = Pair(t1=Reply([Call("select_next_speaker", '{"speaker": "maya"}', "c1")]))
    pair.client.respond(request("t1", CHOOSE))
    pair.sync()
    pair.generate()
    for n in range(300):
        pair.client.add_context("user", f"[Human]: {n}")
    pair.sync()
    assert pair.client.answer_tool("c1", {"status": "ok"})
    pair.exchange()
    assert pair.service.outputs == {"c1": 1}
    assert len(pair.service.items) <= 201


def test_a_rate_limit_fails_its_turn_as_retryable_and_the_next_one_runs() -> None:
    pair = Pair(t1=Reply(refused="rate_limit_exceeded"))
    for turn in ("t1", "t2"):
        pair.client.respond(request(turn))
    pair.sync()
    pair.generate()
    assert pair.of(TurnFailed) == [TurnFailed("t1", LineCode.RATE_LIMITED)]
    assert [o.turn for o in cast("list[TurnFinished]", pair.of(TurnFinished))] == ["t2"]


def test_a_turn_asked_for_without_a_socket_runs_on_the_next_one() -> None:
    pair = Pair()
    pair.client.connection_lost()
    pair.client.respond(request("t1"))
    assert pair.client.data_to_send() == []
    pair.service = FakeService(scripted())
    pair.client.connected()
    pair.sync()
    pair.generate()
    assert len(pair.of(TurnFinished)) == 1
