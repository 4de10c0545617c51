"""A simulated human, read from a YAML file and checked strictly. README.md has the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
OPINION = "opinion"
"""What the human thinks of the website: no question of the brief."""
QUESTIONS = ("name", "offer", "audience", "difference", "pages", "style")
WHEN = ("at", "during", "after", "asked", "phase")
WHAT = ("say", "hum", "sound", "type", "correct", "tap", "press", "leave", "stop")
_TOP = {"human", "given", "job", "answers", "approves", "does", "holds"}
_HOLDS = {"begins", "then", "never", "cut", "brief", "pause", "ends"}
_DEFAULT_S = {"say": 2.0, "hum": 0.35, "sound": 0.3, "press": 2.0}

Said = tuple[str | float, ...]
"""Words and, between them, pauses in s."""


class ScenarioError(ValueError):
    """The file is not what it should be; the text names it."""


@dataclass(frozen=True, slots=True)
class Deed:
    """`when` is one of WHEN with what it names (and, from 1, which time of it); `wait_s` later it is done."""

    when: str
    of: str | float
    nth: int
    wait_s: float
    what: str
    value: object
    length_s: float


@dataclass(frozen=True, slots=True)
class Holds:
    begins: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    brief: Mapping[str, str | None] = field(default_factory=dict)
    pause_s: float = 2.5
    ends: str = "completed"


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    human: str
    given: bool
    job_s: float
    answers: Mapping[str, Said | None]
    approves: bool
    does: tuple[Deed, ...]
    holds: Holds


def paths() -> list[Path]:
    return sorted(FOLDER.glob("*.yaml"))


def load(path: Path) -> Scenario:
    """Raises ScenarioError, which says what is wrong in which file."""
    try:
        return _scenario(path.stem, yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ScenarioError) as error:
        raise ScenarioError(f"{path.name}: {error}") from error


def _scenario(name: str, value: object) -> Scenario:
    top = _object(value, "the file", _TOP)
    if not isinstance(top.get("human"), str):
        raise ScenarioError("`human` must say in one sentence who this is")
    answers = _object(top.get("answers", {}), "answers", {*QUESTIONS, OPINION})
    return Scenario(
        name=name,
        human=str(top["human"]),
        given=_flag(top.get("given", False), "given"),
        job_s=_number(top.get("job", 2.0), "job"),
        answers={key: None if text is None else _said(text, key) for key, text in answers.items()},
        approves=_flag(top.get("approves", True), "approves"),
        does=tuple(_deed(deed) for deed in _list(top.get("does", []), "does")),
        holds=_holds(top.get("holds")),
    )


def _deed(value: object) -> Deed:
    deed = _object(value, "a deed", {*WHEN, *WHAT, "wait", "for"})
    when, what = _one(deed, WHEN), _one(deed, WHAT)
    if "for" in deed and what not in _DEFAULT_S:
        raise ScenarioError(f"`for` means nothing to `{what}`")
    of, nth = _place(when, deed[when])
    return Deed(
        when=when,
        of=of,
        nth=nth,
        wait_s=_number(deed.get("wait", 0.5), "wait"),
        what=what,
        value=_value(what, deed[what]),
        length_s=_number(deed.get("for", _DEFAULT_S.get(what, 0.0)), "for"),
    )


def _place(when: str, value: object) -> tuple[str | float, int]:
    """`sarah ask 2` is the second time."""
    if when == "at":
        return _number(value, when), 1
    *words, last = _text(value, when).split()
    if words and last.isdigit():
        return " ".join(words), int(last)
    return " ".join((*words, last)), 1


def _value(what: str, value: object) -> object:
    match what:
        case "say":
            return _said(value, what)
        case "hum" | "type":
            return _text(value, what)
        case "correct":
            return {key: _text(text, key) for key, text in _object(value, what, set(QUESTIONS)).items()}
        case "tap":
            if value not in ("approve", "reject"):
                raise ScenarioError("`tap` is approve or reject")
            return value
        case "leave":
            return _number(value, what)
        case _:
            return _flag(value, what)


def _holds(value: object) -> Holds:
    holds = _object(value, "holds", _HOLDS)
    brief = _object(holds.get("brief", {}), "brief", set(QUESTIONS))
    return Holds(
        begins=_texts(holds, "begins"),
        then=_texts(holds, "then"),
        never=_texts(holds, "never"),
        cut=_texts(holds, "cut"),
        brief={key: None if text is None else _text(text, key) for key, text in brief.items()},
        pause_s=_number(holds.get("pause", 2.5), "pause"),
        ends=_text(holds.get("ends", "completed"), "ends"),
    )


# ---------------------------------------------------------------------- what a value must be


def _object(value: object, name: str, known: set[str]) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ScenarioError(f"{name} must be a mapping")
    unknown = sorted(str(key) for key in value if key not in known)
    if unknown:
        raise ScenarioError(f"{name} has unknown keys: {', '.join(unknown)}")
    return {str(key): part for key, part in value.items()}


def _one(deed: Mapping[str, object], names: Sequence[str]) -> str:
    found = [name for name in names if name in deed]
    if len(found) != 1:
        raise ScenarioError(f"a deed needs exactly one of {', '.join(names)}: {dict(deed)}")
    return found[0]


def _said(value: object, name: str) -> Said:
    """A text, or texts with pauses in s between them."""
    parts = value if isinstance(value, list) else [value]
    kinds = [str if at % 2 == 0 else (int, float) for at in range(len(parts))]
    if len(parts) % 2 == 0 or not all(map(isinstance, parts, kinds)):
        raise ScenarioError(f"`{name}` is a text, or [text, pause in s, text, ...]")
    return tuple(part if isinstance(part, str) else float(part) for part in parts)


def _list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise ScenarioError(f"`{name}` must be a list")
    return value


def _texts(holds: Mapping[str, object], name: str) -> tuple[str, ...]:
    return tuple(_text(part, name) for part in _list(holds.get(name, []), name))


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ScenarioError(f"`{name}` must be a text")
    return value


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ScenarioError(f"`{name}` must be a number of seconds")
    return float(value)


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise ScenarioError(f"`{name}` must be true or false")
    return value
