"""Nora of docs/extending.md: the document followed, block by block, and her voice: the engine's own brain."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from theatre import Theatre

from orchestration import acts, events, personas, tools, workflow
from orchestration.personas import Cast, line_config
from orchestration.realtime_tools import InvalidArguments, parse_arguments
from orchestration.tools import WORK
from orchestration.transcript import HUMAN
from orchestration.workflow import MOENTREPRISE, Workflow
from server.engine import brain_templates
from server.engine.brain import Brain, BrainRequest, Call, Item, ToolSpec
from server.jobs import tasks

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"(.*?)\n```\w+\n(.*?)```", re.DOTALL)
PATH = re.compile(r"`(\w+(?:/\w+)+\.\w+)`")
BLOCKS = {
    PATH.findall(before)[-1]: block
    for before, block in BLOCK.findall((ROOT / "docs/extending.md").read_text())
}
"""File → what the document adds to it."""


@contextmanager
def restored() -> Iterator[None]:
    """What a test adds is gone after it."""
    tables: tuple[dict[str, object], ...] = (WORK, tasks.TASKS, acts.acts(), brain_templates.acts())  # type: ignore[assignment]
    before = [dict(table) for table in tables]
    try:
        yield
    finally:
        for table, entries in zip(tables, before, strict=True):
            table.clear()
            table.update(entries)


def nora(folder: Path) -> tuple[Cast, Workflow]:
    """The document followed, block by block."""
    file = folder / "personas.toml"
    file.write_text(personas.DEFAULT_FILE.read_text() + BLOCKS["orchestration/personas.toml"])
    exec(BLOCKS["orchestration/tools.py"], dict(vars(tools)))
    (folder / "acts.toml").write_text(BLOCKS["orchestration/acts.toml"])
    acts.acts().update(acts.load(folder / "acts.toml"))
    brain_templates.acts().update(brain_templates.read(BLOCKS["server/engine/acts/talk.toml"], "nora"))
    phase = eval(BLOCKS["orchestration/workflow.py"], dict(vars(workflow)))
    *others, closing = MOENTREPRISE.phases
    return personas.load(file), replace(MOENTREPRISE, phases=(*others, phase, closing))


class Voiced(Theatre):
    """A theatre whose voices are the engine's own brain; their calls are checked as a Line checks them."""

    def __init__(self, cast: Cast, workflow: Workflow, given: tuple[str, ...]) -> None:
        super().__init__(workflow, given, cast)
        self.cast = cast
        self.items: dict[str, list[Item]] = defaultdict(list)
        self.words: dict[str, str] = {}
        self.called: list[tuple[str, dict[str, object]]] = []
        self.garbled, self.forgotten = "", ""
        """The function whose arguments the model gets wrong, and the one that it does not call."""

    def _carry_out(self, command: events.Command) -> None:
        match command:
            case events.Speak(speaker=speaker, context=context):
                facts = [f"{kind}: {json.dumps(fact)}" for kind, fact in context.items()]
                self.items[speaker] += [Item(role="system", text=fact) for fact in facts]
            case events.AnswerTool(speaker, call, output):
                answer = Item("function_call_output", call_id=call, output=json.dumps(output))
                self.items[speaker].append(answer)
            case events.Share(speaker, text):
                name = "Human" if speaker == HUMAN else self.cast[speaker].name
                for other in self.cast.keys() - {speaker}:
                    self.items[other].append(Item(role="user", text=f"[{name}]: {text}"))
        super()._carry_out(command)

    def text(self, turn: str) -> str:
        return self.words[turn]

    def calls(self, speak: events.Speak) -> list[events.ToolCall]:
        offered = {tool.name: tool for tool in tools.offered(speak.tools, speak.speakers)}
        specs = tuple(ToolSpec(tool.name, tool.description, tool.parameters) for tool in offered.values())
        told = line_config(self.cast[speak.speaker], self.cast).instructions
        request = BrainRequest(told, acts.instructions(speak.act), speak.act, specs)
        reply = Brain().respond(self.items[speak.speaker], request)
        self.words[speak.turn] = reply.text
        self.items[speak.speaker].append(Item(role="assistant", text=reply.text))
        wanted = [call for call in reply.calls if call.name != self.forgotten]
        return [made for call in wanted if (made := self._made(speak, call, offered[call.name]))]

    def _made(self, speak: events.Speak, call: Call, tool: tools.Tool) -> events.ToolCall | None:
        """The call as a Line delivers it: none that the tool's schema does not allow."""
        name = f"{call.name}-{speak.turn}"
        self.items[speak.speaker].append(Item("function_call", name=call.name, call_id=name))
        try:
            arguments = parse_arguments(tool, "{}" if call.name == self.garbled else call.arguments)
        except InvalidArguments as error:
            output = json.dumps({"status": "failed", "reason": str(error)})
            self.items[speak.speaker].append(Item("function_call_output", call_id=name, output=output))
            return None
        self.called.append((call.name, arguments))
        return events.ToolCall(name, call.name, arguments)

    def said(self, act: str) -> list[str]:
        return [self.words[turn] for turn, speak in self.spoken.items() if speak.act == act]
