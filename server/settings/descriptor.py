"""What is known of one setting besides its value, kept in its field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """How one setting is named, read and explained."""

    name: str
    variable: str
    parse: Callable[[str], object]
    expected: str
    help: str
    secret: bool
    default: object


def setting(
    default: T,
    variable: str,
    parse: Callable[[str], object],
    expected: str,
    help: str,
    *,
    secret: bool = False,
) -> T:
    about = {"variable": variable, "parse": parse, "expected": expected, "help": help, "secret": secret}
    return field(default=default, repr=not secret, metadata=about)
