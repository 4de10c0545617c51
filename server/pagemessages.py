"""What the page says over the data channel, parsed strictly into frozen types.

Unknown fields are ignored (a newer page may talk to an older server); known ones must be of their type.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from server.bodies import is_clean

MAX_BYTES = 16 * 1024
MAX_TEXT_CHARS = 2000
_RTP_TIMES = 1 << 32


class MessageError(ValueError):
    """The message breaks the contract. `code` goes back to the page: bad_message or too_large."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Resume:
    """The page has every event up to `after` and wants the rest. 0: it has none."""

    after: int


@dataclass(frozen=True, slots=True)
class TypedMessage:
    text: str


@dataclass(frozen=True, slots=True)
class TalkKey:
    """Push-to-talk: the key or button is down."""

    down: bool


@dataclass(frozen=True, slots=True)
class Typing:
    """What the human writes on the page changes (true), or nothing is written there any more."""

    typing: bool


@dataclass(frozen=True, slots=True)
class Playout:
    """What the listener hears: the RTP time being played (None while nothing is), and how late it is."""

    rtp_timestamp: int | None
    at_ms: float | None
    jitter_buffer_ms: float | None
    rtt_ms: float | None


@dataclass(frozen=True, slots=True)
class Ping:
    pass


PageMessage = Resume | TypedMessage | TalkKey | Typing | Playout | Ping


def parse(raw: str | bytes) -> PageMessage:
    """Read one message. Raises MessageError."""
    if len(raw) > MAX_BYTES or (isinstance(raw, str) and len(raw.encode("utf-8", "replace")) > MAX_BYTES):
        raise MessageError("too_large", "A message may have 16 KiB.")
    try:
        fields: object = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _bad("it is not JSON") from None
    if not isinstance(fields, dict):
        raise _bad("it is not an object")
    match fields.get("type"):
        case "resume":
            return Resume(_integer(fields.get("after"), (1 << 53) - 1))
        case "human.message":
            return TypedMessage(_text(fields.get("text")))
        case "human.push_to_talk":
            return TalkKey(_boolean(fields.get("down")))
        case "human.typing":
            return Typing(_boolean(fields.get("typing")))
        case "playout":
            return _playout(fields)
        case "ping":
            return Ping()
        case _:
            raise _bad("its type is unknown")


def _playout(fields: dict[str, object]) -> Playout:
    rtp_timestamp = fields.get("rtp_timestamp")
    return Playout(
        None if rtp_timestamp is None else _integer(rtp_timestamp, _RTP_TIMES - 1),
        _number(fields.get("at_ms")),
        _number(fields.get("jitter_buffer_ms")),
        _number(fields.get("rtt_ms")),
    )


def _bad(why: str) -> MessageError:
    return MessageError("bad_message", f"A message could not be understood: {why}.")


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _integer(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise _bad("a number is missing or out of range")
    return value


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
        raise _bad("a number is out of range")
    return float(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _bad("true or false is missing")
    return value


def _text(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_TEXT_CHARS or not is_clean(text):
        raise _bad(f"a text of 1 to {MAX_TEXT_CHARS} characters is missing")
    return text
