"""How long a job may take."""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.adapters import builders
from orchestration.adapters.work import Means


def seconds(kind: str, means: Mapping[str, str], usual: float) -> float:
    """From its start, in seconds: `usual`, and more for a website that a model or an agent writes."""
    return usual + builders.more_seconds(Means(means)) if kind == "website" else usual
