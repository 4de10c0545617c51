"""A site that a model writes, through four tools and no shell, over any OpenAI-compatible endpoint."""

from orchestration.adapters.website.model_builder.author import Budget, ModelAuthor
from orchestration.adapters.website.model_builder.endpoint import Endpoint

__all__ = ["Budget", "Endpoint", "ModelAuthor"]
