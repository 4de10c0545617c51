"""The persona registry: one file of data feeds the voices, the Lines and the page.

A bad file stops start-up with the name of the field (RegistryError).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from orchestration.ports import LineConfig, Persona
from orchestration.tools import SELECT_NEXT_SPEAKER, WORK
from orchestration.workflow import Workflow

DEFAULT_FILE = Path(__file__).with_name("personas.toml")
VOICES = frozenset("alloy ash ballad cedar coral echo marin sage shimmer verse".split())
REQUIRED = ("name", "title", "role", "voice", "manner", "accent")
NUMBERS = {"speed": (0.25, 1.5), "temperature": (0.0, 2.0), "max_response_tokens": (1, 4096)}
KNOWN = {*REQUIRED, *NUMBERS, "tools"}
TOOLS = {SELECT_NEXT_SPEAKER, *WORK}


class RegistryError(ValueError):
    """The personas' file is wrong; the message names the persona and the field."""


class Cast(dict[str, Persona]):
    """The personas by id, in the file's order."""

    def titles(self) -> dict[str, str]:
        return {persona.id: persona.title for persona in self.values()}


def load(path: Path = DEFAULT_FILE) -> Cast:
    """Read the registry; raises RegistryError naming what is wrong, OSError when it cannot be read."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RegistryError(f"{path.name}: {error}") from error
    if not tables:
        raise RegistryError(f"{path.name}: names no persona")
    cast = Cast({key: _persona(key, table) for key, table in tables.items()})
    voices = [persona.voice for persona in cast.values()]
    for persona in cast.values():
        if voices.count(persona.voice) > 1:
            raise RegistryError(f"{persona.id}.voice: {persona.voice!r} is taken; each persona has its own")
    return cast


def check(cast: Cast, workflow: Workflow) -> None:
    """Every speaker of the workflow exists and may use the tools of its steps; else RegistryError."""
    for phase in workflow.phases:
        for step in phase.steps:
            persona = cast.get(step.speaker)
            if persona is None:
                raise RegistryError(f"{step.speaker}: the phase {phase.name!r} needs this persona")
            if step.tool and step.tool not in persona.tools:
                raise RegistryError(f"{step.speaker}.tools: the phase {phase.name!r} needs {step.tool!r}")


def _persona(key: str, table: object) -> Persona:
    if not isinstance(table, Mapping):
        raise RegistryError(f"{key}: expected a table of fields")
    for field in table:
        if field not in KNOWN:
            raise RegistryError(f"{key}.{field}: unknown field")
    texts = {field: _text(key, table, field) for field in REQUIRED}
    if texts["voice"] not in VOICES:
        raise RegistryError(f"{key}.voice: {texts['voice']!r} is not one of {', '.join(sorted(VOICES))}")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", texts["accent"]):
        raise RegistryError(f"{key}.accent: expected a colour like #2f6fed")
    limits = {field: _number(key, table, field) for field in NUMBERS if field in table}
    return Persona(id=key, tools=_tools(key, table), speed=limits.pop("speed", 1.0), limits=limits, **texts)


def _text(key: str, table: Mapping[str, object], field: str) -> str:
    value = table.get(field)
    if not isinstance(value, str) or not value.strip():
        raise RegistryError(f"{key}.{field}: expected some text")
    return value


def _number(key: str, table: Mapping[str, object], field: str) -> float:
    value, (least, most) = table[field], NUMBERS[field]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise RegistryError(f"{key}.{field}: expected a number from {least} to {most}")
    return float(value)


def _tools(key: str, table: Mapping[str, object]) -> tuple[str, ...]:
    value = table.get("tools", [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise RegistryError(f"{key}.tools: expected a list of names")
    for name in value:
        if name not in TOOLS:
            raise RegistryError(f"{key}.tools: {name!r} is not one of {', '.join(sorted(TOOLS))}")
    return tuple(value)


def line_config(persona: Persona, cast: Cast) -> LineConfig:
    """How this persona's Realtime session is set up."""
    others = ", ".join(f"{p.name} ({p.title})" for p in cast.values() if p.id != persona.id)
    instructions = (
        f"You are {persona.name}, the {persona.title} of the Moentreprise team. {persona.role} "
        f"Your manner: {persona.manner} You speak with a human over voice; your colleagues are {others}. "
        "Lines like `[Sarah]: …` are what was said aloud; `kind: {json}` are facts. "
        "Say at most two short sentences a turn. Never claim what no fact or tool result says. Speak English."
    )
    return LineConfig(persona.id, instructions, persona.voice, persona.speed)
