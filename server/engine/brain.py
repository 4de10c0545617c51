"""The engine's brain: what to say and which function to call, without a model and without a network.

With a dialogue act it speaks from templates and the session's own content (brain_acts.py, acts/); without
one it holds a plain conversation (brain_plain.py). Content comes from the conversation's items alone. A
brain that asks a model instead is in brain_chat.py.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from server.engine import brain_acts, brain_plain, brain_resume, brain_tools
from server.engine import brain_words as words
from server.engine.brain_context import Context, read, string
from server.engine.brain_templates import acts, phrase
from server.engine.brain_types import BrainRequest, Call, Item, ItemKind, Part, Reply, ToolSpec

__all__ = ["Brain", "BrainRequest", "Call", "Item", "ItemKind", "Part", "Reply", "ToolSpec"]


class Brain:
    """Stateless: all that it knows is in the items and the request. Safe to use from several threads."""

    async def open(self) -> None:
        """Get ready, before the first question. Raises TemplateError when a file of acts/ is wrong."""
        acts()

    async def close(self) -> None:
        """Let go of whatever is held."""

    @property
    def state(self) -> str:
        """What answers now, in words for an operator."""
        return "templates"

    async def think(self, items: Sequence[Item], request: BrainRequest) -> AsyncGenerator[Part, None]:
        """The reply, in parts as they are known."""
        reply = self.respond(items, request)
        if reply.text:
            yield reply.text
        for call in reply.calls:
            yield call

    def respond(self, items: Sequence[Item], request: BrainRequest) -> Reply:
        """Answer the conversation so far. Never raises for odd content."""
        context = read(items, request.session_instructions)
        if not request.act:
            return brain_plain.respond(items, context, request)
        known = request.act in brain_acts.NAMES
        calls = brain_tools.for_act(request.act, known, context, request)
        if request.after:
            text = brain_resume.rest(context, lambda before: _words(request.act, before, bool(calls)))
        else:
            text = _words(request.act, context, bool(calls))
        return Reply(text, calls)


def _words(act: str, context: Context, calls: bool) -> str:
    text = brain_acts.speak(act, context)
    return _unknown(context, calls) if text is None else text


def _unknown(context: Context, calls: bool) -> str:
    """Words for an act that has no template: honest, and about what the context holds."""
    if calls:
        return phrase("unknown", "work", {}, context.said)
    output = context.outputs[-1] if context.outputs else None
    keys = ("headline", "message", "text", "reason")
    told = (
        next((string(output.result, key) for key in keys if string(output.result, key)), "") if output else ""
    )
    slots = {"result": words.clip(words.clean(told), 24)}
    return phrase("unknown", "result" if slots["result"] else "plain", slots, context.said)
