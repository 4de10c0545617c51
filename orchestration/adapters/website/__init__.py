"""The website builders: the human's answers in, a folder of pages out."""

from orchestration.adapters.website.build import build
from orchestration.adapters.website.choice import choose
from orchestration.adapters.website.order import (
    SITE_FOLDER,
    SOURCE_FOLDER,
    Builder,
    Order,
    SiteResult,
    clear_unfinished,
)

__all__ = [
    "SITE_FOLDER",
    "SOURCE_FOLDER",
    "Builder",
    "Order",
    "SiteResult",
    "build",
    "choose",
    "clear_unfinished",
]
