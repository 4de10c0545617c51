"""The Realtime protocol, without a socket, a clock or a sound."""

from __future__ import annotations

import base64
import json

import pytest

from server.engine.protocol_effects import (
    AppendAudio,
    AwaitSpeech,
    ClearAudio,
    CommitAudio,
    ConfigureTurns,
    Generate,
    Output,
    Send,
    StopGenerating,
    TranscribeItem,
)
from tests.fakes.protocol_session import TENTH, USER, Json, Session, audio_in, audio_out, error_of, update

TOOL = {"type": "function", "name": "publish", "description": "", "parameters": {"type": "object"}}


@pytest.fixture
def session() -> Session:
    return Session()


def test_the_first_event_announces_the_session() -> None:
    (first,) = Session().first
    assert isinstance(first, Send)
    event = json.loads(first.text)
    assert event["type"] == "session.created"
    assert event["session"]["audio"]["input"]["turn_detection"]["type"] == "server_vad"


def test_an_update_changes_only_what_it_names(session: Session) -> None:
    session.send("session.update", **audio_out(voice="cedar", speed=1.1))
    (event,) = session.send("session.update", **audio_in(turn_detection=None))
    audio = event["session"]["audio"]
    assert audio["output"]["voice"] == "cedar"
    assert audio["output"]["speed"] == 1.1
    assert audio["input"]["turn_detection"] is None
    assert audio["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert session.protocol.turns is None


def test_a_refused_update_changes_nothing(session: Session) -> None:
    session.send("session.update", **update(instructions="kept", audio={"output": {"voice": "nobody"}}))
    (event,) = session.send("session.update", **update())
    assert event["session"]["instructions"] == ""


def test_semantic_turn_detection_becomes_a_patience(session: Session) -> None:
    silences = []
    for eagerness in ("high", "medium", "low"):
        session.send(
            "session.update", **audio_in(turn_detection={"type": "semantic_vad", "eagerness": eagerness})
        )
        assert session.protocol.turns
        assert session.protocol.turns.eagerness == eagerness
        silences.append(session.protocol.turns.silence_duration_ms)
    assert silences == sorted(set(silences))


@pytest.mark.parametrize(
    ("event_type", "fields", "effects"),
    [
        ("input_audio_buffer.append", {"audio": base64.b64encode(b"\1\2").decode()}, [AppendAudio(b"\1\2")]),
        ("input_audio_buffer.commit", {"event_id": "e"}, [CommitAudio("e")]),
        ("input_audio_buffer.clear", {}, [ClearAudio()]),
        ("session.update", update(), [ConfigureTurns()]),
    ],
)
def test_what_the_driver_must_do(
    session: Session, event_type: str, fields: Json, effects: list[Output]
) -> None:
    session.protocol.receive(json.dumps({"type": event_type, **fields}))
    assert [output for output in session.outputs() if not isinstance(output, Send)] == effects


def test_items_are_kept_in_the_order_the_client_chose(session: Session) -> None:
    for item_id, previous in (("b", None), ("a", "root"), ("c", "b"), ("bb", "b")):
        added, done = session.send(
            "conversation.item.create", item={**USER, "id": item_id}, previous_item_id=previous
        )
        assert (added["type"], done["type"]) == ("conversation.item.added", "conversation.item.done")
    assert added["previous_item_id"] == "b"
    session.send("conversation.item.delete", item_id="c")
    response = session.protocol.response(session.generate())
    assert response
    assert [item.id for item in response.context] == ["a", "b", "bb"]
    assert (
        error_of(session.send("conversation.item.create", item={**USER, "id": "a"})).error.param == "item.id"
    )


def test_a_spoken_response_sends_its_events_in_order(session: Session) -> None:
    response_id = session.generate(metadata={"act": "ask", "turn": "t1"})
    response = session.protocol.response(response_id)
    assert response
    response.start_message()
    response.word("Hello", 0)
    session.protocol.audio_made(response_id, TENTH)
    response.end_message()
    response.call("publish", '{"a": 1}')
    session.protocol.finish(response_id, "completed")
    events = session.events()
    assert [event["type"] for event in events] == [
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    done = events[-1]["response"]
    assert done["status"] == "completed"
    assert done["metadata"] == {"act": "ask", "turn": "t1"}
    assert [item["type"] for item in done["output"]] == ["message", "function_call"]
    usage = done["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_token_details"]["audio_tokens"] == 2
    assert session.protocol.response(response_id) is None


def test_a_text_response_has_text_events_and_no_audio(session: Session) -> None:
    response = session.protocol.response(session.generate(output_modalities=["text"]))
    assert response
    response.start_message()
    response.text("Hello")
    session.protocol.finish(response.id, "completed")
    types = session.types()
    assert "response.output_text.delta" in types
    assert not [name for name in types if "audio" in str(name)]


def test_one_response_at_a_time_writes_to_the_conversation(session: Session) -> None:
    response_id = session.generate()
    error = error_of(session.send("response.create", event_id="second")).error
    assert (error.code, error.event_id) == ("conversation_already_has_active_response", "second")
    session.protocol.finish(response_id, "completed")
    session.generate()


def test_responses_out_of_band_run_in_parallel_and_are_told_apart(session: Session) -> None:
    main = session.generate()
    asides = [session.generate(conversation="none", metadata={"n": n}, input=[USER]) for n in "12"]
    session.speak(asides[0])
    for response_id in (*asides, main):
        session.protocol.finish(response_id, "completed")
    done = [event["response"] for event in session.events() if event["type"] == "response.done"]
    assert [response["metadata"] for response in done] == [{"n": "1"}, {"n": "2"}, None]
    assert [response["conversation_id"] is None for response in done] == [True, True, False]
    nothing = session.protocol.response(session.generate(conversation="none"))
    assert nothing
    assert nothing.context == ()


def test_input_replaces_the_context_and_may_refer_to_items(session: Session) -> None:
    session.send("conversation.item.create", item={**USER, "id": "known"})
    session.send("conversation.item.create", item=USER)
    response_id = session.generate(
        conversation="none", input=[{"type": "item_reference", "id": "known"}, USER]
    )
    items, _ = session.protocol.context(response_id)
    assert [item.text for item in items] == ["Hello", "Hello"]


def test_the_voice_locks_with_the_first_audio(session: Session) -> None:
    session.send("session.update", **audio_out(voice="cedar"))
    response_id = session.generate()
    session.send("session.update", **audio_out(voice="ash"))
    session.speak(response_id)
    session.protocol.finish(response_id, "completed")
    session.events()
    assert (
        error_of(session.send("session.update", **audio_out(voice="coral"))).error.code
        == "cannot_update_voice"
    )
    assert session.send("session.update", **audio_out(voice="ash", speed=1.2))[0]["type"] == "session.updated"
    refused = session.send("response.create", response={"audio": {"output": {"voice": "cedar"}}})
    assert error_of(refused).error.code == "cannot_update_voice"


def test_a_cancel_closes_what_is_open_and_stops_the_driver(session: Session) -> None:
    response_id = session.generate()
    response = session.protocol.response(response_id)
    assert response
    response.start_message()
    response.word("Hello ", 0)
    session.outputs()
    session.protocol.receive(json.dumps({"type": "response.cancel", "response_id": response_id}))
    outputs = session.outputs()
    assert outputs[-1] == StopGenerating(response_id)
    done = json.loads([output.text for output in outputs if isinstance(output, Send)][-1])["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")
    assert done["output"][0]["status"] == "incomplete"
    response.word("late", 0)
    session.protocol.audio_made(response_id, TENTH)
    session.protocol.finish(response_id, "completed")
    assert session.outputs() == []


def test_truncation_forgets_the_transcript_and_knows_the_limit(session: Session) -> None:
    response_id = session.generate()
    item_id = session.speak(response_id, "One two three")
    session.protocol.finish(response_id, "completed")
    session.events()
    at = {"item_id": item_id, "content_index": 0}
    assert (
        error_of(session.send("conversation.item.truncate", **at, audio_end_ms=301)).error.param
        == "audio_end_ms"
    )
    assert session.send("conversation.item.truncate", **at, audio_end_ms=150)[0]["audio_end_ms"] == 150
    (retrieved,) = session.send("conversation.item.retrieve", item_id=item_id)
    assert retrieved["item"]["content"][0]["transcript"] is None
    assert (
        error_of(session.send("conversation.item.truncate", **at, audio_end_ms=151)).error.code
        == "invalid_value"
    )


@pytest.mark.parametrize(("interrupts", "status"), [(True, "cancelled"), (False, None)])
def test_speech_interrupts_a_response_if_the_session_says_so(
    session: Session, interrupts: bool, status: str | None
) -> None:
    turns = {"type": "server_vad", "interrupt_response": interrupts, "create_response": interrupts}
    session.send("session.update", **audio_in(turn_detection=turns))
    session.generate()
    session.protocol.speech_started("item_x", 100)
    done = [event["response"] for event in session.events() if event["type"] == "response.done"]
    assert [response["status"] for response in done] == ([status] if status else [])
    if status:
        assert done[0]["status_details"]["reason"] == "turn_detected"


@pytest.mark.parametrize("answers", [True, False])
def test_a_turn_is_answered_if_the_session_says_so(session: Session, answers: bool) -> None:
    turns = {"type": "server_vad", "create_response": answers}
    session.send("session.update", **audio_in(turn_detection=turns, transcription={"model": "x"}))
    session.protocol.speech_started("item_x", 100)
    session.protocol.speech_stopped("item_x", 900)
    session.protocol.audio_committed("item_x", 800)
    session.protocol.turn_ended()
    outputs = session.outputs()
    started = [output for output in outputs if isinstance(output, Generate)]
    assert len(started) == answers
    if answers:
        assert session.protocol.awaits_transcripts(started[0].response_id)
    session.protocol.transcribed("item_x", [("fresh", -0.1), ("bread", -0.7)], 0.8)
    delta, completed = session.events()
    assert delta["delta"] == completed["transcript"] == "fresh bread"
    assert [entry["logprob"] for entry in completed["logprobs"]] == [-0.1, -0.7]
    if answers:
        assert not session.protocol.awaits_transcripts(started[0].response_id)
        assert session.protocol.context(started[0].response_id)[0][0].text == "fresh bread"


def test_nothing_understood_is_an_empty_transcript(session: Session) -> None:
    session.send("session.update", **audio_in(transcription={"model": "x"}))
    session.protocol.audio_committed("item_x", 800)
    session.events()
    session.protocol.transcribed("item_x", [], 0.8)
    (completed,) = session.events()
    assert completed["transcript"] == ""


def words_told(events: list[Json]) -> tuple[str, str]:
    """All deltas together, and the final transcript."""
    deltas = [str(event["delta"]) for event in events if str(event["type"]).endswith(".delta")]
    return "".join(deltas), str(events[-1]["transcript"])


@pytest.mark.parametrize(
    ("so_far", "final", "told"),
    [
        (["we", "we sell", "we sell"], "we sell bread", "we sell bread"),
        (["we tell", "we sell fresh"], "we sell fresh bread", "we tell"),
        ([], "bread", "bread"),
        (["we sell bread"], "we sell", "we sell bread"),
    ],
)
def test_deltas_are_the_words_so_far_and_never_taken_back(
    session: Session, so_far: list[str], final: str, told: str
) -> None:
    session.send("session.update", **audio_in(transcription={"model": "x"}))
    for words in so_far:
        session.protocol.transcribing("item_x", words.split())
    session.protocol.audio_committed("item_x", 800)
    session.protocol.transcribed("item_x", [(word, -0.1) for word in final.split()], 0.8)
    assert words_told(session.events()) == (told, final)


def test_what_was_cleared_is_forgotten(session: Session) -> None:
    session.send("session.update", **audio_in(transcription={"model": "x"}))
    session.protocol.transcribing("item_x", ["never"])
    session.protocol.audio_cleared("item_x")
    session.protocol.transcribing("item_x", ["mind"])
    assert [event["delta"] for event in session.events()] == ["never", "mind"]


def test_silence_after_a_response_is_said_committed_and_answered(session: Session) -> None:
    turns = {"type": "server_vad", "idle_timeout_ms": 5_000}
    session.send("session.update", **audio_in(turn_detection=turns, transcription={"model": "x"}))
    session.protocol.receive(json.dumps({"type": "response.create"}))
    started = session.outputs()
    assert AwaitSpeech(None) in started
    response_id = next(output.response_id for output in started if isinstance(output, Generate))
    session.speak(response_id)
    session.protocol.finish(response_id, "completed")
    assert AwaitSpeech(200) in session.outputs()
    session.protocol.idle("item_x", 1_000, 6_016)
    outputs = session.outputs()
    events = [json.loads(output.text) for output in outputs if isinstance(output, Send)]
    assert [event["type"] for event in events] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
    ]
    assert (events[0]["item_id"], events[0]["audio_end_ms"]) == ("item_x", 6_016)
    assert any(isinstance(output, Generate) for output in outputs)


def test_a_failed_transcription_is_said_and_frees_the_response(session: Session) -> None:
    session.send("session.update", **audio_in(transcription={"model": "x"}))
    session.protocol.audio_committed("item_x", 800)
    response_id = session.generate()
    session.protocol.transcription_failed("item_x", "transcription_failed", "The recogniser was lost.")
    assert session.types() == ["conversation.item.input_audio_transcription.failed"]
    assert not session.protocol.awaits_transcripts(response_id)


def test_without_transcription_nothing_is_said_of_it(session: Session) -> None:
    session.protocol.audio_committed("item_x", 800)
    session.events()
    session.protocol.transcribed("item_x", [("bread", -0.1)], 0.8)
    assert session.events() == []


def test_audio_inside_an_item_is_transcribed(session: Session) -> None:
    part = {"type": "input_audio", "audio": base64.b64encode(TENTH).decode()}
    item = {"type": "message", "role": "user", "content": [part], "id": "said"}
    session.protocol.receive(json.dumps({"type": "conversation.item.create", "item": item}))
    assert TranscribeItem("said", TENTH) in session.outputs()


def test_the_brain_reads_act_instructions_tools_and_items(session: Session) -> None:
    session.send("session.update", **update(instructions="You are Sarah.", tools=[TOOL]))
    session.send("conversation.item.create", item=USER)
    output = {"type": "function_call_output", "call_id": "c1", "output": "{}"}
    session.send("conversation.item.create", item=output)
    response_id = session.generate(
        instructions="Ask.", metadata={"act": "ask"}, tool_choice={"type": "function", "name": "publish"}
    )
    items, request = session.protocol.context(response_id)
    assert [(item.kind, item.role, item.text, item.output) for item in items] == [
        ("message", "user", "Hello", ""),
        ("function_call_output", "", "", "{}"),
    ]
    assert request.session_instructions == "You are Sarah."
    assert (request.instructions, request.act, request.tool_choice) == ("Ask.", "ask", "publish")
    assert [tool.name for tool in request.tools] == ["publish"]


def test_a_response_that_used_its_tokens_knows_it(session: Session) -> None:
    response_id = session.generate(max_output_tokens=4)
    response = session.protocol.response(response_id)
    assert response
    response.start_message()
    session.protocol.audio_made(response_id, TENTH)
    assert not response.over_budget
    session.protocol.audio_made(response_id, TENTH)
    assert response.over_budget


def test_a_transcription_session_answers_nothing() -> None:
    session = Session(transcription=True)
    assert error_of(session.send("response.create")).error.code == "invalid_session_type"
    (updated,) = session.send("session.update", session={"type": "transcription", "audio": {"input": {}}})
    assert updated["session"]["type"] == "transcription"
