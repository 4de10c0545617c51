"""Structured logs: a static message and fields, as one line of text or of JSON.

Write `log.info("peer connected", extra={"peer": 3})`; every `extra` becomes a field, and the session's id is
added by itself. What a human said never goes into a message or a field.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

session_id: ContextVar[str] = ContextVar("session_id", default="")
"""Set by whoever acts for a session; tasks inherit it."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_QUERY = re.compile(r"\?[^\s\"'<>]*")
_SECRET = re.compile(r"(?i)\b(bearer\s+|token=|code=|client_secret=|api_key=|sk-)[^\s&\"']+")
_CAPABILITY = re.compile(r"(/preview/)[^/\s]+")
_QUIET_PATHS = ("/healthz", "/readyz", "/metrics")
# Libraries whose INFO is a diary of every packet or request.
_LOUD = (
    "aioice",
    "aiortc",
    "asyncio",
    "websockets",
    "openai",
    "httpx",
    "httpcore",
    "httpx2",
    "httpcore2",
    "PIL",
)


def configure(level: str = "info", style: str = "text", stream: TextIO | None = None) -> None:
    """Send all logging to `stream` (standard error) in this style. Replaces what was configured before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.INFO if level == "debug" else logging.WARNING)


def cleaned(text: str) -> str:
    """`text` without query strings, tokens and preview capabilities."""
    return _CAPABILITY.sub(r"\1…", _SECRET.sub(r"\1…", _QUERY.sub("", text)))


def record_fields(record: logging.LogRecord) -> dict[str, object]:
    fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    if current := session_id.get():
        fields.setdefault("session", current)
    return fields


class TextFormatter(logging.Formatter):
    """`12:00:00.123 INFO server.peer peer connected session=ab12 peer=3`"""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created).strftime("%H:%M:%S.%f")[:-3]
        fields = "".join(f" {name}={_plain(value)}" for name, value in record_fields(record).items())
        line = f"{when} {record.levelname} {record.name} {cleaned(record.getMessage())}{fields}"
        if record.exc_info:
            line += "\n" + cleaned(self.formatException(record.exc_info))
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time (RFC 3339), level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": when.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": cleaned(record.getMessage()),
        }
        for name, value in record_fields(record).items():
            line.setdefault(name, cleaned(value) if isinstance(value, str) else value)
        if record.exc_info:
            line["exception"] = cleaned(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)


def _plain(value: object) -> str:
    text = cleaned(str(value))
    return json.dumps(text, ensure_ascii=False) if re.search(r"[\s\"=]", text) else text


class AccessLogger(AbstractAccessLogger):
    """One line per answer: method, path without its query, status, milliseconds. Probes at debug level."""

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        level = logging.DEBUG if request.path in _QUIET_PATHS else logging.INFO
        fields = {
            "method": request.method,
            "path": cleaned(request.path),
            "status": response.status,
            "ms": round(time * 1000, 1),
        }
        self.logger.log(level, "answered", extra=fields)
