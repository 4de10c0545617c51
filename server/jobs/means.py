"""Which settings go to which kind of job: a worker gets what its own work needs, and no other secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.settings import DESCRIPTORS, Settings

MeansOf = Callable[[str, str], Mapping[str, str]]
"""(session id, kind of job) → variable → value: what orchestration.adapters.work.Means holds for a job."""

NAMES: dict[str, tuple[str, ...]] = {
    "website": ("data", "templates"),
    "research": (
        "search",
        "search_url",
        "search_key",
        "search_model",
        "search_form",
        "openai_api_key",
        "openai_base_url",
    ),
    "publish": ("linkedin_version", "linkedin_url"),
}
"""Kind of job → the fields of Settings that it may know."""


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
        values |= session_s(session_id, kind)
        return {variable: value for variable, value in values.items() if value}

    return means
