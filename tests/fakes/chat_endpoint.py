"""A chat endpoint as OpenAI and local servers offer it, streaming or not: strict with what it is asked, odd
when told to be.

Requests are checked as those servers check them: known roles, results right after their calls, tools with a
schema, a choice among them. What is wrong is answered 400 and noted, so that a test can see it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Json = dict[str, object]
KEY = "sk-chat"
JSON = "application/json"


@dataclass
class Answer:
    """What the next question gets: `text` word by word, then `calls` (name, arguments) in small pieces."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    status: int = 200
    first_byte_s: float = 0.0
    stops_after: int | None = None
    """Break the connection after so many pieces."""
    hangs_after: int | None = None
    """Send nothing more after so many pieces."""
    ends_after: int | None = None
    """End the answer politely after so many pieces, without its finish."""
    garbage: str = ""
    """A line of data, first thing; of a whole answer, all of it."""
    refusal: str = ""
    """Of a whole answer."""
    tokens: int | None = None
    """The usage of a whole answer, where it counts them."""
    finish: str = ""
    """The reason of a whole answer's end, when it is not the usual one."""


@dataclass
class ChatEndpoint:
    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    """Taken one by one; the last one stays."""
    asked: list[Json] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)
    """When, on the loop's clock."""
    refused: list[str] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the end of a test, so that whoever hangs lets go."""
    closed: int = 0
    """How many answers the client broke off."""

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        self.asked_at.append(asyncio.get_running_loop().time())
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"message": "who are you"}}, status=401)
        if trouble := _trouble(body):
            self.refused.append(trouble)
            return web.json_response({"error": {"message": trouble}}, status=400)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.status != 200:
            headers = {"Retry-After": "1"} if answer.status == 429 else {}
            return web.json_response({"error": {"message": "no"}}, status=answer.status, headers=headers)
        await self._wait(answer.first_byte_s)
        if body.get("stream") is not True:
            return web.Response(text=answer.garbage or _whole(answer, len(self.asked)), content_type=JSON)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await self._stream(request, response, answer)
        except (ConnectionResetError, asyncio.CancelledError):
            self.closed += 1
            raise
        return response

    async def _stream(self, request: web.Request, response: web.StreamResponse, answer: Answer) -> None:
        if answer.garbage:
            await response.write(f"data: {answer.garbage}\n\n".encode())
        for number, delta in enumerate(_deltas(answer)):
            if number == answer.stops_after:
                assert request.transport
                request.transport.abort()
                return
            if number == answer.hangs_after:
                await self.released.wait()
            if number == answer.ends_after:
                return
            await _send(response, {"delta": delta, "finish_reason": None})
        finish = "tool_calls" if answer.calls else "stop"
        await _send(response, {"delta": {}, "finish_reason": finish})
        await response.write(b"data: [DONE]\n\n")

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.released.wait(), seconds)
        except TimeoutError:
            pass


async def _send(response: web.StreamResponse, choice: Json) -> None:
    chunk: Json = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    choices = [{"index": 0, **choice}]
    await response.write(b"data: " + json.dumps({**chunk, "choices": choices}).encode() + b"\n\n")
    await asyncio.sleep(0)


def _deltas(answer: Answer) -> list[Json]:
    """A role first, words, then calls: the name with its id, and the arguments four characters at a time."""
    words = answer.text.split(" ") if answer.text else []
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word if n == len(words) - 1 else f"{word} "} for n, word in enumerate(words)]
    for index, (name, arguments) in enumerate(answer.calls):
        first = {"index": index, "id": f"call_{index}", "type": "function"}
        deltas.append({"tool_calls": [{**first, "function": {"name": name, "arguments": ""}}]})
        for start in range(0, len(arguments), 4):
            piece = {"index": index, "function": {"arguments": arguments[start : start + 4]}}
            deltas.append({"tool_calls": [piece]})
    return deltas


def _whole(answer: Answer, number: int) -> str:
    """The answer as one object; each call has an id of its own in the whole conversation."""
    calls = [
        {"id": f"call_{number}_{at}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for at, (name, arguments) in enumerate(answer.calls)
    ]
    message: Json = {"role": "assistant", "content": answer.text or None, "refusal": answer.refusal or None}
    if calls:
        message["tool_calls"] = calls
    finish = answer.finish or ("tool_calls" if calls else "stop")
    whole: Json = {"id": "c", "object": "chat.completion", "created": 0, "model": "m"}
    whole["choices"] = [{"index": 0, "message": message, "finish_reason": finish}]
    if answer.tokens is not None:
        whole["usage"] = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": answer.tokens}
    return json.dumps(whole)


def _trouble(body: Json) -> str:
    """What such a server would refuse; empty when all is well."""
    if unknown := set(body) - {"model", "messages", "stream", "tools", "tool_choice"}:
        return f"unknown: {unknown}"
    if body.get("stream") not in (None, True) or not body.get("model"):
        return "a model is wanted, and a stream or none"
    messages = body.get("messages")
    if not isinstance(messages, list) or not any(message.get("role") == "user" for message in messages):
        return "no user message"
    waiting: list[str] = []
    for message in messages:
        role = message.get("role")
        if role not in ("system", "user", "assistant", "tool"):
            return f"role {role}"
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                return "a result without its call"
            waiting.remove(message["tool_call_id"])
        elif waiting:
            return "a call without its result"
        waiting += [call["id"] for call in message.get("tool_calls", ())]
        if not isinstance(message.get("content"), str) and not message.get("tool_calls"):
            return "a message without content"
    return "a call without its result" if waiting else _tool_trouble(body)


def _tool_trouble(body: Json) -> str:
    tools, choice = body.get("tools"), body.get("tool_choice")
    if tools is None:
        return "" if choice is None else "a choice without tools"
    if not isinstance(tools, list) or not tools:
        return "no tools"
    names = {tool["function"]["name"] for tool in tools if tool["type"] == "function"}
    if any(tool["function"]["parameters"].get("type") != "object" for tool in tools):
        return "a tool without a schema"
    if len(names) != len(tools) or any(_unsound(tool["function"]["parameters"]) for tool in tools):
        return "a schema that wants what it does not have, or a name twice"
    if isinstance(choice, dict):
        return "" if choice["function"]["name"] in names else "a choice that is no tool"
    return "" if choice in ("auto", "none", "required") else f"choice {choice}"


def _unsound(schema: Json) -> bool:
    known, wanted = schema.get("properties", {}), schema.get("required", [])
    return not isinstance(known, dict) or not isinstance(wanted, list) or not set(wanted) <= set(known)


@asynccontextmanager
async def chat_endpoint(*answers: Answer) -> AsyncIterator[ChatEndpoint]:
    endpoint = ChatEndpoint(answers=list(answers))
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/v1/chat/completions", endpoint.complete)
    runner = web.AppRunner(app, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield endpoint
    finally:
        endpoint.released.set()
        await runner.cleanup()
