"""Sentences with gaps (the files of acts/), filled so that they stay short and do not repeat themselves."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from string import Formatter

from server.engine.brain_words import clip, upper_first
from server.engine.voices_text import sentences

SPOKEN_MAX_MS = 11_200
"""A turn's limit is 12 s; `spoken_ms` is up to 0.8 s short of what the slowest voice takes."""
_WRITTEN_MAX = 240
_WORDS_MIN = 3
_KEPT = frozenset({"question", "headline", "done", "name", "team", "palette", "reason", "count"})
"""Gaps that are shortened only when shortening the others was not enough."""
_LETTER_MS, _WORD_MS, _COMMA_MS, _SENTENCE_MS, _START_MS = 60, 55, 200, 150, 100
"""Fitted to the slowest voices' durations of these files' sentences."""

Acts = dict[str, dict[str, tuple[str, ...]]]


class TemplateError(ValueError):
    """A file of acts/ is wrong; the message names the file, the act and the case."""


@cache
def acts() -> Acts:
    """Act → case → variants, of all files. Raises TemplateError."""
    found: Acts = {}
    for file in resources.files("server.engine").joinpath("acts").iterdir():
        if file.name.endswith(".toml"):
            more = read(file.read_text(encoding="utf-8"), f"engine/acts/{file.name}")
            if twice := found.keys() & more.keys():
                raise TemplateError(f"engine/acts/{file.name}: {min(twice)} stands in another file too")
            found |= more
    return found


def read(text: str, name: str) -> Acts:
    """The same of one file's text; `name` is said of what is wrong in it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"{name}: {error}") from error
    return {act: _cases(f"{name}: {act}", cases) for act, cases in tables.items()}


def _cases(where: str, cases: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(cases, dict) or not cases:
        raise TemplateError(f"{where}: expected cases, each a list of sentences")
    for case, variants in cases.items():
        if not isinstance(variants, list) or not variants:
            raise TemplateError(f"{where}.{case}: expected a list of sentences")
        for variant in variants:
            if not isinstance(variant, str) or not all(gap.isidentifier() for gap in _gaps(variant)):
                raise TemplateError(f"{where}.{case}: {variant!r} is no sentence with gaps like {{name}}")
    return {case: tuple(variants) for case, variants in cases.items()}


def _gaps(variant: str) -> list[str]:
    try:
        return [gap for _, gap, _, _ in Formatter().parse(variant) if gap is not None]
    except ValueError:  # a brace that is never closed
        return ["{"]


def by_gaps(act: str, slots: Mapping[str, str], said: Sequence[str], persona: str = "") -> str | None:
    """The first case of this act whose gaps are all known, as a phrase; None without one."""
    for case, variants in acts().get(act, {}).items():
        if all(slots.get(gap) for variant in variants for gap in _gaps(variant)):
            return phrase(act, case, slots, said, persona)
    return None


def phrase(
    act: str,
    case: str,
    slots: Mapping[str, str],
    said: Sequence[str],
    persona: str = "",
    limit_ms: int = SPOKEN_MAX_MS,
) -> str:
    """A variant of this act and case (the persona's own if it has some) that was not said before, filled."""
    cases = acts()[act]
    own = persona.lower()
    variants = cases.get(f"{case}_{own}") or cases[case]
    return fill(_fresh(variants, said), slots, limit_ms)


def _fresh(variants: Sequence[str], said: Sequence[str]) -> str:
    """Turn by turn another one; of those said before, the one whose turn was longest ago."""
    start = len(said) % len(variants)
    ordered = (*variants[start:], *variants[:start])
    return min(ordered, key=lambda variant: _last_said(_mark(variant), said))


def _last_said(mark: str, said: Sequence[str]) -> int:
    """1-based index of the last turn that held `mark`, 0 for none."""
    return max((index for index, text in enumerate(said, 1) if mark in text), default=0)


def _mark(variant: str) -> str:
    """The longest part without gaps: what tells this variant from the others."""
    return max((literal for literal, *_ in Formatter().parse(variant)), key=len).strip()


def fill(template: str, slots: Mapping[str, str], limit_ms: int = SPOKEN_MAX_MS) -> str:
    """The template with its gaps filled, the longest filling clipped until all can be said in time."""
    used = {gap: slots[gap] for _, gap, _, _ in Formatter().parse(template) if gap}
    text = _tidy(template.format_map(used))
    while spoken_ms(text) > limit_ms or len(text) > _WRITTEN_MAX:
        gap = _longest(used, _KEPT, _WORDS_MIN) or _longest(used, frozenset(), 1)
        if gap:
            used[gap] = clip(used[gap], len(used[gap].split()) - 1)
        elif gap := max(used, key=lambda gap: len(used[gap]), default=""):
            used[gap] = used[gap][: len(used[gap]) // 2]
        if not used.get(gap):
            break
        text = _tidy(template.format_map(used))
    return text


def _longest(used: Mapping[str, str], kept: frozenset[str], least: int) -> str:
    """The gap that gives the next word: the longest, but none of `kept` and none of at most `least` words."""
    able = [gap for gap, text in used.items() if gap not in kept and len(text.split()) > least]
    return max(able, key=lambda gap: len(used[gap]), default="")


def spoken_ms(text: str) -> int:
    """How long a text sounds, about."""
    said = [word for piece in sentences(text) for word in piece.words if word.spoken]
    letters = sum(len(word.spoken.replace(" ", "")) for word in said)
    commas = sum(word.mark == "," for word in said)
    ends = sum(word.mark in {".", "?", "!"} for word in said)
    words = sum(len(word.spoken.split()) for word in said)
    return _START_MS + _LETTER_MS * letters + _WORD_MS * words + _COMMA_MS * commas + _SENTENCE_MS * ends


def _tidy(text: str) -> str:
    text = re.sub(r"\s+([,.;:?!])", r"\1", " ".join(text.split()))
    return re.sub(r"(^|[.!?] )([a-z])", lambda match: match[1] + upper_first(match[2]), text)
