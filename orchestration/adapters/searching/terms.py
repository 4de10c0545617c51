"""What a search is asked and what it answers, whoever carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestration.adapters.web import FetchError, Rules
from orchestration.adapters.web.rules import parsed

RESULTS_MAX = 6


@dataclass(frozen=True, slots=True)
class Question:
    """`query` is for a search engine; the rest tells the same to one that reads sentences."""

    query: str
    trade: str
    offer: str
    audience: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page that the provider names. Its texts are a stranger's, made inert."""

    url: str
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the provider's, with the page that it gives as its source."""

    text: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    found: tuple[Found, ...]
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class NoSearch:
    """There is no provider; `reason` is a sentence for the human."""

    reason: str


class SearchError(Exception):
    """The search brought nothing. `reason` is a sentence for the human; it never holds a key."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Provider(Protocol):
    """Searches. `name` is shown and spoken as the source."""

    @property
    def name(self) -> str: ...

    async def search(self, question: Question) -> SearchResult:
        """At most RESULTS_MAX pages, best first. Raises SearchError; ends by itself within half a minute."""


def refusal(status: int) -> SearchError:
    """What an error's status means."""
    if status in (401, 403):
        return SearchError("The search provider does not accept the key.")
    if status == 429:
        return SearchError("The search provider takes no more questions at the moment.")
    if status >= 500:
        return SearchError("The search provider is out of order at the moment.")
    return SearchError("The search provider did not take the question.")


SILENT = "The search provider did not answer in time."
UNREACHABLE = "The search provider could not be reached."
UNCLEAR = "The search provider's answer could not be understood."


_ANYWHERE = Rules(lambda address: True, None)


def is_page(url: str) -> bool:
    """Whether it is a plain http(s) address. It becomes a link, so that nothing in it may deceive."""
    try:
        _ANYWHERE.check_url(parsed(url))
    except (FetchError, ValueError):
        return False
    return True


def at(value: object, path: Sequence[str]) -> object:
    """What lies at the path of keys (and of numbers in lists) in a JSON value; None when nothing does."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def text_at(value: object, path: Sequence[str]) -> str:
    found = at(value, path)
    return found if isinstance(found, str) else ""


def list_at(value: object, path: Sequence[str]) -> list[object]:
    found = at(value, path)
    return list(found) if isinstance(found, list) else []
