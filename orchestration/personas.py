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

DEFAULT_FILE = Path(__file__).with_name("personas.toml")
VOICES = frozenset("alloy ash ballad cedar coral echo marin sage shimmer verse".split())
REQUIRED = ("name", "voice")
CHARACTER = ("role", "manner")
"""Required where there are no `instructions`."""
DEFAULTS = {"title": "colleague", "accent": "#5f6b7a"}
NUMBERS = {"speed": (0.25, 1.5), "temperature": (0.0, 2.0), "max_response_tokens": (1, 4096)}
RESERVED = ("human", "listener")
KNOWN = {*REQUIRED, *CHARACTER, "instructions", *DEFAULTS, *NUMBERS, "tools"}


class RegistryError(ValueError):
    """An entry of a registry is wrong (personas, acts, tools, phases); the message names it and its field."""


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


def _persona(key: str, table: object) -> Persona:
    if not isinstance(table, Mapping):
        raise RegistryError(f"{key}: expected a table of fields")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", key) or key in RESERVED:
        raise RegistryError(f"{key}: expected an id in small letters, other than {' and '.join(RESERVED)}")
    for field in table:
        if field not in KNOWN:
            raise RegistryError(f"{key}.{field}: unknown field")
    character = ("instructions",) if "instructions" in table else CHARACTER
    needed = {*REQUIRED, *character, *(field for field in (*CHARACTER, *DEFAULTS) if field in table)}
    texts = {**DEFAULTS, "role": "", "manner": ""} | {field: _text(key, table, field) for field in needed}
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
    tools = {SELECT_NEXT_SPEAKER, *WORK}
    for name in value:
        if name not in tools:
            raise RegistryError(f"{key}.tools: {name!r} is not one of {', '.join(sorted(tools))}")
    return tuple(value)


def line_config(persona: Persona, cast: Cast) -> LineConfig:
    """How this persona's Realtime session is set up."""
    others = ", ".join(f"{p.name} ({p.title})" for p in cast.values() if p.id != persona.id)
    character = persona.instructions or f"{persona.role} Your manner: {persona.manner}"
    instructions = (
        f"You are {persona.name}, the {persona.title} of the Moentreprise team. {character} "
        f"You speak with a human over voice; your colleagues are {others}. "
        "Lines like `[Sarah]: …` are what was said aloud; `kind: {json}` are facts. "
        "Say at most two short sentences a turn. Never claim what no fact or tool result says. Speak English."
    )
    return LineConfig(persona.id, instructions, persona.voice, persona.speed)
