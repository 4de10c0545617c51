"""Reads what agents print while they work: lines for the log, and whether they say that they are done.

Codex: the JSON lines of `codex exec --json`. opencode: those of `opencode run --format json`. OpenManus: the
text of loguru. What cannot be read is no fault: it is left out, or shown as it is.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestration.adapters.website.authored.wording import one_line

TEXT_CHARACTERS = 240
COMMAND_CHARACTERS = 120
_LOGURU = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \| (\w+) +\| \S+ - (.*)")
_QUIET = ("Token usage:", "🔧 Tool arguments:", "🧰 Tools being prepared:")
_CHANGES = {"add": "added", "update": "changed", "delete": "removed"}

Json = dict[str, object]


@dataclass(slots=True)
class Reader(ABC):
    """One run's output. `copy` is the working copy, whose path is left out of what is shown."""

    copy: str
    done: bool = False
    failed: bool = False
    said: list[str] = field(default_factory=list)

    def read(self, line: str) -> list[str]:
        """What the line is worth in the log."""
        self.said.clear()
        self._read(line.strip())
        return [text.replace(f"{self.copy}/", "") for text in self.said]

    @abstractmethod
    def _read(self, line: str) -> None:
        """Say what the line is worth; note how the run ended."""

    def _say(self, text: str, characters: int = TEXT_CHARACTERS) -> None:
        if text.strip():
            self.said.append(one_line(text, characters))


class Codex(Reader):
    """`thread.*`, `turn.*`, `item.*` and `error`, one JSON object a line."""

    def _read(self, line: str) -> None:
        event = _object(line)
        kind = event.get("type")
        if not event:
            self._say(line)
        elif kind == "turn.completed":
            self.done = True
            usage = _inner(event, "usage")
            read, written = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
            self._say(f"done, {read} tokens read and {written} written")
        elif kind == "turn.failed":
            self.failed = True
            self._say(f"failed: {_text(_inner(event, 'error'), 'message')}")
        elif kind == "error":  # also told while it connects again: what counts is how the turn ends
            self._say(f"trouble: {_text(event, 'message')}")
        elif kind in ("item.started", "item.completed"):
            self._item(_inner(event, "item"), over=kind == "item.completed")

    def _item(self, item: Json, *, over: bool) -> None:
        kind, status = item.get("type"), item.get("status")
        if kind == "command_execution" and not over:
            self._say(f"runs {_text(item, 'command')}", COMMAND_CHARACTERS)
        elif kind == "command_execution" and item.get("exit_code") not in (0, None):
            self._say(f"that command ended with {item.get('exit_code')}")
        elif kind == "file_change" and over:
            changes = item.get("changes")
            for change in changes if isinstance(changes, list) else ():
                if isinstance(change, dict):
                    verb = _CHANGES.get(_text(change, "kind"), "changed")
                    self._say(f"{'could not write' if status == 'failed' else verb} {_text(change, 'path')}")
        elif kind == "agent_message" and over:
            self._say(_text(item, "text"))
        elif kind == "error" and over:
            self._say(f"trouble: {_text(item, 'message')}")
        elif kind == "web_search" and over:
            self._say(f"searched for {_text(item, 'query')}")


class Opencode(Reader):
    """`step_start`, `tool_use`, `text`, `step_finish` and `error`, one JSON object a line."""

    def _read(self, line: str) -> None:
        event = _object(line)
        part = _inner(event, "part")
        kind = event.get("type")
        if not event:
            self._say(line)
        elif kind == "text":
            self._say(_text(part, "text"))
        elif kind == "tool_use":
            state = _inner(part, "state")
            about = _text(state, "title") or _text(_inner(state, "input"), "filePath")
            failed = " failed" if state.get("status") == "error" else ""
            self._say(f"{_text(part, 'tool')}{failed}: {about}", COMMAND_CHARACTERS)
        elif kind == "step_finish":
            self.done = part.get("reason") == "stop"
        elif kind == "error":
            self.failed = True
            error = _inner(event, "error")
            self._say(f"failed: {_text(_inner(error, 'data'), 'message') or _text(error, 'name')}")


class OpenManus(Reader):
    """Loguru's lines, `time | LEVEL | module:function:line - text`; a text's further lines are left out."""

    def _read(self, line: str) -> None:
        match = _LOGURU.fullmatch(line)
        if match is None:
            return
        level, text = match[1], match[2]
        if text.startswith("Request processing completed"):
            self.done = True
            self._say("done")
        elif level in ("ERROR", "CRITICAL"):
            self._say(f"trouble: {text}")
        elif not text.startswith(_QUIET):
            self._say(text)


READERS: dict[str, Callable[[str], Reader]] = {"codex": Codex, "opencode": Opencode, "openmanus": OpenManus}


def _object(line: str) -> Json:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _inner(value: Json, key: str) -> Json:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _text(value: Json, key: str) -> str:
    text = value.get(key)
    return text if isinstance(text, str) else ""
