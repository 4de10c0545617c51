"""Which builder makes this site: the one that the operator chose, as far as this machine has its parts."""

from __future__ import annotations

from orchestration.adapters.builders import MODEL, MODEL_NAME, STATIC, chosen
from orchestration.adapters.website.authored import Author, AuthoredBuilder, Unable
from orchestration.adapters.website.authored.vite_kit import ViteKit
from orchestration.adapters.website.build import StaticBuilder
from orchestration.adapters.website.command_builder import PROFILES, CommandAuthor
from orchestration.adapters.website.model_builder import Endpoint, ModelAuthor
from orchestration.adapters.website.order import Builder, Order
from orchestration.adapters.website.vite.builder import ViteBuilder
from orchestration.adapters.work import Means


def choose(means: Means) -> Builder:
    """The builder for a job with these means."""
    name, _ = chosen(means)
    if name == STATIC:
        return StaticBuilder()
    if name == MODEL:
        return AuthoredBuilder(name, "The model", ViteKit, _model, _usual)
    if name in PROFILES:
        profile = PROFILES[name]
        return AuthoredBuilder(
            name, profile.who, ViteKit, lambda order: CommandAuthor(profile, order.means), _usual
        )
    return _usual(means)


def _usual(means: Means) -> Builder:
    """What is built when nothing else is wished, and when something else has failed."""
    return ViteBuilder()


def _model(order: Order) -> Author:
    model = order.means.text(MODEL_NAME)
    if not model:
        raise Unable("No model is named that builds sites.")
    url, key = order.means.text("OPENAI_BASE_URL"), order.means.text("OPENAI_API_KEY")
    return ModelAuthor(Endpoint(model, url, key))
