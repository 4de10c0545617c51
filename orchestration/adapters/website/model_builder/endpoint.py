"""Asks a chat endpoint and reads its answer: retries what may pass, and names what will not."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from orchestration.adapters.website.authored.terms import Unable

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI
    from openai.types.chat import ChatCompletion, ChatCompletionMessageParam, ChatCompletionToolUnionParam

Message = dict[str, object]
TRIES = 4
RESTS_S = (1.0, 4.0, 10.0)
"""Before each further try, unless the service names its own time."""
REST_MAX_S = 20.0
CHARACTERS_PER_TOKEN = 3
"""Where an endpoint counts no tokens; rather too many than too few."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REFUSES_US = {401: "does not accept the key", 403: "does not accept the key", 404: "does not know the model"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server: `url` up to and with `/v1`, empty for OpenAI's own."""

    model: str
    url: str = ""
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the model wants called; `arguments` are as it wrote them."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the model. `tokens` are those of question and answer together."""

    text: str
    calls: tuple[Call, ...]
    refused: bool
    tokens: int

    def as_message(self) -> Message:
        """As it stands in the conversation from now on."""
        calls = [
            {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
            for one in self.calls
        ]
        return {"role": "assistant", "content": self.text, **({"tool_calls": calls} if calls else {})}


class Desk:
    """Asks the endpoint, in one event loop; close it there. Loads the SDK (0.9 s) when it is made."""

    def __init__(
        self, endpoint: Endpoint, tools: Sequence[dict[str, object]], say: Callable[[str], None]
    ) -> None:
        import openai

        near = urlsplit(endpoint.url).hostname in _LOOPBACK  # where a proxy would not find it
        self._client: AsyncOpenAI = openai.AsyncOpenAI(
            api_key=endpoint.key or "none",
            base_url=endpoint.url or None,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not near),
        )
        self._model = endpoint.model
        self._tools = list(tools)
        self._say = say

    async def close(self) -> None:
        await self._client.close()

    async def ask(self, messages: Sequence[Message], seconds: float) -> Reply:
        """The model's next answer, within `seconds` in all. Raises Unable."""
        ends = time.monotonic() + seconds
        for attempt in range(TRIES):
            rest = await self._try(messages, ends, last=attempt == TRIES - 1)
            if isinstance(rest, Reply):
                return rest
            pause = min(RESTS_S[min(attempt, len(RESTS_S) - 1)] if rest is None else rest, REST_MAX_S)
            if time.monotonic() + pause >= ends:
                break
            await asyncio.sleep(pause)
        raise Unable("The model is overloaded and did not answer.")

    async def _try(self, messages: Sequence[Message], ends: float, *, last: bool) -> Reply | float | None:
        """An answer, or after how many seconds to try again (None: as usual)."""
        import openai

        try:
            async with asyncio.timeout(max(0.01, ends - time.monotonic())):
                return _reply(await self._create(messages), messages)
        except openai.APIStatusError as error:
            status = error.status_code
            if (status != 429 and status < 500) or last:
                raise Unable(_words(status)) from None
            self._say(f"the service answered {status}; it is asked again")
            return _retry_after(error)
        except (TimeoutError, openai.APITimeoutError):
            raise Unable("The model did not answer in time.") from None
        except openai.APIConnectionError:
            if last:
                raise Unable("The model's service cannot be reached.") from None
            self._say("the service cannot be reached; it is asked again")
            return None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError, IndexError, RecursionError):
            # The SDK does not check what it parses: an answer of another shape shows where it is read.
            raise Unable("The model's service gave an answer that is none.") from None

    async def _create(self, messages: Sequence[Message]) -> ChatCompletion:
        return await self._client.chat.completions.create(
            model=self._model,
            messages=cast("list[ChatCompletionMessageParam]", list(messages)),
            tools=cast("list[ChatCompletionToolUnionParam]", self._tools),
            tool_choice="auto",
            timeout=None,  # ours is around it, whole
        )


def _reply(answer: ChatCompletion, messages: Sequence[Message]) -> Reply:
    """Raises TypeError, AttributeError and IndexError for an answer of another shape."""
    choice = answer.choices[0]
    message = choice.message
    calls: list[Call] = []
    for one in message.tool_calls or ():
        if one.type == "function":
            taken = {call.id for call in calls}
            known = _text(one.id)
            unique = known if known and known not in taken else f"call_{len(messages)}_{len(calls)}"
            calls.append(Call(unique, _text(one.function.name), _arguments(one.function.arguments)))
    text = _text(message.content)
    refused = bool(message.refusal) or choice.finish_reason == "content_filter"
    written = len(text) + sum(len(one.arguments) for one in calls)
    read = sum(len(str(one)) for one in messages)
    counted: object = answer.usage.total_tokens if answer.usage else None
    tokens = counted if isinstance(counted, int) and counted > 0 else (read + written) // CHARACTERS_PER_TOKEN
    return Reply(text, tuple(calls), refused, tokens)


def _text(value: object) -> str:
    """The SDK takes whatever comes. Raises TypeError for what is neither a text nor nothing."""
    if value is not None and not isinstance(value, str):
        raise TypeError("not a text")
    return value or ""


def _arguments(value: object) -> str:
    """Some servers send the arguments as an object and not as its JSON."""
    return json.dumps(value) if isinstance(value, dict) else _text(value)


def _words(status: int) -> str:
    if status in _REFUSES_US:
        return f"The model's service {_REFUSES_US[status]}."
    if status == 429:
        return "The model's service takes no more questions now."
    return f"The model's service failed ({status})."


def _retry_after(error: APIStatusError) -> float | None:
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None
