"""Publishing on LinkedIn, at most once and only what was approved. Without an account the post is a draft."""

from __future__ import annotations

from orchestration.adapters.linkedin.outcomes import Code, Published, Status
from orchestration.adapters.linkedin.publication import Publication
from orchestration.adapters.linkedin.publishing import publish

__all__ = ["Code", "Publication", "Published", "Status", "publish"]
