"""The lines between the workshop and a worker process: one JSON object per line.

The workshop sends one request and keeps stdin open; the worker answers `ready`, any number of `log` and
`progress`, then one `result` or `failed`. The end of stdin tells the worker that nobody waits any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import cast

from orchestration.adapters.work import WorkErrorCode

LINE_BYTES_MAX = 4 * 1024 * 1024
LOG_LINE_CHARACTERS_MAX = 500
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)")


@dataclass(frozen=True, slots=True)
class Request:
    """What a worker is to do. `folder` is the session's data folder, absolute; `means` are its Means."""

    kind: str
    payload: dict[str, object]
    folder: str
    means: dict[str, str] = field(default_factory=dict, repr=False)

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has imported what it needs."""


@dataclass(frozen=True, slots=True)
class Log:
    line: str


@dataclass(frozen=True, slots=True)
class Progress:
    percent: int
    message: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What is being built is seen live: at `socket` (a name in the session's folder), under `address`.

    Who knows the address may look, so that it is never logged. Both are empty when it is over.
    """

    socket: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    result: dict[str, object]


@dataclass(frozen=True, slots=True)
class Failed:
    code: WorkErrorCode
    reason: str
    retryable: bool = False
    """Whether the same work may go well in a moment."""


WorkerMessage = Ready | Log | Progress | Preview | Result | Failed


def inert(text: str) -> str:
    """The text without escape sequences and control characters, at most 500 characters."""
    plain = ESCAPES.sub("", text).replace("\t", "    ")
    printable = "".join(character for character in plain if character.isprintable())
    return printable[:LOG_LINE_CHARACTERS_MAX]


def parse_request(line: bytes) -> Request:
    """Raises ValueError for anything that is not a request."""
    message = _json_object(line)
    kind, payload, folder = message.get("kind"), message.get("payload"), message.get("folder")
    means = message.get("means", {})
    if not isinstance(kind, str) or not isinstance(payload, dict) or not isinstance(folder, str):
        raise ValueError("not a job request")
    if not isinstance(means, dict) or not all(isinstance(value, str) for value in means.values()):
        raise ValueError("not the means of a job")
    return Request(kind, cast("dict[str, object]", payload), folder, cast("dict[str, str]", means))


def parse_message(line: bytes) -> WorkerMessage:
    """What the worker says. A line that is none of ours is output of a tool: it becomes a log line."""
    try:
        message = _json_object(line)
        return _message(message)
    except (ValueError, KeyError, TypeError):
        return Log(inert(line.decode("utf-8", "replace")))


def _message(message: dict[str, object]) -> WorkerMessage:
    match message.get("type"):
        case "ready":
            return Ready()
        case "log":
            return Log(inert(str(message["line"])))
        case "progress":
            percent = message["percent"]
            if not isinstance(percent, int):
                raise TypeError("percent is not a whole number")
            return Progress(max(0, min(100, percent)), inert(str(message["message"])))
        case "preview":
            return Preview(str(message.get("socket", "")), str(message.get("address", "")))
        case "result":
            result = message["result"]
            if not isinstance(result, dict):
                raise TypeError("result is not an object")
            return Result(cast("dict[str, object]", result))
        case "failed":
            code = WorkErrorCode(str(message["code"]))
            return Failed(code, inert(str(message["reason"])), message.get("retryable") is True)
        case other:
            raise ValueError(f"unknown message {other!r}")


def message_line(type_: str, **fields: object) -> bytes:
    """A worker's message as a line."""
    return json.dumps({"type": type_, **fields}).encode() + b"\n"


def _json_object(line: bytes) -> dict[str, object]:
    value: object = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return cast("dict[str, object]", value)


class LineSplitter:
    """Bytes in, whole lines out. A line over 4 MiB is cut: no worker can fill our memory."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._grow(piece)
            line = bytes(self._rest)
            self._rest.clear()
            if line.strip():
                yield line
        self._grow(rest)

    def _grow(self, piece: bytes) -> None:
        room = LINE_BYTES_MAX - len(self._rest)
        self._rest += piece[:room]
