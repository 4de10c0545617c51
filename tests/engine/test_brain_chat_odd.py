"""Chat endpoints that send what no SDK expects, or no end of it: the conversation goes on all the same."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import repeat

import pytest
from aiohttp import web

from server.engine import brain_chat
from server.engine.brain import Brain
from server.engine.brain_chat import ChatBrain, Endpoint
from server.engine.brain_sentences import LONGEST, Sentences
from server.engine.brain_types import BrainRequest, Call, Item, Part, ToolSpec
from tests.fakes.chat_endpoint import KEY, Answer, chat_endpoint

Json = dict[str, object]
WEATHER = ToolSpec("get_weather", "", {"type": "object", "properties": {"city": {"type": "string"}}})
QUESTION = (Item(role="user", text="What is the weather in Paris?"),)
ASKED = BrainRequest(tools=(WEATHER,))
TEMPLATES = Brain().respond(QUESTION, ASKED)


@asynccontextmanager
async def sending(deltas: Iterable[Json], every_s: float = 0.0) -> AsyncIterator[ChatBrain]:
    """A brain whose endpoint sends these deltas, whatever is in them."""

    async def complete(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for delta in deltas:
            choice = {"index": 0, "delta": delta, "finish_reason": delta.get("finish")}
            await response.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())
            await asyncio.sleep(every_s)
        await response.write(b"data: [DONE]\n\n")
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    brain = ChatBrain(Endpoint(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", "m"))
    await brain.open()
    yield brain
    await brain.close()
    await runner.cleanup()


async def parts(brain: ChatBrain, items: tuple[Item, ...] = QUESTION) -> list[Part]:
    async with asyncio.timeout(10):
        return [part async for part in brain.think(items, ASKED)]


def calling(**function: object) -> Json:
    return {"tool_calls": [{"index": 0, "function": {"name": "get_weather", **function}}]}


@pytest.mark.parametrize(
    "delta",
    [
        {"content": 5},
        {"content": [{"type": "text", "text": "Hello."}]},
        {"tool_calls": 5},
        calling(arguments=5),
        calling(name=["get_weather"]),
    ],
    ids=str,
)
async def test_a_piece_of_another_shape_is_no_answer(delta: Json) -> None:
    async with sending([delta, {"finish": "stop"}]) as brain:
        assert await parts(brain) == [TEMPLATES.text, *TEMPLATES.calls]
        assert brain.state.startswith("templates, because m could not be asked")


async def test_arguments_may_come_as_an_object_and_calls_without_an_index() -> None:
    call: Json = {"tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Rome"}}}]}
    async with sending([call, {"finish": "tool_calls"}]) as brain:
        assert await parts(brain) == [Call("get_weather", '{"city": "Rome"}')]


def endless(first: Json, more: Json) -> Iterator[Json]:
    yield first
    yield from repeat(more)


@pytest.mark.parametrize(
    ("first", "more", "said"),
    [
        (calling(arguments="{"), {"tool_calls": [{"index": 0, "function": {"arguments": " " * 99}}]}, ""),
        ({"content": "Hello. And "}, {"content": "**\n" * 33}, "Hello."),
        ({"content": "<think>"}, {"content": "and then " * 11}, ""),
    ],
    ids=["arguments", "mark-up", "thoughts"],
)
async def test_what_comes_to_no_end_is_not_read_for_ever(
    first: Json, more: Json, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brain_chat, "LONGEST_ANSWER", 5_000)
    async with sending(endless(first, more)) as brain:
        assert (await parts(brain))[0] == (said or TEMPLATES.text)
        assert brain.state == "templates, because m came to no end"


async def test_a_model_that_thinks_for_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The team waits for a voice for so long only, whatever comes that is not said."""
    monkeypatch.setattr(brain_chat, "FIRST_SECONDS", 0.4)
    thoughts: list[Json] = [{"content": "<think>"}, *[{"content": "hm "}] * 40]
    async with sending([*thoughts, {"content": "</think>Hello."}, {"finish": "stop"}], 0.05) as brain:
        assert (await parts(brain))[0] == TEMPLATES.text
        assert "did not answer in time" in brain.state


def test_a_long_piece_is_cut_at_once() -> None:
    """A proxy may hand on a whole answer in one piece: the engine's loop must not stand still for it."""
    sentences = Sentences()
    began = time.perf_counter()
    found = [*sentences.feed("a. " * 16_000), sentences.rest()]
    assert time.perf_counter() - began < 2.0
    assert " ".join(found) == ("a. " * 16_000).strip()
    assert max(map(len, found)) <= LONGEST


async def test_a_question_that_is_refused_does_not_silence_the_model_for_others() -> None:
    async with chat_endpoint(Answer(status=400), Answer("I am still here.")) as endpoint:
        brain = ChatBrain(Endpoint(endpoint.url, "m", KEY))
        await brain.open()
        assert (await parts(brain))[0] == TEMPLATES.text
        assert brain.state == "templates, because m answered 400"
        assert await parts(brain) == ["I am still here."]
        await brain.close()


async def test_failures_at_one_time_are_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brain_chat, "RESTS_S", (0.2, 60.0))
    async with chat_endpoint(*[Answer(status=500)] * 5, Answer("I am back.")) as endpoint:
        brain = ChatBrain(Endpoint(endpoint.url, "m", KEY))
        await brain.open()
        await asyncio.gather(*(parts(brain) for _ in range(5)))
        await asyncio.sleep(0.25)
        assert await parts(brain) == ["I am back."]
        await brain.close()


async def test_half_a_character_is_replaced_before_it_is_said() -> None:
    async with sending([{"content": "Hello \ud800."}, {"finish": "stop"}]) as brain:
        assert await parts(brain) == ["Hello ?."]
