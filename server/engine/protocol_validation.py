"""Checks for client events: small functions that a table of shapes is made of (protocol_schema).

A check takes a JSON value and its parameter path (`session.audio.output.speed`) and raises
`Invalid` with the code, message and param that the Realtime API's `error` event carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

Json = dict[str, object]
Check = Callable[[object, str], None]


class Invalid(Exception):
    """A client event that cannot be carried out; the session stays open."""

    def __init__(self, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param


def join(path: str, key: str) -> str:
    """The path of `key` inside `path`."""
    return f"{path}.{key}" if path else key


def wrong_type(param: str, expected: str, value: object) -> Invalid:
    got = _JSON_NAMES.get(type(value), "something else")
    return Invalid(
        f"Invalid type for '{param}': expected {expected}, but got {got} instead.", "invalid_type", param
    )


def wrong_value(param: str, value: object, supported: tuple[object, ...]) -> Invalid:
    names = ", ".join(f"'{name}'" for name in supported)
    return Invalid(f"Invalid value: {_shown(value)}. Supported values are: {names}.", "invalid_value", param)


def text(max_length: int = 1_000_000, min_length: int = 0) -> Check:
    def check(value: object, param: str) -> None:
        if not isinstance(value, str):
            raise wrong_type(param, "a string", value)
        if len(value) > max_length:
            message = f"Invalid '{param}': string too long. Expected at most {max_length} characters."
            raise Invalid(message, "string_above_max_length", param)
        if len(value) < min_length:
            raise Invalid(f"Invalid '{param}': empty string.", "empty_string", param)

    return check


def boolean(value: object, param: str) -> None:
    if not isinstance(value, bool):
        raise wrong_type(param, "a boolean", value)


def integer(low: int, high: int) -> Check:
    def check(value: object, param: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(param, "an integer", value)
        _within(value, low, high, param, "integer")

    return check


def number(low: float, high: float) -> Check:
    def check(value: object, param: str) -> None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise wrong_type(param, "a number", value)
        _within(value, low, high, param, "decimal")

    return check


def choice(*supported: object) -> Check:
    def check(value: object, param: str) -> None:
        if isinstance(value, bool) or value not in supported:
            raise wrong_value(param, value, supported)

    return check


def anything(value: object, param: str) -> None:
    """Accepted as it is: fields that this engine stores and echoes without acting on them."""


def nullable(inner: Check) -> Check:
    def check(value: object, param: str) -> None:
        if value is not None:
            inner(value, param)

    return check


def either(when: type, then: Check, otherwise: Check) -> Check:
    """`then` for values of the JSON type `when`, else `otherwise`."""

    def check(value: object, param: str) -> None:
        (then if isinstance(value, when) else otherwise)(value, param)

    return check


def listed(inner: Check, max_items: int, min_items: int = 0) -> Check:
    def check(value: object, param: str) -> None:
        if not isinstance(value, list):
            raise wrong_type(param, "an array", value)
        if not min_items <= len(value) <= max_items:
            message = f"Invalid '{param}': expected {min_items} to {max_items} entries, got {len(value)}."
            raise Invalid(message, "invalid_array_length", param)
        for index, entry in enumerate(value):
            inner(entry, f"{param}[{index}]")

    return check


def mapping(inner: Check, max_items: int, max_key_length: int) -> Check:
    """An object with free keys, such as `metadata`."""

    def check(value: object, param: str) -> None:
        entries = as_object(value, param)
        if len(entries) > max_items:
            raise Invalid(
                f"Invalid '{param}': at most {max_items} keys.", "object_above_max_properties", param
            )
        for key, entry in entries.items():
            text(max_key_length)(key, param)
            inner(entry, join(param, key))

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with known fields only."""
    known = {**required, **(optional or {})}

    def check(value: object, param: str) -> None:
        entries = as_object(value, param)
        for key in required:
            if key not in entries:
                path = join(param, key)
                raise Invalid(f"Missing required parameter: '{path}'.", "missing_required_parameter", path)
        for key, entry in entries.items():
            path = join(param, key)
            if key not in known:
                raise Invalid(f"Unknown parameter: '{path}'.", "unknown_parameter", path)
            known[key](entry, path)

    return check


def tagged(tag: str, shapes: Mapping[str, Check]) -> Check:
    """An object whose field `tag` names which of the shapes it has."""

    def check(value: object, param: str) -> None:
        entries = as_object(value, param)
        path = join(param, tag)
        if tag not in entries:
            raise Invalid(f"Missing required parameter: '{path}'.", "missing_required_parameter", path)
        name = entries[tag]
        if not isinstance(name, str) or name not in shapes:
            raise wrong_value(path, name, tuple(shapes))
        shapes[name](entries, param)

    return check


def as_object(value: object, param: str = "") -> Json:
    if not isinstance(value, dict):
        raise wrong_type(param or "event", "an object", value)
    return cast(Json, value)


def object_in(parent: Json, key: str) -> Json:
    """The object at `key`, or an empty one when it is absent or null."""
    value = parent.get(key)
    return cast(Json, value) if isinstance(value, dict) else {}


def list_in(parent: Json, key: str) -> list[object]:
    value = parent.get(key)
    return value if isinstance(value, list) else []


def text_in(parent: Json, key: str, default: str = "") -> str:
    value = parent.get(key)
    return value if isinstance(value, str) else default


def int_in(parent: Json, key: str, default: int) -> int:
    value = parent.get(key)
    return int(value) if isinstance(value, int | float) else default


def float_in(parent: Json, key: str, default: float) -> float:
    value = parent.get(key)
    return float(value) if isinstance(value, int | float) else default


def _within(value: float, low: float, high: float, param: str, kind: str) -> None:
    if value < low:
        message = (
            f"Invalid '{param}': {kind} below minimum value. Expected a value >= {low}, but got {value}."
        )
        raise Invalid(message, f"{kind}_below_min_value", param)
    if not value <= high:
        message = (
            f"Invalid '{param}': {kind} above maximum value. Expected a value <= {high}, but got {value}."
        )
        raise Invalid(message, f"{kind}_above_max_value", param)


def _shown(value: object) -> str:
    return repr(value[:64] if isinstance(value, str) else value)[:80]


_JSON_NAMES: dict[type, str] = {
    str: "a string", bool: "a boolean", int: "an integer", float: "a number",
    list: "an array", dict: "an object", type(None): "null",
}  # fmt: skip
