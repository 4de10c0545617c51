"""The engine's brain: what to say and which function to call, without a model and without a network."""

from __future__ import annotations

from collections.abc import Sequence

from server.engine.brain_types import BrainRequest, Call, Item, ItemKind, Reply, ToolSpec

__all__ = ["Brain", "BrainRequest", "Call", "Item", "ItemKind", "Reply", "ToolSpec"]


class Brain:
    """Stateless: all that it knows is in the items and the request. Safe to use from several threads."""

    def respond(self, items: Sequence[Item], request: BrainRequest) -> Reply:
        """Answer the conversation so far. Never raises for odd content."""
        return Reply("I am here.")
