"""Which builder is in force on this machine, in words for an operator."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from orchestration.adapters.builders import COMMAND, MODEL, MODEL_NAME, STATIC, chosen
from orchestration.adapters.sandbox import Missing, probing
from orchestration.adapters.website.command_builder import PROFILES, Profile
from orchestration.adapters.website.vite.template import ready
from orchestration.adapters.work import Means

OUTSIDE = (
    "an external builder runs outside of the sandbox with network, as this user: "
    "choose it only on a machine of your own"
)
INSTEAD = "the usual site is built instead"


@dataclass(frozen=True, slots=True)
class InForce:
    """`whole` tells whether what was chosen can be done; `found` and `remedy` are sentences."""

    whole: bool
    found: str
    remedy: str = ""


def in_force(means: Means) -> InForce:
    """Nothing is asked of a model, and nothing but the sandbox is tried."""
    name, why = chosen(means)
    if name != STATIC and (missing := _missing()):
        return InForce(False, f"static pages, not {name}: {missing}.")
    if name == MODEL:
        return _model(means, why)
    if name in PROFILES:
        return _command(PROFILES[name], means, why)
    later = "" if name == STATIC or ready(means) else "Its packages are fetched at the first build."
    return InForce(True, f"{name}, because {why}.", later)


def _missing() -> str:
    """What every builder but the static one needs and this machine has not; empty when it has all."""
    if shutil.which("node") is None:
        return "Node is not installed"
    walls = probing.examine()
    return f"there is no sandbox ({walls.reason})" if isinstance(walls, Missing) else ""


def _model(means: Means, why: str) -> InForce:
    model, url = means.text(MODEL_NAME), means.text("OPENAI_BASE_URL")
    if not model:
        return InForce(False, f"no model is named; {INSTEAD}.", f"Set {MODEL_NAME}.")
    if not url and not means.text("OPENAI_API_KEY"):
        return InForce(False, f"{model} has no key; {INSTEAD}.", "Set OPENAI_API_KEY, or OPENAI_BASE_URL.")
    return InForce(True, f"model, because {why}: {model} at {url or 'OpenAI'}; if it fails, {INSTEAD}.")


def _command(profile: Profile, means: Means, why: str) -> InForce:
    program = profile.program_words(means)[0]
    if shutil.which(program) is None:
        remedy = f"Install it, or set {COMMAND}."
        return InForce(False, f"{profile.label} is not found ({program}); {INSTEAD}.", remedy)
    return InForce(True, f"{profile.name}, because {why}; if it fails, {INSTEAD}.", f"Note: {OUTSIDE}.")
