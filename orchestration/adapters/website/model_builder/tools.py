"""The four tools: list, read, write, finish. There is no other way from the model to this machine."""

from __future__ import annotations

import json
from dataclasses import dataclass

from orchestration.adapters.website.authored import rules
from orchestration.adapters.website.authored.bench import Bench
from orchestration.adapters.website.authored.rules import Refused
from orchestration.adapters.website.authored.wording import one_line, spaced
from orchestration.adapters.work import Report

FINISH = "finish"
NAME = "model"
SUMMARY_CHARACTERS = 300
ERROR = "error: "


@dataclass(frozen=True, slots=True)
class Field:
    """One argument, always a text."""

    name: str
    about: str
    characters_max: int


@dataclass(frozen=True, slots=True)
class Tool:
    """What the model may call. All its fields are wanted, and no other is taken."""

    name: str
    about: str
    fields: tuple[Field, ...] = ()

    def as_json(self) -> dict[str, object]:
        """In the form of Chat Completions."""
        properties = {one.name: {"type": "string", "description": one.about} for one in self.fields}
        schema = {
            "type": "object",
            "properties": properties,
            "required": [one.name for one in self.fields],
            "additionalProperties": False,
        }
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.about, "parameters": schema},
        }

    def arguments(self, text: str) -> dict[str, str]:
        """The arguments of a call, by name. Raises Refused, which says what is wrong with them."""
        try:
            given = json.loads(text or "{}")
        except (ValueError, RecursionError):
            raise Refused("the arguments are not valid JSON; call again with all of them") from None
        if not isinstance(given, dict):
            raise Refused("the arguments are not a JSON object")
        names = {one.name for one in self.fields}
        if unknown := [one_line(str(name), 40) for name in given if name not in names]:
            raise Refused(f"{self.name} takes no {', '.join(unknown[:3])}")
        return {one.name: self._argument(one, given) for one in self.fields}

    def _argument(self, field: Field, given: dict[str, object]) -> str:
        if field.name not in given:
            raise Refused(f"{field.name} is missing")
        value = given[field.name]
        if not isinstance(value, str):
            raise Refused(f"{field.name} must be a string")
        if len(value) > field.characters_max:
            raise Refused(f"{field.name} has more than {field.characters_max} characters")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise Refused(f"{field.name} has half a character (a lone surrogate)")
        return value


PATH = Field("path", "Relative to the project, such as src/theme.css", 300)
TOOLS = (
    Tool("list_files", "The project's files with their sizes in bytes."),
    Tool("read_file", "The text of one file.", (PATH,)),
    Tool(
        "write_file",
        "Write a whole file, new or in place of the old one. Only in src/ and public/, and the HTML pages.",
        (PATH, Field("content", "The file's whole text", rules.TEXT_BYTES_MAX)),
    ),
    Tool(
        FINISH,
        "Say that the site is finished; it is then built.",
        (Field("summary", "What was done, in one or two sentences", 2_000),),
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}


@dataclass(frozen=True, slots=True)
class Answered:
    """What comes of a call: the text for the model, and whether it was a `finish`."""

    text: str
    finished: bool = False


class Hands:
    """Carries calls out on the bench, and says each in the log."""

    def __init__(self, bench: Bench, report: Report) -> None:
        self._bench = bench
        self._report = report

    def call(self, name: str, arguments: str) -> Answered:
        """Never raises for what the model does: a fault is the call's answer. OSError for a full disk."""
        tool = BY_NAME.get(name)
        if tool is None:
            self._log("called a tool that there is not")
            return Answered(f"{ERROR}there is no such tool; there are {', '.join(BY_NAME)}")
        try:
            return self._do(tool.name, tool.arguments(arguments))
        except Refused as refused:
            self._log(f"{tool.name} was refused: {refused}")
            return Answered(f"{ERROR}{refused}")

    def _do(self, name: str, given: dict[str, str]) -> Answered:
        if name == "list_files":
            files = self._bench.files()
            self._log(f"listed {len(files)} files")
            return Answered("\n".join(f"{found.path} ({found.size} bytes)" for found in files))
        if name == "read_file":
            text = self._bench.read(given["path"])
            self._log(f"read {given['path']}")
            return Answered(text)
        if name == "write_file":
            data = given["content"].encode()
            self._bench.write(given["path"], data)
            self._log(f"wrote {given['path']} ({spaced(len(data))} bytes)")
            return Answered(f"written: {given['path']} ({len(data)} bytes)")
        self._log(f"finished: {one_line(given['summary'], SUMMARY_CHARACTERS)}")
        return Answered("the site is built now", finished=True)

    def _log(self, line: str) -> None:
        self._report.log(f"{NAME}: {line}")
