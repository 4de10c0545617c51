"""Searching the web through a provider: which one, and what all of them are asked and answer."""

from orchestration.adapters.searching.choice import choose
from orchestration.adapters.searching.terms import (
    Found,
    NoSearch,
    Provider,
    Question,
    SearchError,
    SearchResult,
    Statement,
)

__all__ = [
    "Found",
    "NoSearch",
    "Provider",
    "Question",
    "SearchError",
    "SearchResult",
    "Statement",
    "choose",
]
