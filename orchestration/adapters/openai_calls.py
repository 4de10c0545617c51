"""One question to a service that speaks OpenAI's protocol, from inside a worker: bounded in time, its
failures in words. Nothing is asked twice: whoever asks has something else to fall back on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from orchestration.adapters import lookups
from orchestration.adapters.work import Means

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

log = logging.getLogger(__name__)

KEY, ADDRESS = "OPENAI_API_KEY", "OPENAI_BASE_URL"
T = TypeVar("T")


class Unavailable(Exception):
    """The service did not do it. `reason` is one sentence for the human."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ask(means: Means, who: str, limit_s: float, question: Callable[[AsyncOpenAI], Awaitable[T]]) -> T:
    """The answer to the question, read in it; `who` begins the sentence of a failure ("The image model").

    Blocks for `limit_s` seconds at the most, whatever the service does. Raises Unavailable.
    """
    import openai  # 1.4 s of a processor: only where it is used

    async def asked() -> T:
        client = openai.AsyncOpenAI(
            api_key=means.text(KEY),
            base_url=means.text(ADDRESS) or "https://api.openai.com/v1",
            max_retries=0,
            timeout=limit_s,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
        )
        async with client, asyncio.timeout(limit_s):
            return await question(client)

    try:
        return lookups.run(asked())
    except (openai.APITimeoutError, TimeoutError):
        raise Unavailable(f"{who} did not answer in time.") from None
    except openai.APIStatusError as error:
        log.warning("a model refused", extra={"status": error.status_code})
        raise Unavailable(f"{who} {_what(error)}.") from None
    except openai.APIResponseValidationError:
        raise Unavailable(f"{who} answered what cannot be used.") from None
    except openai.APIConnectionError:
        raise Unavailable(f"{who} could not be reached.") from None
    except (openai.OpenAIError, ValueError, AttributeError, TypeError, LookupError):
        # No JSON, or not of the types that the SDK says: it does not look.
        raise Unavailable(f"{who} answered what cannot be used.") from None


def _what(error: APIStatusError) -> str:
    """What it did, after its name."""
    code = str(error.code or "")
    match error.status_code:
        case 401 | 403:
            return "does not accept our key"
        case 404:
            return "is not there under the name that is set"
        case 429:
            spent = code == "insufficient_quota"
            return "has used up its quota" if spent else "takes no more requests for now"
        case 400 if "moderation" in code or "policy" in code:
            return "declined this request"
        case status if status >= 500:
            return "had a fault of its own"
        case _:
            return "refused the request"
