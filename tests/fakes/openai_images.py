"""OpenAI's endpoints for pictures and for chat, as the SDK's own types describe them; odd when told to be.

A request with a field that the SDK does not know, or of another type, is answered 400 and noted.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast, get_args, get_type_hints

from aiohttp import web
from openai.types import ImageModel
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.image_generate_params import ImageGenerateParamsNonStreaming
from PIL import Image, PngImagePlugin
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

Json = dict[str, object]
KEY = "sk-pictures"
RETIRED = ("dall-e-2", "dall-e-3", "gpt-image-1")
STANDARD_SIZES = ("auto", "1024x1024", "1536x1024", "1024x1536")
PROMPT_MAX = 32_000


def picture(width: int = 1536, height: int = 1024, form: str = "PNG", mode: str = "RGB") -> bytes:
    """A picture with two halves, and with words in its metadata."""
    image = Image.new(mode, (width, height), "orange")
    image.paste("teal", (0, 0, width // 2, height))
    about = PngImagePlugin.PngInfo()
    about.add_text("prompt", "a secret of the model")
    file = io.BytesIO()
    image.save(file, form, **({"pnginfo": about} if form == "PNG" else {"exif": b"Exif\x00\x00secret"}))
    return file.getvalue()


@dataclass
class OpenAIImages:
    """What it answers; `asked` are the bodies of all requests, `refused` what was wrong with some."""

    url: str = ""
    status: int = 200
    code: str = ""
    """Of the error, where the status is one."""
    data: str | None = field(default_factory=lambda: base64.b64encode(picture()).decode())
    """The picture's base64."""
    text: str = ""
    """What the chat model writes."""
    finish: str = "stop"
    refusal: str | None = None
    raw: bytes | None = None
    """The whole body of an answer, instead of a right one."""
    drips: bool = False
    """Never ends, though a byte comes now and then."""
    breaks: bool = False
    """Ends the connection without an answer."""
    asked: list[Json] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def images(self, request: web.Request) -> web.StreamResponse:
        body = cast(Json, await request.json())
        answer = {"created": 1, "output_format": "png", "size": body.get("size")}
        images = [] if self.data is None else [{"b64_json": self.data}]
        return await self._answer(request, body, _picture_trouble(body), {**answer, "data": images})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = cast(Json, await request.json())
        message = {"role": "assistant", "content": self.text, "refusal": self.refusal}
        choice = {"index": 0, "message": message, "finish_reason": self.finish, "logprobs": None}
        answer = {"id": "c", "object": "chat.completion", "created": 1, "model": body.get("model")}
        return await self._answer(request, body, _chat_trouble(body), {**answer, "choices": [choice]})

    async def _answer(
        self, request: web.Request, body: Json, trouble: str, answer: Json
    ) -> web.StreamResponse:
        self.asked.append(body)
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, "invalid_api_key")
        if trouble:
            self.refused.append(trouble)
            return _error(404 if trouble == "model_not_found" else 400, trouble)
        if self.breaks:
            assert request.transport is not None
            request.transport.abort()
        if self.status != 200:
            return _error(self.status, self.code)
        if self.drips:
            return await self._drip(request)
        raw = self.raw if self.raw is not None else json.dumps(answer).encode()
        return web.Response(body=raw, content_type="application/json")

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while not self.released.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.02)
        return response


def _error(status: int, code: str) -> web.Response:
    error = {"message": "no", "type": "invalid_request_error", "param": None, "code": code or None}
    return web.json_response({"error": error}, status=status)


def _strict(kind: type) -> TypeAdapter[object]:
    """The SDK's type, where a field that it does not have is an error."""
    fields = {name: hint for name, hint in get_type_hints(kind, include_extras=True).items()}
    closed = TypedDict("Closed", fields, total=False)  # type: ignore[operator]
    closed.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]
    return TypeAdapter(closed)


_PICTURES, _CHATS = _strict(ImageGenerateParamsNonStreaming), _strict(CompletionCreateParamsNonStreaming)


def _trouble(kind: TypeAdapter[object], body: Json) -> str:
    try:
        valid = cast(Json, kind.validate_python(body, strict=True))
        for value in valid.values():
            if not isinstance(value, str | dict) and hasattr(value, "__iter__"):
                list(value)  # the SDK's iterables are checked as they are read
    except ValidationError as error:
        return str(error)
    return ""


def _picture_trouble(body: Json) -> str:
    if trouble := _trouble(_PICTURES, body):
        return trouble
    model, prompt, size = (
        str(body.get("model", "")),
        str(body.get("prompt", "")),
        str(body.get("size", "auto")),
    )
    known = [name for literal in get_args(ImageModel) for name in [literal]]
    if model not in known or model in RETIRED:
        return "model_not_found"
    if not 0 < len(prompt) <= PROMPT_MAX:
        return "prompt"
    if "response_format" in body or "style" in body:
        return "unsupported by GPT image models"
    if size not in STANDARD_SIZES and not re.fullmatch(r"\d+x\d+", size):
        return "size"
    return ""


def _chat_trouble(body: Json) -> str:
    if trouble := _trouble(_CHATS, body):
        return trouble
    return "" if body.get("model") and body.get("messages") else "a model and messages are wanted"


@asynccontextmanager
async def openai_images(**odd: object) -> AsyncIterator[OpenAIImages]:
    service = OpenAIImages(**odd)  # type: ignore[arg-type]
    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/v1/images/generations", service.images)
    app.router.add_post("/v1/chat/completions", service.chat)
    runner = web.AppRunner(app, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield service
    finally:
        service.released.set()
        await runner.cleanup()
