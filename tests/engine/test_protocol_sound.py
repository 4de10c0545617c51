"""Sound inside items, and transcripts of what was changed before they came."""

from __future__ import annotations

import base64
import json

from server.engine.protocol_effects import Generate, TranscribeItem
from tests.fakes.protocol_session import TENTH, Json, Session, audio_in, error_of

SOUND = {"type": "input_audio", "audio": base64.b64encode(TENTH).decode()}


def message(*parts: object, **fields: object) -> Json:
    return {"type": "message", "role": "user", "content": list(parts), **fields}


def test_an_item_that_was_deleted_before_its_transcript_came_holds_no_response() -> None:
    session = Session()
    session.protocol.audio_committed("item_x", 800)
    response_id = session.generate()
    session.send("conversation.item.delete", item_id="item_x")
    assert session.protocol.awaits_transcripts(response_id)
    session.protocol.transcribed("item_x", [("bread", -0.1)], 0.8)
    assert not session.protocol.awaits_transcripts(response_id)
    assert session.protocol.context(response_id)[0][0].text == "bread"


def test_words_belong_to_the_part_with_the_sound() -> None:
    session = Session()
    session.send("session.update", **audio_in(transcription={"model": "x"}))
    session.send(
        "conversation.item.create", item=message({"type": "input_text", "text": "Name:"}, SOUND, id="i")
    )
    session.protocol.transcribed("i", [("bread", -0.1)], 0.1)
    assert {event["content_index"] for event in session.events()} == {1}
    assert session.protocol.context(session.generate())[0][0].text == "Name: bread"


def test_sound_in_a_responses_own_input_is_understood_and_told_to_nobody_else() -> None:
    session = Session()
    session.send("session.update", **audio_in(transcription={"model": "x"}))
    asked = {"conversation": "none", "input": [message(SOUND)]}
    session.protocol.receive(json.dumps({"type": "response.create", "response": asked}))
    outputs = session.outputs()
    (sound,) = (output for output in outputs if isinstance(output, TranscribeItem))
    (begun,) = (output for output in outputs if isinstance(output, Generate))
    assert sound.pcm == TENTH
    assert session.protocol.awaits_transcripts(begun.response_id)
    session.protocol.transcribed(sound.item_id, [("bread", -0.1)], 0.1)
    assert session.events() == []
    assert session.protocol.context(begun.response_id)[0][0].text == "bread"


def test_so_many_responses_at_a_time_and_no_more() -> None:
    session = Session()
    first = session.generate(conversation="none")
    for _ in range(15):
        session.generate(conversation="none")
    error = error_of(session.send("response.create", response={"conversation": "none"}))
    assert error.error.code == "too_many_responses"
    session.send("response.cancel", response_id=first)
    assert session.generate(conversation="none")
