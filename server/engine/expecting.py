"""What a client expects to hear next, and the grammar for it. Pure.

A client says it with the Realtime API's own fields, `audio.input.transcription.prompt` and `.keywords`, by
`session.update` at any time; it holds from the next turn on. The prompt's form is one sentence that begins
with `Expect:` and names one or more of `a colour`, `yes or no` and `a name`, for example

    Expect: a colour.          Expect: yes or no, a colour.

Keywords are words or phrases that are likely on their own. Any other prompt changes nothing here. What is
expected is never forced on the human: an answer that sounds otherwise is transcribed as without.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

_SENTENCE = re.compile(r"\bexpect:\s*([^.\n]{1,200})", re.IGNORECASE)
_KINDS = {"colour": r"\bcolou?rs?\b", "yes_or_no": r"\byes or no\b", "name": r"\bnames?\b"}
_WORD = re.compile(r"[a-z']+")
KEYWORDS_MOST = 64
_Table = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Expectation:
    """`kinds` are tables of expectations.toml, `phrases` plain words in lower case."""

    kinds: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.kinds or self.phrases)


def expectation(prompt: str, keywords: Iterable[object] = ()) -> Expectation:
    """What the two fields of the API ask for; empty for any other text."""
    found = _SENTENCE.search(prompt)
    kinds = [kind for kind, pattern in _KINDS.items() if found and re.search(pattern, found[1].lower())]
    spoken = [" ".join(_WORD.findall(word.lower())) for word in keywords if isinstance(word, str)]
    return Expectation(tuple(kinds), tuple(dict.fromkeys(filter(None, spoken)))[:KEYWORDS_MOST])


def grammar(expected: Expectation, knows: Callable[[str], bool]) -> str:
    """JSGF for it, of words that the recogniser knows; empty when nothing is left."""
    tables = _tables()

    def known(table: str, key: str) -> list[str]:
        return [text for text in tables[table].get(key, ()) if all(map(knows, text.split()))]

    cores, leads = [], known("any", "leads")
    phrases = [text for text in expected.phrases if all(map(knows, text.split()))]
    rules = [f"<phrase> = {_choice(phrases)};"] if phrases else []
    cores += ["<phrase>"] if phrases else []
    for kind in expected.kinds:
        leads += known(kind, "leads")
        rules.append(f"<{kind}> = {_choice(known(kind, 'words'))};")
        cores.append(_core(kind, known(kind, "shades")))
    if not cores:
        return ""
    answer = f"[{_choice(leads)}] ({' | '.join(cores)}) [{_choice(known('any', 'ends'))}]"
    return "#JSGF V1.0;\ngrammar expected;\n" + "\n".join(rules) + f"\npublic <answer> = {answer};\n"


def _core(kind: str, shades: Sequence[str]) -> str:
    if kind == "colour":
        one = f"[{_choice(shades)}] <colour>"
        return f"({one} [and {one} | {one}])"
    if kind == "name":
        return "(<name>" + " [<name>" * 4 + "]" * 4 + ")"
    return f"<{kind}>"


def _choice(texts: Sequence[str]) -> str:
    return "(" + " | ".join(dict.fromkeys(texts)) + ")"


@cache
def _tables() -> Mapping[str, _Table]:
    text = resources.files("server.engine").joinpath("expectations.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    tables: dict[str, _Table] = {kind: found[kind] for kind in _KINDS}
    return tables | {"any": {"leads": found["leads"], "ends": found["ends"]}}
