"""Who builds a website: the names, which one the operator's settings choose, and how much longer it may take.

Apart from the builders themselves, so that a server can ask without loading them.
"""

from __future__ import annotations

from orchestration.adapters.work import Means

BUILDER = "MOENTREPRISE_BUILDER"
MODEL_NAME = "MOENTREPRISE_BUILDER_MODEL"
COMMAND = "MOENTREPRISE_BUILDER_COMMAND"
AUTO, VITE, STATIC, MODEL = "auto", "vite", "static", "model"
HOUSE = (VITE, STATIC)
"""Ours alone: nobody else is asked. All other names but MODEL are profiles of external builders."""
MODEL_SECONDS = 300.0
COMMAND_SECONDS = 600.0
BUILDS_SECONDS = 60.0
"""What the builds in between may take, beyond the one that every site has."""


def chosen(means: Means) -> tuple[str, str]:
    """The builder's name, and why it is this one. An external builder is never chosen by itself."""
    wanted = means.text(BUILDER) or AUTO
    if wanted != AUTO:
        return wanted, f"{BUILDER} says so"
    if means.text(MODEL_NAME):
        return MODEL, f"{MODEL_NAME} names a model"
    return VITE, "nothing else is set"


def asks_others(means: Means) -> bool:
    """Whether a model or an agent writes the site, so that a key may be needed."""
    return chosen(means)[0] not in HOUSE


def more_seconds(means: Means) -> float:
    """How much longer such a job may take than others, so that the usual site can still be built after it."""
    if not asks_others(means):
        return 0.0
    return BUILDS_SECONDS + (MODEL_SECONDS if chosen(means)[0] == MODEL else COMMAND_SECONDS)
