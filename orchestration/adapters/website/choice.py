"""Which builder makes this site: the one that the operator chose, as far as this machine has its parts."""

from __future__ import annotations

from orchestration.adapters.website.authored import Author, AuthoredBuilder, Unable
from orchestration.adapters.website.authored.vite_kit import ViteKit
from orchestration.adapters.website.build import StaticBuilder
from orchestration.adapters.website.command_builder import PROFILES, CommandAuthor
from orchestration.adapters.website.model_builder import Endpoint, ModelAuthor
from orchestration.adapters.website.order import Builder, Order
from orchestration.adapters.website.vite.builder import ViteBuilder
from orchestration.adapters.work import Means

BUILDER = "MOENTREPRISE_BUILDER"
BUILDER_MODEL = "MOENTREPRISE_BUILDER_MODEL"
AUTO, VITE, STATIC, MODEL = "auto", "vite", "static", "model"


def chosen(means: Means) -> tuple[str, str]:
    """The builder's name, and why it is this one. An external builder is never chosen by itself."""
    wanted = means.text(BUILDER) or AUTO
    if wanted != AUTO:
        return wanted, f"{BUILDER} says so"
    if means.text(BUILDER_MODEL):
        return MODEL, f"{BUILDER_MODEL} names a model"
    return VITE, "nothing else is set"


def choose(means: Means) -> Builder:
    """The builder for a job with these means."""
    name, _ = chosen(means)
    if name == STATIC:
        return StaticBuilder()
    if name == MODEL:
        return AuthoredBuilder(name, ViteKit, _model, _usual)
    if name in PROFILES:
        profile = PROFILES[name]
        return AuthoredBuilder(name, ViteKit, lambda order: CommandAuthor(profile, order.means), _usual)
    return _usual(means)


def _usual(means: Means) -> Builder:
    """What is built when nothing else is wished, and when something else has failed."""
    return ViteBuilder()


def _model(order: Order) -> Author:
    model = order.means.text(BUILDER_MODEL)
    if not model:
        raise Unable("No model is named that builds sites.")
    url, key = order.means.text("OPENAI_BASE_URL"), order.means.text("OPENAI_API_KEY")
    return ModelAuthor(Endpoint(model, url, key))
