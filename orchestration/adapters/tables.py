"""Reads the packages' tables (TOML beside the code), with their types checked once, at the reading."""

from __future__ import annotations

import tomllib
from importlib import resources


class TableError(Exception):
    """A table in the package does not hold what it must; the message names the field."""


class Table:
    """A TOML table. Each getter raises TableError when the field is missing or of another type."""

    def __init__(self, fields: dict[str, object], name: str) -> None:
        self._fields = fields
        self._name = name

    @classmethod
    def load(cls, package: str, name: str) -> Table:
        text = resources.files(package).joinpath(name).read_text("utf-8")
        try:
            return cls(tomllib.loads(text), name)
        except tomllib.TOMLDecodeError as error:
            raise TableError(f"{name}: {error}") from error

    def keys(self) -> tuple[str, ...]:
        return tuple(self._fields)

    def text(self, key: str) -> str:
        value = self._fields.get(key)
        if not isinstance(value, str):
            raise TableError(f"{self._name}: {key} is not a text")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A text's words."""
        return tuple(self.text(key).split())

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._fields.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise TableError(f"{self._name}: {key} is not a list of texts")
        return tuple(str(item) for item in value)

    def number(self, key: str) -> float:
        value = self._fields.get(key)
        if not isinstance(value, int | float):
            raise TableError(f"{self._name}: {key} is not a number")
        return float(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        value = self._fields.get(key)
        if not isinstance(value, list) or not all(isinstance(item, int | float) for item in value):
            raise TableError(f"{self._name}: {key} is not a list of numbers")
        return tuple(float(item) for item in value)

    def flag(self, key: str) -> bool:
        return self._fields.get(key) is True

    def table(self, key: str) -> Table:
        value = self._fields.get(key)
        if not isinstance(value, dict):
            raise TableError(f"{self._name}: {key} is not a table")
        return Table(value, f"{self._name}: {key}")

    def tables(self, key: str) -> tuple[Table, ...]:
        value = self._fields.get(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise TableError(f"{self._name}: {key} is not a list of tables")
        return tuple(Table(item, f"{self._name}: {key}") for item in value)
