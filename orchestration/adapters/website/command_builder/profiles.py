"""The profiles of external builders, read from profiles.toml and checked once."""

from __future__ import annotations

import os
import pwd
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.adapters.builders import COMMAND, MODEL_NAME
from orchestration.adapters.tables import Table, TableError
from orchestration.adapters.website.command_builder.outputs import READERS
from orchestration.adapters.work import Means

TASKS = ("stdin", "argument")
TASK_BYTES_MAX = 120_000
"""The kernel takes no longer argument than 128 KiB."""
KEPT = ("PATH", "LANG", "LC_ALL", "TZ")
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Profile:
    """One external builder. `environment` is all that it gets beside KEPT and TMPDIR."""

    name: str
    label: str
    program: str
    arguments: tuple[str, ...]
    model_arguments: tuple[str, ...]
    last_arguments: tuple[str, ...]
    task: str
    output: str
    environment: Mapping[str, str]

    @classmethod
    def of(cls, name: str, table: Table) -> Profile:
        """Raises TableError for a field that cannot be used."""
        variables = table.table("environment")
        profile = cls(
            name=name,
            label=table.text("label"),
            program=table.text("program"),
            arguments=table.texts("arguments"),
            model_arguments=table.texts("model_arguments"),
            last_arguments=table.texts("last_arguments"),
            task=table.text("task"),
            output=table.text("output"),
            environment={variable: variables.text(variable) for variable in variables.keys()},
        )
        if profile.task not in TASKS or profile.output not in READERS:
            raise TableError(f"profiles.toml: {name}: task or output is none that there is")
        return profile

    @property
    def who(self) -> str:
        """It, at the beginning of a sentence."""
        return f"The agent {self.label}"

    def words(self, means: Means, places: Mapping[str, str]) -> list[str]:
        """The command line. `places` are the values of placeholders."""
        values = {**places, "model": means.text(MODEL_NAME)}
        words = [*self.arguments]
        if values["model"]:
            words += self.model_arguments
        words += self.last_arguments
        return [*self.program_words(means), *(_filled(word, values) for word in words)]

    def program_words(self, means: Means) -> list[str]:
        """The program and what comes first: the operator's own words for it, else its usual name."""
        return shlex.split(means.text(COMMAND)) or [self.program]

    def variables(self, means: Means, places: Mapping[str, str]) -> dict[str, str]:
        """The whole environment: a little of ours, and what the profile names."""
        values = {**means.values, **places, "home": _home(), "model": means.text(MODEL_NAME)}
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        named = {name: _filled(value, values) for name, value in self.environment.items()}
        return {
            **kept,
            "TMPDIR": places["scratch"],
            **{name: value for name, value in named.items() if value},
        }

    def secrets(self, means: Means) -> tuple[str, ...]:
        """The values that must not show in a log, wherever they come from."""
        names = {name for value in self.environment.values() for name in _PLACE.findall(value)}
        return tuple(value for name in names if "KEY" in name and (value := means.text(name)))


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Once, and not again in what was filled in."""
    return _PLACE.sub(lambda match: values.get(match[1], ""), text)


def _home() -> str:
    """A worker has no HOME of its own."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return str(Path("/"))


def _profiles() -> dict[str, Profile]:
    table = Table.load("orchestration.adapters.website.command_builder", "profiles.toml")
    return {name: Profile.of(name, table.table(name)) for name in table.keys()}


PROFILES = _profiles()
