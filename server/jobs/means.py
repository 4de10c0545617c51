"""Which settings go to which kind of job: a worker gets what its own work needs, and no other secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestration.adapters import builders
from orchestration.adapters.work import Means
from server.settings import DESCRIPTORS, Settings

MeansOf = Callable[[str, str], Mapping[str, str]]
"""(session id, kind of job) → variable → value: what orchestration.adapters.work.Means holds for a job."""

NAMES: dict[str, tuple[str, ...]] = {
    "website": (
        *("data", "templates"),
        *("builder", "builder_model", "builder_command", "openai_api_key", "openai_base_url"),
    ),
    "research": (
        "search",
        "search_url",
        "search_key",
        "search_model",
        "search_form",
        "openai_api_key",
        "openai_base_url",
    ),
    "post": ("openai_api_key", "openai_base_url", "image_model", "text_model"),
    "picture": ("openai_api_key", "openai_base_url", "image_model"),
    "publish": ("linkedin_version", "linkedin_url"),
}
"""Kind of job → the fields of Settings that it may know."""
OTHERS = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
"""For a website that a model or an agent writes; for no other one."""


@dataclass(frozen=True, slots=True)
class Service:
    """An outside service that a kind of job uses when it was given one of these means."""

    name: str
    kind: str
    markers: tuple[str, ...]


SERVICES = (
    Service("linkedin", "publish", ("LINKEDIN_ACCESS_TOKEN",)),
    Service("search", "research", ("OPENAI_API_KEY", "MOENTREPRISE_SEARCH_URL")),
    Service("pictures", "post", ("OPENAI_API_KEY",)),
    Service("pictures", "picture", ("OPENAI_API_KEY",)),
)


def service_of(kind: str, given: Mapping[str, str]) -> str:
    """The name of the outside service that a job of this kind uses with these means, empty for none."""
    mine = (one.name for one in SERVICES if one.kind == kind and any(given.get(key) for key in one.markers))
    return next(mine, "")


def no_means(session_id: str, kind: str) -> Mapping[str, str]:
    """Nothing for anybody."""
    return {}


def of_settings(settings: Settings, session_s: MeansOf = no_means) -> MeansOf:
    """To each kind of job its own settings, as text, and what `session_s` has for it of the session.

    What is not set is left out.
    """

    def means(session_id: str, kind: str) -> Mapping[str, str]:
        mine = [one for one in DESCRIPTORS if one.name in NAMES.get(kind, ())]
        values = {one.variable: str(getattr(settings, one.name)) for one in mine}
        if kind == "website" and not builders.asks_others(Means(values)):
            values = {name: value for name, value in values.items() if name not in OTHERS}
        values |= session_s(session_id, kind)
        return {variable: value for variable, value in values.items() if value}

    return means
