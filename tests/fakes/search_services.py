"""Strict fakes of two search services: OpenAI's Responses API with `web_search`, and a JSON search engine.

What a client does wrong is an error here as it is there: a wrong method, path, key or parameter. `trouble`
is the status that comes next instead of an answer; `body` is sent as it is instead of a good one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from openai.types.responses import Response
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter, ValidationError

KEY = "sk-search"
TEXT = (
    "Here is what I found:\n\n"
    "- Visitors of bakeries look for opening hours first. ([Crust & Co](https://crust.example/hours))\n"
    "- **Prices** are on most sites. Bread is named plainly there. ([Loaf](https://loaf.example/?utm_source=openai))\n"
    "- Short. ([Loaf](https://loaf.example/?utm_source=openai))\n"
)
CITED = [("Crust & Co", "https://crust.example/hours"), ("Loaf", "https://loaf.example/?utm_source=openai")]
_REQUEST = TypeAdapter(ResponseCreateParamsNonStreaming)
_KNOWN = set(ResponseCreateParamsNonStreaming.__required_keys__) | set(
    ResponseCreateParamsNonStreaming.__optional_keys__
)


@dataclass
class FakeSearch:
    """One of the two; `asked` are the good requests."""

    url: str = ""
    trouble: int = 0
    silent_s: float = 0
    body: bytes = b""
    type: str = "application/json"
    text: str = TEXT
    """What the model says, with its citations as `([title](address))`."""
    results: list[dict[str, object]] = field(default_factory=list)
    asked: list[dict[str, object]] = field(default_factory=list)

    async def _answer(self, good: dict[str, object]) -> web.Response:
        await asyncio.sleep(self.silent_s)
        if self.trouble:
            return web.json_response({"error": {"message": "trouble", "type": "x"}}, status=self.trouble)
        if self.body:
            return web.Response(body=self.body, headers={"Content-Type": self.type})
        return web.json_response(good)

    async def engine(self, request: web.Request) -> web.Response:
        """GET /res/v1/web/search?q=…&count=…, the key in a header."""
        if request.headers.get("X-Subscription-Token") != KEY:
            return _error(401, "no such key")
        if set(request.query) != {"q", "count"} or not request.query["q"].strip():
            return _error(422, "not the parameters")
        if "application/json" not in request.headers.get("Accept", ""):
            return _error(406, "only JSON is spoken here")
        self.asked.append(dict(request.query))
        return await self._answer({"type": "search", "web": {"results": self.results}})

    async def responses(self, request: web.Request) -> web.Response:
        """POST /v1/responses."""
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, "Incorrect API key provided.")
        try:
            asked = json.loads(await request.read())
            _REQUEST.validate_python(asked)
            if unknown := set(asked) - _KNOWN:
                raise ValueError(f"Unknown parameter: {unknown}")
        except (ValueError, ValidationError) as error:
            return _error(400, str(error))
        if [tool["type"] for tool in asked.get("tools", [])] != ["web_search"]:
            return _error(400, "nothing to search with")
        self.asked.append(asked)
        return await self._answer(answered(str(asked["model"]), self.text))


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": "invalid_request_error"}}, status=status)


def answered(model: str, text: str = TEXT) -> dict[str, object]:
    """A whole response as the service gives it; checked with the SDK's own types."""
    annotations: list[dict[str, object]] = []
    at = 0
    while (at := text.find("([", at)) >= 0:
        title, _, url = text[at + 2 : text.index("))", at)].partition("](")
        end = text.index("))", at) + 2
        cited = {"type": "url_citation", "start_index": at, "end_index": end, "title": title, "url": url}
        annotations.append(cited)
        at = end
    said = {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}
    search = {"type": "search", "query": "bakery websites", "queries": ["bakery websites"]}
    output: list[dict[str, object]] = [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": search},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [said]},
    ]
    whole: dict[str, object] = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "status": "completed",
        "model": model,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [{"type": "web_search"}],
    }
    Response.model_validate(whole)
    return whole


@asynccontextmanager
async def fake_search() -> AsyncIterator[FakeSearch]:
    """Serves both; `url` is the server's."""
    fake = FakeSearch()
    app = web.Application()
    app.router.add_get("/res/v1/web/search", fake.engine)
    app.router.add_post("/v1/responses", fake.responses)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
