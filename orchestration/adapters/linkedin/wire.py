"""HTTP to LinkedIn, one request at a time, which tells whether anything was sent when it fails.

Nothing is tried twice and no redirect is followed: the token is for the named host alone.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

ANSWER_BYTES_MAX = 256 * 1024
CONNECT_S = 10.0
ANSWER_S = 30.0


class NotSentError(Exception):
    """There was no connection, so that nobody can have taken anything."""


class NoAnswerError(Exception):
    """The request may have arrived; no whole answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as an object, {} when it is none."""
        try:
            value: object = json.loads(self.body)
        except ValueError:
            return {}
        return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def ask(
    method: str, url: str, headers: Mapping[str, str], body: bytes = b"", answer_s: float = ANSWER_S
) -> Answer:
    """One request over a connection of its own. Raises NotSentError or NoAnswerError."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=CONNECT_S)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        try:
            connection.connect()
        except OSError as error:
            raise NotSentError(type(error).__name__) from error
        connection.sock.settimeout(answer_s)
        return _sent(connection, method, target, headers, body)
    finally:
        connection.close()


def _sent(
    connection: http.client.HTTPConnection, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    try:
        connection.request(method, target, body or None, {"User-Agent": "Moentreprise", **headers})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        # A status with its headers is an answer, whatever becomes of the rest.
        try:
            return Answer(response.status, found, response.read(ANSWER_BYTES_MAX))
        except (OSError, http.client.HTTPException):
            return Answer(response.status, found, b"")
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(type(error).__name__) from error
