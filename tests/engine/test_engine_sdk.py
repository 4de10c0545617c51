"""The real `openai` SDK drives the real engine process. Every event must fit the SDK type that it names."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from tests.fakes.realtime_engine import Client, client, running_engine, speech

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTENING = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}
SILENT = {"input": {"turn_detection": None}}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def port() -> AsyncIterator[int]:
    async with running_engine() as port:
        yield port


@pytest_asyncio.fixture(loop_scope="module")
async def guest(port: int) -> AsyncIterator[Client]:
    async with client(port) as guest:
        assert (await guest.receive()).type == "session.created"
        yield guest


async def say(guest: Client, text: str) -> None:
    content = [{"type": "input_text", "text": text}]
    await guest.sdk.conversation.item.create(item={"type": "message", "role": "user", "content": content})
    await guest.until("conversation.item.done")


async def test_a_spoken_turn_is_heard_transcribed_and_answered_aloud(guest: Client) -> None:
    audio = {"input": {"turn_detection": LISTENING, "transcription": {"model": "any"}}}
    await guest.configure(audio=audio, include=["item.input_audio_transcription.logprobs"])
    speaking = asyncio.create_task(guest.speak(speech("We sell fresh bread."), seconds_per_second=4))
    started = await guest.until("input_audio_buffer.speech_started")
    stopped = await guest.until("input_audio_buffer.speech_stopped")
    done = await guest.until("response.done")
    await speaking
    assert done.response.status == "completed"
    assert started.item_id == stopped.item_id
    assert 0 <= started.audio_start_ms < 400 < stopped.audio_end_ms
    heard = next(event for event in guest.seen if event.type.endswith("input_audio_transcription.completed"))
    assert heard.item_id == started.item_id
    assert "bread" in heard.transcript
    assert len(heard.logprobs) == len(heard.transcript.split())
    assert len(guest.audio()) > 24_000
    order = [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "conversation.item.input_audio_transcription.completed",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.content_part.done",
        "response.output_item.done",
    ]
    positions = [guest.types().index(name) for name in order]
    assert positions == sorted(positions)


async def test_words_come_while_the_human_still_speaks(guest: Client) -> None:
    await guest.configure(audio={"input": {"turn_detection": LISTENING, "transcription": {"model": "any"}}})
    text = "We bake fresh bread and cakes for the families in our street."
    speaking = asyncio.create_task(guest.speak(speech(text), seconds_per_second=2))
    await guest.until("conversation.item.input_audio_transcription.completed")
    await speaking
    deltas = [event for event in guest.seen if event.type.endswith("input_audio_transcription.delta")]
    early = guest.seen[: guest.types().index("input_audio_buffer.speech_stopped")]
    assert len([event for event in early if event in deltas]) >= 2
    started = next(event for event in guest.seen if event.type == "input_audio_buffer.speech_started")
    assert {event.item_id for event in deltas} == {started.item_id}
    told = "".join(event.delta for event in deltas)
    assert told == " ".join(told.split())
    assert len(set(told.split()) & set(text.lower().rstrip(".").split())) >= 5


@pytest.mark.parametrize(
    ("text", "least_ms", "most_ms"),
    [("We sell fresh bread.", 250, 900), ("We repair bicycles because.", 1_900, 2_500)],
)
async def test_semantic_turn_detection_waits_for_the_end_of_a_phrase(
    guest: Client, text: str, least_ms: int, most_ms: int
) -> None:
    turns = {"type": "semantic_vad", "eagerness": "high", "create_response": False}
    await guest.configure(audio={"input": {"turn_detection": turns}})
    pcm = speech(text, "echo", after_ms=2_600)
    speaking = asyncio.create_task(guest.speak(pcm))
    stopped = await guest.until("input_audio_buffer.speech_stopped")
    await speaking
    assert least_ms <= stopped.audio_end_ms - (len(pcm) // 48 - 2_600) <= most_ms


async def test_each_word_comes_before_the_audio_it_begins_in(guest: Client) -> None:
    await guest.configure(audio=SILENT)
    await say(guest, "Hello, who are you and what can you do for me?")
    await guest.sdk.response.create()
    await guest.until("response.done")
    received_ms = 0
    words = []
    for event in guest.seen:
        if event.type == "response.output_audio_transcript.delta":
            assert event.audio_start_ms >= received_ms - 1
            words.append(event.delta)
        elif event.type == "response.output_audio.delta":
            assert len(event.delta) <= 12_800
            received_ms += len(event.delta) * 3 // 4 // 48
    spoken = next(event for event in guest.seen if event.type == "response.output_audio_transcript.done")
    assert "".join(words) == spoken.transcript
    assert all(re.fullmatch(r"\S+ ?", word) for word in words)


async def test_a_forced_function_is_called_and_its_output_taken(guest: Client) -> None:
    await guest.configure(audio=SILENT, tools=[WEATHER])
    await say(guest, "What is the weather in Paris?")
    await guest.sdk.response.create(response={"tool_choice": {"type": "function", "name": "get_weather"}})
    call = await guest.until("response.function_call_arguments.done")
    done = await guest.until("response.done")
    assert call.name == "get_weather"
    assert isinstance(json.loads(call.arguments), dict)
    item = next(item for item in done.response.output if item.type == "function_call")
    assert item.call_id == call.call_id
    output = {"type": "function_call_output", "call_id": call.call_id, "output": '{"sky": "clear"}'}
    await guest.sdk.conversation.item.create(item=output)
    await guest.until("conversation.item.done")
    await guest.sdk.response.create(response={"tool_choice": "none"})
    assert (await guest.until("response.done")).response.status == "completed"


async def test_an_out_of_band_response_runs_beside_and_leaves_the_conversation_alone(guest: Client) -> None:
    await guest.configure(audio=SILENT)
    await say(guest, "Tell me something about yourself.")
    before = len(guest.seen)
    await guest.sdk.response.create()
    question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello?"}]}
    aside = {"conversation": "none", "metadata": {"topic": "aside"}, "output_modalities": ["text"]}
    await guest.sdk.response.create(response={**aside, "input": [question]})
    responses = [(await guest.until("response.done")).response for _ in range(2)]
    by_topic = {(response.metadata or {}).get("topic", "main"): response for response in responses}
    assert by_topic["aside"].conversation_id is None
    assert by_topic["aside"].output[0].content[0].type == "output_text"
    assert by_topic["main"].conversation_id
    added = [event.item.id for event in guest.seen[before:] if event.type == "conversation.item.added"]
    assert added == [by_topic["main"].output[0].id]


async def test_a_cancelled_response_ends_at_once_and_the_next_one_works(guest: Client) -> None:
    await guest.configure(audio=SILENT)
    await say(guest, "Please introduce yourself at length.")
    await guest.sdk.response.create()
    await guest.until("response.created")
    await guest.sdk.response.cancel()
    done = await guest.until("response.done")
    assert done.response.status == "cancelled"
    assert done.response.status_details.reason == "client_cancelled"
    await guest.sdk.response.create()
    assert (await guest.until("response.done")).response.status == "completed"


async def test_truncation_keeps_what_was_heard_and_forgets_the_words(guest: Client) -> None:
    await guest.configure(audio=SILENT)
    await say(guest, "Hello, who are you?")
    await guest.sdk.response.create()
    item_id = (await guest.until("response.done")).response.output[0].id
    truncate = guest.sdk.conversation.item.truncate
    await truncate(item_id=item_id, content_index=0, audio_end_ms=100)
    assert (await guest.until("conversation.item.truncated")).audio_end_ms == 100
    await guest.sdk.conversation.item.retrieve(item_id=item_id)
    assert not (await guest.until("conversation.item.retrieved")).item.content[0].transcript
    await truncate(item_id=item_id, content_index=0, audio_end_ms=200)
    assert (await guest.receive()).error.param == "audio_end_ms"


async def test_an_error_names_its_event_and_leaves_the_session_open(guest: Client) -> None:
    await guest.sdk.send_raw(json.dumps({"type": "no.such.event", "event_id": "mine"}))
    error = (await guest.receive()).error
    assert (error.code, error.param, error.event_id) == ("invalid_value", "type", "mine")
    await guest.configure(instructions="Still here.")


async def test_push_to_talk_commits_without_turn_detection(guest: Client) -> None:
    audio = {"input": {"turn_detection": None, "transcription": {"model": "any"}}}
    await guest.configure(audio=audio)
    await guest.sdk.input_audio_buffer.commit()
    assert (await guest.receive()).error.code == "input_audio_buffer_commit_empty"
    await guest.speak(speech("We bake bread every day."), seconds_per_second=20)
    await guest.sdk.input_audio_buffer.commit()
    heard = await guest.until("conversation.item.input_audio_transcription.completed")
    assert "bread" in heard.transcript


async def test_binary_frames_and_an_abrupt_end_harm_nobody(port: int, guest: Client) -> None:
    async with aiohttp.ClientSession() as http:
        socket = await http.ws_connect(f"http://127.0.0.1:{port}/v1/realtime?model=any")
        assert (await socket.receive_json())["type"] == "session.created"
        await socket.send_bytes(b"\x00" * 100)
        assert (await socket.receive_json())["error"]["code"] == "invalid_frame"
        await socket.send_json({"type": "response.create"})
        connection = socket._response.connection
        assert connection
        assert connection.transport
        connection.transport.abort()
        await say(guest, "Are you there?")
        async with asyncio.timeout(10):
            while (await (await http.get(f"http://127.0.0.1:{port}/healthz")).json())["sessions"] > 1:
                await asyncio.sleep(0.05)


async def test_a_token_is_asked_for_when_one_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOENTREPRISE_ENGINE_TOKEN", "secret")
    async with running_engine("--hearing-workers", "1", "--speaking-workers", "1") as port:
        async with aiohttp.ClientSession() as http:
            models = f"http://127.0.0.1:{port}/v1/models"
            async with http.get(models) as refused:
                assert refused.status == 401
                assert refused.content_type == "application/problem+json"
            async with http.get(models, headers={"Authorization": "Bearer \udcff"}) as refused:
                assert refused.status == 401
            async with http.get(models, headers={"Authorization": "Bearer secret"}) as answer:
                assert (await answer.json())["data"][0]["id"]


async def test_no_worker_outlives_a_killed_engine() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.engine", "--hearing-workers", "2", "--speaking-workers", "2",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stdin
    await process.stdout.readline()
    async with asyncio.timeout(20):
        while len(children := _children(process.pid)) < 4:
            await asyncio.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    process.stdin.close()
    async with asyncio.timeout(10):
        while any(_alive(child) for child in children):
            await asyncio.sleep(0.05)


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
    except ProcessLookupError:
        return False
