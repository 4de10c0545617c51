"""The website builder: the human's answers in, a folder of static pages out."""

from orchestration.adapters.website.build import SiteResult, build

__all__ = ["SiteResult", "build"]
