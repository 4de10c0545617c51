"""The way out to the web, for pages of strangers: public addresses alone, and nothing without an end."""

from orchestration.adapters.web.addresses import is_public
from orchestration.adapters.web.fetch import HTML, Fetched, Web
from orchestration.adapters.web.page import Page, inert, read
from orchestration.adapters.web.robots import Robots
from orchestration.adapters.web.rules import FetchCode, FetchError, Rules

__all__ = [
    "HTML",
    "FetchCode",
    "FetchError",
    "Fetched",
    "Page",
    "Robots",
    "Rules",
    "Web",
    "inert",
    "is_public",
    "read",
]
