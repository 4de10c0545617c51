"""The brain that asks a chat endpoint: what comes of each kind of answer, good and bad."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from server.engine import brain_chat
from server.engine.brain import Brain
from server.engine.brain_chat import ChatBrain, Endpoint
from server.engine.brain_types import BrainRequest, Call, Item, Part, ToolSpec
from tests.fakes.chat_endpoint import KEY, Answer, ChatEndpoint, chat_endpoint
from tests.fakes.realtime_engine import client, running_engine

WEATHER = ToolSpec(
    "get_weather",
    "The weather in a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
QUESTION = (Item(role="user", text="What is the weather in Paris?"),)
ASKED = BrainRequest(session_instructions="You are Sarah.", instructions="Answer.", tools=(WEATHER,))
PLAIN = BrainRequest(instructions="Greet the human.")
TEMPLATES = Brain().respond(QUESTION, ASKED)
CALL = Call("get_weather", '{"city": "Paris"}')


@asynccontextmanager
async def brain(endpoint: ChatEndpoint, key: str = KEY) -> AsyncIterator[ChatBrain]:
    asking = ChatBrain(Endpoint(endpoint.url, "m", key))
    await asking.open()
    yield asking
    await asking.close()


async def parts(
    brain: ChatBrain, request: BrainRequest = ASKED, items: tuple[Item, ...] = QUESTION
) -> list[Part]:
    async with asyncio.timeout(10):
        return [part async for part in brain.think(items, request)]


async def test_a_streamed_answer_comes_sentence_by_sentence() -> None:
    async with chat_endpoint(Answer("Good morning. How are you?", hangs_after=4)) as endpoint:
        async with brain(endpoint) as asking:
            thinking = asking.think(QUESTION, PLAIN)
            async with asyncio.timeout(5):
                assert await anext(thinking) == "Good morning."
            endpoint.released.set()
            assert [part async for part in thinking] == ["How are you?"]
            assert asking.state == "m"
    assert not endpoint.refused


async def test_calls_that_come_in_pieces_are_whole() -> None:
    calls = (("get_weather", CALL.arguments), ("get_weather", '{"city": "Rome"}'))
    async with chat_endpoint(Answer("One moment.", calls)) as endpoint, brain(endpoint) as asking:
        assert await parts(asking) == ["One moment.", CALL, Call("get_weather", '{"city": "Rome"}')]


@pytest.mark.parametrize("arguments", ['{"city": "Par', "Paris", '["Paris"]'])
async def test_arguments_that_are_no_object_are_taken_from_the_conversation(arguments: str) -> None:
    async with chat_endpoint(Answer("", (("get_weather", arguments),))) as endpoint:
        async with brain(endpoint) as asking:
            (call,) = await parts(asking)
    assert isinstance(call, Call)
    assert call.name == "get_weather"
    assert json.loads(call.arguments)["city"]


async def test_a_function_that_nobody_offered_is_not_called() -> None:
    async with chat_endpoint(Answer("Yes.", (("rm", "{}"),))) as endpoint, brain(endpoint) as asking:
        assert await parts(asking) == ["Yes."]


async def test_a_function_that_must_be_called_is_called_though_the_model_only_talks() -> None:
    forced = BrainRequest(tools=(WEATHER,), tool_choice="get_weather")
    async with chat_endpoint(Answer("Let me see.")) as endpoint, brain(endpoint) as asking:
        assert await parts(asking, forced) == ["Let me see.", CALL]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(status=429), "answered 429"),
        (Answer(status=500), "answered 500"),
        (Answer("Never.", first_byte_s=5.0), "did not answer in time"),
        (Answer("Never more.", hangs_after=1), "did not answer in time"),
        (Answer(garbage="{not json"), "could not be asked"),
        (Answer(garbage='{"choices": [{"delta": null}]}'), "could not be asked"),
        (Answer(garbage='{"error": {"message": "overloaded"}}'), "could not be asked"),
        (Answer("Not a whole sentence", stops_after=3), "could not be asked"),
        (Answer("Not a whole sentence", ends_after=3), "ended in the middle"),
        (Answer(""), "said nothing"),
        (Answer("   "), "said nothing"),
        (Answer("<think>What is the weather? I never find out."), "said nothing"),
        (Answer("", (("rm", "{}"),)), "said nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_without_an_answer_the_templates_speak_and_say_so(
    answer: Answer, why: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(brain_chat, "FIRST_SECONDS", 0.3)
    with caplog.at_level(logging.WARNING):
        async with chat_endpoint(answer) as endpoint, brain(endpoint) as asking:
            assert await parts(asking) == [TEMPLATES.text, *TEMPLATES.calls]
            assert asking.state.startswith(f"templates, because m {why}")
    assert why in caplog.text
    assert "Paris" not in caplog.text


async def test_what_a_model_thinks_before_its_answer_does_not_shorten_it() -> None:
    thought = "let me reason about it " * 120
    async with chat_endpoint(Answer(f"<think>{thought}</think>Good morning.")) as endpoint:
        async with brain(endpoint) as asking:
            assert await parts(asking, PLAIN) == ["Good morning."]
            assert asking.state == "m"


@pytest.mark.parametrize("broken", [{"stops_after": 8}, {"ends_after": 8}, {"hangs_after": 8}])
async def test_an_answer_that_breaks_off_keeps_its_sentences_and_gets_its_calls(
    broken: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a sentence is not said; the templates' words are not added, but the call that they know is."""
    monkeypatch.setattr(brain_chat, "GAP_SECONDS", 0.2)
    answer = Answer("One moment, please. I will look that up for you.", **broken)
    async with chat_endpoint(answer) as endpoint, brain(endpoint) as asking:
        assert await parts(asking) == ["One moment, please.", CALL]
        assert asking.state.startswith("templates")


async def test_an_endpoint_that_failed_rests_and_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brain_chat, "RESTS_S", (0.2,))
    async with chat_endpoint(Answer(status=500), Answer("I am back.")) as endpoint:
        async with brain(endpoint) as asking:
            await parts(asking)
            await parts(asking)
            assert len(endpoint.asked) == 1
            await asyncio.sleep(0.25)
            assert await parts(asking) == ["I am back."]
            assert asking.state == "m"


async def test_a_wrong_key_is_a_failure_like_others_and_is_written_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, "server"):
        async with chat_endpoint(Answer("Hello.")) as endpoint, brain(endpoint, "sk-wrong") as asking:
            assert (await parts(asking))[0] == TEMPLATES.text
            assert "answered 401" in asking.state
    assert "sk-wrong" not in caplog.text + repr(Endpoint("u", "m", "sk-wrong"))


async def test_an_answer_that_is_not_wanted_any_more_is_closed() -> None:
    async with chat_endpoint(Answer("One. Two. " * 50, hangs_after=20)) as endpoint:
        async with brain(endpoint) as asking:
            thinking = asking.think(QUESTION, PLAIN)
            assert await anext(thinking) == "One."
            await thinking.aclose()
            async with asyncio.timeout(5):
                while not endpoint.closed:
                    await asyncio.sleep(0.01)


async def test_an_endless_answer_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brain_chat, "LONGEST_CHARACTERS", 100)
    async with chat_endpoint(Answer("And on it goes. " * 200)) as endpoint, brain(endpoint) as asking:
        assert await parts(asking) == ["And on it goes."] * 7


CONVERSATION = (
    Item(role="system", text='question: {"text": "What do you sell?"}'),
    Item(role="assistant", text="What do you sell?"),
    Item(role="user", text="[Human]: Bread."),
    Item(kind="function_call", name="note", call_id="c1", arguments='{"a": 1}'),
    Item(kind="function_call", name="forgotten", call_id="c2"),
    Item(role="assistant", text=""),
    Item(kind="function_call_output", call_id="c1", output='{"ok": true}'),
    Item(kind="function_call_output", call_id="c9", output='{"ok": false}'),
    Item(role="user", text=""),
)


SAID = Item(role="system", text='said: {"text": "Good morning. How"}')
GOES_ON = BrainRequest(instructions="Go on after what was said.", act="greet", after="turn1")


@pytest.mark.parametrize(
    ("answer", "left"),
    [("are you?", ["are you?"]), ("Good morning. How are you?", ["How are you?"]), ("", [])],
)
async def test_a_turn_that_goes_on_repeats_no_sentence_and_may_say_nothing(
    answer: str, left: list[str]
) -> None:
    async with chat_endpoint(Answer(answer)) as endpoint, brain(endpoint) as asking:
        assert await parts(asking, GOES_ON, (SAID,)) == left
        assert asking.state == "m"


async def test_the_whole_conversation_is_asked_in_a_form_that_servers_take() -> None:
    act = BrainRequest("You are Sarah.", "Ask on.", act="ask", tools=(WEATHER,))
    async with chat_endpoint(Answer("Yes.")) as endpoint, brain(endpoint) as asking:
        assert await parts(asking, act, CONVERSATION) == ["Yes."]
    assert not endpoint.refused
    (asked,) = endpoint.asked
    messages = asked["messages"]
    assert isinstance(messages, list)
    assert messages[0] == {"role": "system", "content": "You are Sarah."}
    assert messages[-1] == {"role": "system", "content": "Ask on."}
    roles = [message["role"] for message in messages[1:-1]]
    assert roles == ["system", "assistant", "user", "assistant", "tool", "system", "user"]
    assert asked["tool_choice"] == "auto"


async def test_a_first_turn_without_a_human_is_asked_for_too() -> None:
    async with chat_endpoint(Answer("Welcome.")) as endpoint, brain(endpoint) as asking:
        assert await parts(asking, PLAIN, ()) == ["Welcome."]
    assert not endpoint.refused


async def test_the_engine_speaks_what_the_endpoint_says_and_tells_when_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole way: the settings of the process, a spoken answer by the SDK, a failure that can be seen."""
    answers = (Answer("Good morning. I am the model."), Answer(status=500))
    async with chat_endpoint(*answers) as endpoint:
        monkeypatch.setenv("MOENTREPRISE_BRAIN_URL", endpoint.url)
        monkeypatch.setenv("MOENTREPRISE_BRAIN_MODEL", "m")
        monkeypatch.setenv("MOENTREPRISE_BRAIN_KEY", KEY)
        arguments = ("--hearing-workers", "1", "--speaking-workers", "1", "--log-level", "error")
        async with running_engine(*arguments) as port, client(port) as guest:
            assert await brain_of(port) == "m"
            await guest.configure(audio={"input": {"turn_detection": None}})
            for expected in ("Good morning. I am the model.", ("Hello", "Hi,")):
                await guest.sdk.response.create()
                done = await guest.until("response.done")
                assert done.response.status == "completed"
                assert done.response.output[0].content[0].transcript.startswith(expected)
            assert len(guest.audio()) > 48_000
            assert await brain_of(port) == "templates, because m answered 500"


async def brain_of(port: int) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/v1/models") as answer:
        return str((await answer.json())["data"][0]["brain"])
