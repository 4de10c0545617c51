"""The listening session: what the human said, as the owner is told."""

from __future__ import annotations

from typing import cast

import pytest
from realtime_pair import LISTENER, Pair

from orchestration.realtime_outcomes import (
    HumanNotUnderstood,
    HumanStarted,
    HumanStopped,
    HumanUnderstood,
)
from orchestration.realtime_wire import append_message, parse
from tests.fakes.openai_service import Json


def test_the_listening_session_detects_turns_and_never_answers_by_itself() -> None:
    session = Pair(LISTENER).service.session
    hearing = cast(Json, cast(Json, session["audio"])["input"])
    assert session["output_modalities"] == ["text"]
    assert hearing["transcription"] == {"model": "transcriber"}
    detection = cast(Json, hearing["turn_detection"])
    assert detection["silence_duration_ms"] == 700
    assert detection["create_response"] is False
    assert detection["interrupt_response"] is False


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


def test_transcripts_that_come_in_another_order_each_belong_to_their_item() -> None:
    pair = Pair(LISTENER)
    pair.service.transcribes_at_once = False
    pair.service.transcripts.extend([{"transcript": "first"}, {"transcript": "second"}])
    for _ in range(2):
        pair.deliver(pair.service.receive(parse(append_message(bytes(9600)))))
        pair.client.commit()
        pair.sync()
    items = [item for item, _ in pair.service.untranscribed]
    assert not pair.client.idle
    pair.deliver(pair.service.transcribe(1))
    assert not pair.client.idle, "the first one's is still to come"
    pair.deliver(pair.service.transcribe(0))
    said = cast("list[HumanUnderstood]", pair.of(HumanUnderstood))
    assert [(s.item, s.text) for s in said] == [(items[1], "second"), (items[0], "first")]
    assert pair.client.idle


def test_nothing_understood_is_said_so() -> None:
    pair = Pair(LISTENER)
    base = "conversation.item.input_audio_transcription"
    pair.deliver([{"type": f"{base}.completed", "item_id": "h1", "transcript": "  "}])
    pair.deliver([{"type": f"{base}.failed", "item_id": "h2", "error": {}}])
    pair.client.commit()
    pair.sync()
    assert pair.of(HumanNotUnderstood) == [HumanNotUnderstood(item) for item in ("h1", "h2", "")]


def test_an_audio_message_is_the_json_that_the_protocol_wants() -> None:
    event = parse(append_message(b"\x00\x01\x02\x03"))
    assert event == {"type": "input_audio_buffer.append", "audio": "AAECAw=="}
