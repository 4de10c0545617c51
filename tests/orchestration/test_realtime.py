"""The client's side of the Realtime protocol, against a strict fake session, without sockets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

import pytest

from orchestration.events import ToolCall
from orchestration.ports import LineConfig, ResponseRequest, Tool
from orchestration.realtime import Hearing, RealtimeClient
from orchestration.realtime_outcomes import (
    AudioReceived,
    Complaint,
    ConfigurationRejected,
    Configured,
    HumanNotUnderstood,
    HumanStarted,
    HumanStopped,
    HumanUnderstood,
    LineCode,
    Outcome,
    TurnFailed,
    TurnFinished,
    WordReceived,
)
from orchestration.realtime_turns import TRANSITIONS, TurnInput, TurnState
from orchestration.realtime_wire import append_message, parse
from tests.fakes.openai_service import Call, Failure, FakeService, Json, Reply, Speech

PERSONA = LineConfig("marcus", "You are Marcus, the project manager of a studio.", "cedar", 1.1)
LISTENER = LineConfig("listener", "You only listen.", None, silence_ms=700)
CHOOSE = Tool(
    "select_next_speaker",
    "Hand over.",
    {
        "type": "object",
        "properties": {"speaker": {"type": "string", "enum": ["sarah", "maya"]}},
        "required": ["speaker"],
        "additionalProperties": False,
    },
)


def request(turn: str, *tools: Tool) -> ResponseRequest:
    return ResponseRequest(turn, "ask", "Ask the question.", tools)


def scripted(**replies: Reply) -> Callable[[Json], Reply]:
    def script(response: Json) -> Reply:
        turn = str(cast(Json, response["metadata"])["turn"])
        return replies.get(turn, Reply([Speech("one two three")]))

    return script


class Pair:
    """A client and the fake session, with the wire between them under the test's control."""

    def __init__(self, config: LineConfig = PERSONA, **replies: Reply) -> None:
        self.service = FakeService(scripted(**replies))
        self.client = RealtimeClient(config, Hearing("transcriber"))
        self.outcomes: list[Outcome] = []
        self.responses: list[str] = []
        self.client.connected()
        self.sync()

    def sync(self) -> None:
        """Deliver what the client wants to send, and the answers to it."""
        for _ in range(20):
            events = self.client.data_to_send()
            for event in events:
                self.deliver(self.service.receive(event))

    def deliver(self, events: list[Json]) -> None:
        for event in events:
            if event.get("type") == "response.created" and isinstance(event.get("response"), dict):
                self.responses.append(str(cast(Json, event["response"]).get("id")))
            self.outcomes += self.client.receive(event)

    def generate(self, steps: int = 1000) -> None:
        for _ in range(steps):
            self.deliver(self.service.step())
            self.sync()
            if not self.service.generating:
                return

    def sent(self, kind: str) -> list[Json]:
        return [event for event in self.service.received if event["type"] == kind]

    def of(self, *kinds: type[Outcome]) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, kinds)]


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


def test_the_listening_session_detects_turns_and_never_answers_by_itself() -> None:
    session = Pair(LISTENER).service.session
    hearing = cast(Json, cast(Json, session["audio"])["input"])
    assert session["output_modalities"] == ["text"]
    assert hearing["transcription"] == {"model": "transcriber"}
    detection = cast(Json, hearing["turn_detection"])
    assert detection["silence_duration_ms"] == 700
    assert detection["create_response"] is False
    assert detection["interrupt_response"] is False


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
    assert len(pair.outcomes) == before
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


def test_what_the_human_says_is_one_story_per_item() -> None:
    pair = Pair(LISTENER)
    completed = "conversation.item.input_audio_transcription.completed"
    probs = [{"token": "a", "logprob": 0.0, "bytes": []}, {"token": "b", "logprob": -0.6931, "bytes": []}]
    pair.deliver(
        [
            {"type": "input_audio_buffer.speech_started", "item_id": "h1", "audio_start_ms": 0},
            {"type": "input_audio_buffer.speech_stopped", "item_id": "h1", "audio_end_ms": 900},
            {"type": "input_audio_buffer.committed", "item_id": "h1"},
            {"type": completed, "item_id": "h1", "transcript": " the blue fern ", "logprobs": probs},
        ]
    )
    started, stopped, said = pair.outcomes[-3:]
    assert (started, stopped) == (HumanStarted("h1"), HumanStopped("h1"))
    assert isinstance(said, HumanUnderstood)
    assert (said.item, said.text) == ("h1", "the blue fern")
    assert said.confidence == pytest.approx(0.75, abs=0.01)


def test_push_to_talk_ends_the_turn_that_turn_detection_had_opened() -> None:
    pair = Pair(LISTENER)
    completed = "conversation.item.input_audio_transcription.completed"
    pair.deliver(
        [
            {"type": "input_audio_buffer.speech_started", "item_id": "h1"},
            {"type": "input_audio_buffer.committed", "item_id": "h2"},
            {"type": completed, "item_id": "h2", "transcript": "yes"},
        ]
    )
    assert pair.outcomes[-3:] == [HumanStarted("h1"), HumanStopped("h1"), HumanUnderstood("h1", "yes", 1.0)]


def test_nothing_understood_is_said_so() -> None:
    pair = Pair(LISTENER)
    base = "conversation.item.input_audio_transcription"
    pair.deliver([{"type": f"{base}.completed", "item_id": "h1", "transcript": "  "}])
    pair.deliver([{"type": f"{base}.failed", "item_id": "h2", "error": {}}])
    pair.client.commit()
    pair.sync()
    assert pair.of(HumanNotUnderstood) == [HumanNotUnderstood(item) for item in ("h1", "h2", "")]


def test_patience_changes_the_turn_detection_and_nothing_else() -> None:
    pair = Pair(LISTENER)
    before = json.loads(json.dumps(pair.service.session))
    pair.client.set_patience(2000)
    pair.client.set_patience(2000)
    pair.sync()
    assert len(pair.sent("session.update")) == 2
    before["audio"]["input"]["turn_detection"]["silence_duration_ms"] = 2000
    assert pair.service.session == before
    assert pair.service.errors == []


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


def test_an_audio_message_is_the_json_that_the_protocol_wants() -> None:
    event = parse(append_message(b"\x00\x01\x02\x03"))
    assert event == {"type": "input_audio_buffer.append", "audio": "AAECAw=="}


def test_every_state_of_a_turn_can_be_reached_and_left() -> None:
    targets = set(TRANSITIONS.values())
    assert set(TurnState) - targets == {TurnState.WAITING}
    running = set(TurnState) - {TurnState.DONE, TurnState.CANCELLED, TurnState.FAILED}
    assert all((state, TurnInput.LOST) in TRANSITIONS for state in running)
