"""Whole sessions held by `moentreprise rehearse`, as anybody would: a command, an exit code, a folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import cast

from machine import Load

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests/fixtures"
OUT = ROOT / "rehearsal-accept"
LIMIT_S = 420
TALKED_OVER = 28
"""How many turns the human talks over in each of two sessions."""
DECIDED = 12
"""How often the human says yes or no to the post."""
FUNCTION_WORDS = frozenset(
    "about above after again along among around because before being below between could doing during "
    "every first having herself himself itself might never other ought ourselves quite rather shall "
    "should since still their theirs themselves there these those through under until upon using where "
    "whether which while whose within without would yours yourself ".split()
)

Figures = dict[str, object]
Note = Callable[..., None]
"""Writes a point's figures down: the fixture `note`."""


@dataclass(frozen=True, slots=True)
class Held:
    """A session that was held: what the command said, and the folder that it left."""

    answers: Path
    folder: Path
    exit_code: int
    output: str
    seconds: float
    load: float

    @property
    def figures(self) -> Figures:
        file = self.folder / "figures.json"
        assert file.exists(), f"exit {self.exit_code}: {self.output[-2000:]}"
        value: object = json.loads(file.read_text(encoding="utf-8"))
        return cast(Figures, value)

    @property
    def brief(self) -> dict[str, str]:
        """Question key → the answer as it was understood at last."""
        value = json.loads((self.folder / "brief.json").read_text(encoding="utf-8"))
        return {answer["key"]: answer["text"] for answer in value["answers"]}

    @property
    def business(self) -> str:
        """The name as the human corrected it."""
        value = json.loads(self.answers.read_text(encoding="utf-8"))
        return str(value["corrections"]["name"])

    @property
    def site(self) -> str:
        """What a visitor reads on all pages."""
        pages = sorted((self.folder / "site").rglob("*.html"))
        return " ".join(_visible(page.read_text(encoding="utf-8")) for page in pages)

    @property
    def post(self) -> str:
        return (self.folder / "post.txt").read_text(encoding="utf-8")


def hold(name: str, answers: str, *options: str) -> Held:
    """Run the command to its end, without any key or setting of the caller."""
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("MOENT", "OPENAI_"))
    }
    program = str(Path(sys.executable).with_name("moentreprise"))
    command = [program, "rehearse", "--answers", str(FIXTURES / answers), "--out", str(folder), *options]
    load, began = Load(), time.monotonic()
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    seconds = round(time.monotonic() - began, 1)
    return Held(
        FIXTURES / answers, folder, done.returncode, done.stdout + done.stderr, seconds, load.percent()
    )


def hold_together(*sessions: tuple[str, ...]) -> list[Held]:
    """Several at the same time, each with a server of its own; the arguments are those of `hold`."""
    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(lambda arguments: hold(*arguments), sessions))


def content_words(text: str) -> set[str]:
    """Words of five letters or more, in lower case."""
    return set(re.findall(r"[a-z]{5,}", text.lower())) - FUNCTION_WORDS


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _visible(page: str) -> str:
    parser = _Text()
    parser.feed(page)
    return " ".join(" ".join(parser.parts).split())
