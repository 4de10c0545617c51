"""What can go wrong in a request, by whose guilt, and how it is said (RFC 9457, problem details).

The codes are a closed list: the page explains each of them, so a code is never reused or renamed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Code(StrEnum):
    BAD_REQUEST = "bad_request"
    BAD_JSON = "bad_json"
    BAD_SDP = "bad_sdp"
    BAD_FRAGMENT = "bad_fragment"
    BAD_ANSWERS = "bad_answers"
    BAD_TEXT = "bad_text"
    BAD_HOST = "bad_host"
    BAD_ORIGIN = "bad_origin"
    UNKNOWN_QUESTION = "unknown_question"
    TOKEN_MISSING = "token_missing"
    TOKEN_WRONG = "token_wrong"
    TOKEN_FORBIDS = "token_forbids"
    NOT_FOUND = "not_found"
    UNKNOWN_SESSION = "unknown_session"
    UNKNOWN_PEER = "unknown_peer"
    UNKNOWN_APPROVAL = "unknown_approval"
    UNKNOWN_JOB = "unknown_job"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ALREADY_DECIDED = "already_decided"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    SESSION_ENDED = "session_ended"
    NO_POST = "no_post"
    ETAG_MISMATCH = "etag_mismatch"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    RESTART_UNSUPPORTED = "restart_unsupported"
    ETAG_MISSING = "etag_missing"
    TOO_MANY = "too_many"
    INTERNAL = "internal"
    NO_ROOM = "no_room"
    FULL = "full"
    BUSY = "busy"
    DRAINING = "draining"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code stands for. `retryable`: the same request may succeed later."""

    status: int
    title: str
    retryable: bool = False


KINDS: Mapping[Code, Kind] = {
    Code.BAD_REQUEST: Kind(400, "The request cannot be understood."),
    Code.BAD_JSON: Kind(400, "The body is not the JSON that is expected here."),
    Code.BAD_SDP: Kind(400, "The session description cannot be used."),
    Code.BAD_FRAGMENT: Kind(400, "The list of network candidates cannot be read."),
    Code.BAD_ANSWERS: Kind(400, "The given answers must be six short texts."),
    Code.BAD_TEXT: Kind(400, "The text is empty or too long."),
    Code.UNKNOWN_QUESTION: Kind(400, "There is no such question in the brief."),
    Code.TOKEN_MISSING: Kind(401, "This needs the session's token."),
    Code.TOKEN_WRONG: Kind(401, "The token is not one of ours."),
    Code.TOKEN_FORBIDS: Kind(403, "A spectator may only watch and listen."),
    Code.BAD_HOST: Kind(403, "This server does not answer under that name."),
    Code.BAD_ORIGIN: Kind(403, "Pages of that site may not open sessions here."),
    Code.NOT_FOUND: Kind(404, "There is nothing here."),
    Code.UNKNOWN_SESSION: Kind(404, "There is no such session."),
    Code.UNKNOWN_PEER: Kind(404, "This connection is over."),
    Code.UNKNOWN_APPROVAL: Kind(404, "There is nothing of that name to approve."),
    Code.UNKNOWN_JOB: Kind(404, "There is no such job in this session."),
    Code.METHOD_NOT_ALLOWED: Kind(405, "This cannot be done here."),
    Code.ALREADY_DECIDED: Kind(409, "This was decided already."),
    Code.SUPERSEDED: Kind(409, "It was changed since: look at the new version first."),
    Code.NO_POST: Kind(409, "There is no draft yet."),
    Code.SESSION_ENDED: Kind(409, "The session is over."),
    Code.EXPIRED: Kind(410, "The time for this decision has passed."),
    Code.ETAG_MISMATCH: Kind(412, "This is not the connection that you mean."),
    Code.TOO_LARGE: Kind(413, "That is more than is accepted here."),
    Code.WRONG_TYPE: Kind(415, "That type of content is not accepted here."),
    Code.RESTART_UNSUPPORTED: Kind(422, "ICE cannot be restarted: open a new connection."),
    Code.ETAG_MISSING: Kind(428, "Say with If-Match which connection you mean."),
    Code.TOO_MANY: Kind(429, "Too many requests at once.", retryable=True),
    Code.INTERNAL: Kind(500, "Something broke on our side.", retryable=True),
    Code.FULL: Kind(503, "All rooms are taken at the moment.", retryable=True),
    Code.BUSY: Kind(503, "The server has as much to do as it can do well.", retryable=True),
    Code.DRAINING: Kind(503, "The server is about to restart.", retryable=True),
    Code.NO_ROOM: Kind(507, "There is no room to store this here."),
    Code.NOT_READY: Kind(503, "The voices are not ready yet.", retryable=True),
}


class Problem(Exception):
    """A request that gets no success. `detail` is a sentence for a human, free of what a human said."""

    def __init__(self, code: Code, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail or self.kind.title
        self.headers = dict(headers or {})

    @property
    def ours(self) -> bool:
        """Whose guilt: True when the caller did nothing wrong."""
        return self.kind.status >= 500


def respond(problem: Problem) -> web.Response:
    """The problem as `application/problem+json`; `type` is stable and names the code."""
    body = {
        "type": f"urn:moentreprise:problem:{problem.code}",
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "code": problem.code.value,
        "retryable": problem.kind.retryable,
    }
    if problem.kind.status == 401:
        problem.headers.setdefault("WWW-Authenticate", "Bearer")
    return web.Response(
        status=problem.kind.status,
        text=json.dumps(body),
        content_type="application/problem+json",
        headers=problem.headers,
    )


_BY_STATUS = {
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    413: Code.TOO_LARGE,
    415: Code.WRONG_TYPE,
}


def _from_aiohttp(error: web.HTTPException) -> Problem:
    code = _BY_STATUS.get(error.status, Code.BAD_REQUEST if error.status < 500 else Code.INTERNAL)
    kept = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
    return Problem(code, headers=kept)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure of a handler into a problem document."""
    try:
        return await handler(request)
    except Problem as problem:
        return respond(problem)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return respond(_from_aiohttp(error))
    except ConnectionResetError:
        raise
    except Exception:
        # The root of a request: whatever broke is logged whole, and the caller learns only that it is ours.
        log.exception("request failed", extra={"path": request.path, "method": request.method})
        return respond(Problem(Code.INTERNAL))
