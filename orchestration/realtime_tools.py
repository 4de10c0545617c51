"""Are a function call's arguments what the tool asked for? A small part of JSON Schema: the object's
properties with `type`, `enum`, `required` and `additionalProperties: false`; nothing nested."""

from __future__ import annotations

import json

from orchestration.ports import Tool

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


class InvalidArguments(ValueError):
    """The model called a tool in a way that its schema does not allow; the text is for the model."""


def parse_arguments(tool: Tool | None, arguments: str) -> dict[str, object]:
    """The call's arguments as an object. Raises InvalidArguments with a reason that a model can act on."""
    if tool is None:
        raise InvalidArguments("this tool was not offered")
    try:
        parsed: object = json.loads(arguments or "{}")
    except ValueError as error:
        raise InvalidArguments("the arguments are not JSON") from error
    if not isinstance(parsed, dict):
        raise InvalidArguments("the arguments are not a JSON object")
    _check_object(tool.parameters, parsed)
    return parsed


def _check_object(schema: dict[str, object], value: dict[str, object]) -> None:
    properties = schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    for name in required if isinstance(required, list) else []:
        if name not in value:
            raise InvalidArguments(f"{name} is missing")
    for name, part in value.items():
        rule = known.get(name)
        if isinstance(rule, dict):
            _check_value(name, rule, part)
        elif schema.get("additionalProperties") is False:
            raise InvalidArguments(f"{name} is not a parameter")


def _check_value(name: str, rule: dict[str, object], value: object) -> None:
    allowed = rule.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        raise InvalidArguments(f"{name} must be one of {json.dumps(allowed)}")
    wanted = rule.get("type")
    kinds = wanted if isinstance(wanted, list) else [wanted]
    types = tuple(t for kind in kinds if isinstance(kind, str) for t in _TYPES.get(kind, ()))
    if not types:
        return
    # In Python a bool is an int; in JSON it is not.
    if (isinstance(value, bool) and bool not in types) or not isinstance(value, types):
        raise InvalidArguments(f"{name} must be of type {wanted}")
