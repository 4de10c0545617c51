"""A brain that asks a chat endpoint (`MOENTREPRISE_BRAIN_URL`) and streams what it says.

Whatever goes wrong there, the conversation goes on with the templates of brain.py: with all of a reply while
nothing was said yet, with its function calls alone once words were. After a failure the endpoint rests, so
that the next turns do not wait for it in vain; `state` says in words how things are.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.engine import brain_chat_messages as chat
from server.engine import brain_chat_pieces as pieces
from server.engine import brain_tools
from server.engine.brain import Brain
from server.engine.brain_chat_pieces import Piece
from server.engine.brain_context import read, string
from server.engine.brain_resume import was_heard
from server.engine.brain_sentences import Sentences
from server.engine.brain_types import BrainRequest, Call, Item, Part

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

log = logging.getLogger(__name__)
FIRST_SECONDS = 8.0
"""From the question to the first words or the first of a call: the team waits 15 s for a voice."""
GAP_SECONDS = 5.0
"""Between two pieces of the answer."""
RESTS_S = (5.0, 10.0, 20.0, 40.0, 60.0)
"""After so many failures in a row the endpoint is left alone for so long."""
LONGEST_CHARACTERS = 2_000
"""Nobody listens to more in one turn: the rest of the answer is not read."""
LONGEST_ANSWER = 50_000
"""Characters of all kinds: words, thoughts, mark-up and arguments. What is longer has no end."""
_ITS_OWN_FAULT = (400, 413, 422)
"""What such a status refuses is this question, a too long one perhaps; others may be answered."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_near(url: str) -> bool:
    """Whether it is on this machine: a proxy would not find it."""
    return urlsplit(url).hostname in _LOOPBACK


class ChatFailed(Exception):
    """The endpoint did not give a usable answer. The message is for the operator and holds nothing said."""

    def __init__(self, message: str, *, rests: bool = True) -> None:
        super().__init__(message)
        self.rests = rests
        """Whether other questions would fail as well."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server: `url` up to and with `/v1`."""

    url: str
    model: str
    key: str = field(default="", repr=False)


@dataclass(slots=True)
class _CallPieces:
    name: str = ""
    arguments: str = ""


class ChatBrain(Brain):
    """Open it before the first `think`: loading the SDK takes 1.4 s."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client: AsyncOpenAI | None = None
        self._failures = 0
        self._trouble = ""
        self._rests_until = 0.0

    async def open(self) -> None:
        """Load the SDK beside the loop and make the client; nothing is sent."""
        await super().open()
        openai = await asyncio.to_thread(importlib.import_module, "openai")
        self._client = openai.AsyncOpenAI(
            base_url=self._endpoint.url,
            api_key=self._endpoint.key or "none",
            max_retries=0,
            timeout=FIRST_SECONDS,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not is_near(self._endpoint.url)),
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    @property
    def state(self) -> str:
        if self._trouble:
            return f"templates, because {self._endpoint.model} {self._trouble}"
        return self._endpoint.model

    async def think(self, items: Sequence[Item], request: BrainRequest) -> AsyncGenerator[Part, None]:
        """Sentences and calls as they come. Never raises for what the endpoint does.

        A turn that broke off and goes on may have nothing left to say; what a model repeats is left out.
        """
        said = called = False
        heard = string(read(items, "").fact("said"), "text") if request.after else ""
        if asyncio.get_running_loop().time() >= self._rests_until:
            try:
                async with aclosing(self._ask(items, request)) as parts:
                    async for part in parts:
                        if heard and isinstance(part, str) and was_heard(part, heard):
                            continue
                        said, called = said or isinstance(part, str), called or isinstance(part, Call)
                        yield part
                self._succeeded()
                said = said or bool(heard)
                if called or (said and brain_tools.forced(request) is None):
                    return
            except ChatFailed as error:
                self._failed(str(error), error.rests)
        reply = self.respond(items, request)
        if reply.text and not said:
            yield reply.text
        if not called:
            for call in reply.calls:
                yield call

    # The endpoint

    async def _ask(self, items: Sequence[Item], request: BrainRequest) -> AsyncGenerator[Part, None]:
        sentences, calls = Sentences(), dict[int, _CallPieces]()
        read = said = 0
        async with aclosing(self._pieces(items, request, sentences)) as answer:
            async for piece in answer:
                for call in piece.calls:
                    whole = calls.setdefault(call.index, _CallPieces())
                    whole.name += call.name
                    whole.arguments += call.arguments
                for sentence in sentences.feed(piece.text[:LONGEST_ANSWER]):
                    said += len(sentence)
                    yield sentence
                if said > LONGEST_CHARACTERS:
                    return
                read += piece.length
                if read > LONGEST_ANSWER:
                    raise ChatFailed("came to no end")
        if last := sentences.rest():
            yield last
        wanted = [made for whole in calls.values() if (made := self._call(whole, items, request))]
        if not said and not last and not wanted and not request.after:
            raise ChatFailed("said nothing")
        for made in wanted:
            yield made

    async def _pieces(
        self, items: Sequence[Item], request: BrainRequest, sentences: Sentences
    ) -> AsyncGenerator[Piece, None]:
        """The pieces of the answer, whose text `sentences` is fed with.

        Raises ChatFailed when it is not there in time, or not whole.
        """
        import openai

        over = False
        deadline = asyncio.get_running_loop().time() + FIRST_SECONDS
        stream: AsyncStream[ChatCompletionChunk] | None = None
        try:
            async with asyncio.timeout_at(deadline):
                stream = await self._request(items, request)
            chunks = aiter(stream)
            while (chunk := await _next(chunks, deadline)) is not None:
                for piece in pieces.read(chunk):
                    over = over or piece.over
                    yield piece
                    if piece.calls or sentences.begun:
                        deadline = 0.0
            if not over:
                raise ChatFailed("ended in the middle of an answer")
        except openai.APIStatusError as error:
            rests = error.status_code not in _ITS_OWN_FAULT
            raise ChatFailed(f"answered {error.status_code}", rests=rests) from None
        except (TimeoutError, openai.APITimeoutError):
            raise ChatFailed("did not answer in time") from None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError, RecursionError) as error:
            # The SDK does not check what it parses: an answer of another shape shows where it is read.
            raise ChatFailed(f"could not be asked ({type(error).__name__})") from None
        finally:
            if stream is not None:
                await stream.close()

    async def _request(
        self, items: Sequence[Item], request: BrainRequest
    ) -> AsyncStream[ChatCompletionChunk]:
        assert self._client is not None, "open() comes first"
        create = self._client.chat.completions.create
        messages = chat.messages(items, request)
        if not request.tools:
            return await create(model=self._endpoint.model, messages=messages, stream=True)
        return await create(
            model=self._endpoint.model,
            messages=messages,
            stream=True,
            tools=chat.tools(request.tools),
            tool_choice=chat.tool_choice(request),
        )

    def _call(self, whole: _CallPieces, items: Sequence[Item], request: BrainRequest) -> Call | None:
        """The call, with arguments from the context where the model's are no JSON object; None if nobody
        offered such a function."""
        tool = next((tool for tool in request.tools if tool.name == whole.name), None)
        if tool is None or request.tool_choice == "none":
            log.warning("the model called a function that is not on offer")
            return None
        try:
            if isinstance(json.loads(whole.arguments or "{}"), dict):
                return Call(tool.name, whole.arguments or "{}")
        except (ValueError, RecursionError):
            pass
        log.warning("the model's arguments are no JSON object; they are taken from the conversation")
        return Call(tool.name, brain_tools.arguments(tool, read(items, request.session_instructions)))

    # How it goes

    def _succeeded(self) -> None:
        if self._trouble:
            log.warning("the model answers again", extra={"model": self._endpoint.model})
        self._failures, self._trouble = 0, ""

    def _failed(self, trouble: str, rests: bool) -> None:
        """Said each time: an operator sees why the team speaks from templates."""
        now = asyncio.get_running_loop().time()
        self._trouble = trouble
        if rests and now >= self._rests_until:  # what was asked before another's failure is the same one
            self._rests_until = now + RESTS_S[min(self._failures, len(RESTS_S) - 1)]
            self._failures += 1
        rest = max(0.0, self._rests_until - now)
        log.warning("the model %s %s; templates speak for %.0f s", self._endpoint.model, trouble, rest)


async def _next(chunks: AsyncIterator[ChatCompletionChunk], first_by: float) -> ChatCompletionChunk | None:
    """The next chunk, None at the end; by `first_by` while nothing of the answer came, else in a while."""
    by = first_by or asyncio.get_running_loop().time() + GAP_SECONDS
    async with asyncio.timeout_at(by):
        return await anext(chunks, None)
