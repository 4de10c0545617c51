"""Capability tokens: whoever holds a session's token may use the session, and nobody else.

A spectator's token opens the spectators' connection and the events alone. The token is taken from
`Authorization: Bearer` (RFC 6750) or, where a browser cannot set headers, from the `token` query parameter.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from enum import Enum

from aiohttp import web

from server.errors import Code, Problem

_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]+) *\Z", re.IGNORECASE)


class Role(Enum):
    HUMAN = "human"
    SPECTATOR = "spectator"


def new_token() -> str:
    """256 bits, URL-safe."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Keys:
    """The two tokens of a session. Their repr shows neither."""

    human: str
    spectator: str

    @classmethod
    def new(cls) -> Keys:
        return cls(new_token(), new_token())

    def role(self, token: str) -> Role | None:
        """What the token may do here; both comparisons take the same time whatever it is."""
        human = secrets.compare_digest(token.encode(), self.human.encode())
        spectator = secrets.compare_digest(token.encode(), self.spectator.encode())
        return Role.HUMAN if human else Role.SPECTATOR if spectator else None

    def __repr__(self) -> str:
        return "Keys(…)"


def token_of(request: web.Request) -> str:
    """The token that the request carries. Raises Problem 401 when there is none."""
    header = request.headers.get("Authorization", "")
    if match := _BEARER.match(header):
        return match[1]
    if token := request.query.get("token", ""):
        return token
    raise Problem(Code.TOKEN_MISSING)
