"""Responses that are not ours, beside ours and in our way."""

from __future__ import annotations

from typing import cast

from realtime_pair import Pair, request

from orchestration.realtime_outcomes import AudioReceived, LineCode, TurnFailed, TurnFinished, WordReceived
from tests.fakes.openai_service import Json, Reply, Speech

THEIRS = Reply([Speech("not for you")])


def finished(pair: Pair) -> list[str]:
    return [outcome.turn for outcome in cast("list[TurnFinished]", pair.of(TurnFinished))]


def delivered(pair: Pair) -> set[str]:
    outcomes = cast("list[AudioReceived | WordReceived]", pair.of(AudioReceived, WordReceived))
    return {outcome.turn for outcome in outcomes}


def test_an_out_of_band_response_runs_beside_ours_and_nothing_of_it_is_delivered() -> None:
    pair = Pair()
    pair.client.respond(request("t1"))
    pair.sync()
    pair.deliver(pair.service.intrude(THEIRS, conversation="none", metadata={"topic": "a summary"}))
    pair.client.respond(request("t2"))
    pair.generate()
    assert finished(pair) == ["t1", "t2"]
    assert delivered(pair) == {"t1", "t2"}
    assert pair.service.errors == []


def test_our_create_waits_while_somebody_elses_response_writes_to_the_conversation() -> None:
    pair = Pair()
    pair.deliver(pair.service.intrude(THEIRS))
    pair.client.respond(request("t1"))
    pair.sync()
    assert pair.sent("response.create") == []
    pair.generate()
    assert finished(pair) == ["t1"]
    assert delivered(pair) == {"t1"}
    assert pair.service.errors == []


def test_a_create_that_crosses_somebody_elses_response_is_sent_again_when_that_has_ended() -> None:
    pair = Pair()
    theirs = pair.service.intrude(THEIRS)
    pair.client.respond(request("t1"))
    refused = pair.service.receive(pair.client.data_to_send()[0])
    assert cast(Json, refused[0]["error"])["code"] == "conversation_already_has_active_response"
    pair.deliver([*theirs, *refused])
    assert pair.client.data_to_send() == []
    pair.generate()
    assert finished(pair) == ["t1"]
    assert not pair.of(TurnFailed)


def test_a_create_refused_for_a_response_that_nobody_has_seen_fails_its_turn_as_retryable() -> None:
    pair = Pair(t1=Reply(refused="conversation_already_has_active_response"))
    pair.client.respond(request("t1"))
    pair.sync()
    assert pair.of(TurnFailed) == [TurnFailed("t1", LineCode.BUSY)]
    assert LineCode.BUSY.retryable


def test_a_turn_that_was_cancelled_meanwhile_is_not_sent_again() -> None:
    pair = Pair()
    theirs = pair.service.intrude(THEIRS)
    pair.client.respond(request("t1"))
    refused = pair.service.receive(pair.client.data_to_send()[0])
    pair.client.cancel("t1")
    pair.deliver([*theirs, *refused])
    pair.generate()
    assert len(pair.sent("response.create")) == 1
    assert pair.client.idle


def test_strangers_end_with_their_socket() -> None:
    pair = Pair()
    pair.deliver(pair.service.intrude(THEIRS))
    pair.client.connection_lost()
    pair.client.connected()
    pair.client.respond(request("t1"))
    assert [event["type"] for event in pair.client.data_to_send()] == ["session.update", "response.create"]
