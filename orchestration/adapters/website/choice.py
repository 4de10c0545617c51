"""Which builder makes this site: the one that the operator chose, as far as this machine has its parts."""

from __future__ import annotations

from orchestration.adapters.website.order import Builder
from orchestration.adapters.website.vite.builder import ViteBuilder
from orchestration.adapters.work import Means


def choose(means: Means) -> Builder:
    """The builder for a job with these means."""
    return ViteBuilder()
