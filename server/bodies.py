"""Request bodies: the declared type, a size limit, and JSON taken apart into plain types at once."""

from __future__ import annotations

import json

from aiohttp import web

from server.errors import Code, Problem

JSON = "application/json"
JSON_LIMIT_BYTES = 64 * 1024


async def read(request: web.Request, content_type: str, limit_bytes: int) -> str:
    """The body as text. Raises Problem: 415 another type, 413 too large, 400 not UTF-8."""
    if request.content_type != content_type:
        raise Problem(Code.WRONG_TYPE, f"The body must be {content_type}.", headers={"Accept": content_type})
    return _decoded(await _limited(request, limit_bytes))


async def json_object(
    request: web.Request, *, limit_bytes: int = JSON_LIMIT_BYTES, may_be_empty: bool = False
) -> dict[str, object]:
    """The body as a JSON object, {} for an empty body if it may be. Raises Problem: 415, 413, 400."""
    if may_be_empty and not request.can_read_body:
        return {}
    if request.content_type != JSON:
        raise Problem(Code.WRONG_TYPE, "The body must be application/json.", headers={"Accept": JSON})
    text = _decoded(await _limited(request, limit_bytes))
    if may_be_empty and not text.strip():
        return {}
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        raise Problem(Code.BAD_JSON) from None
    if not isinstance(value, dict):
        raise Problem(Code.BAD_JSON, "The body must be a JSON object.")
    return value


def text_field(value: object, limit_chars: int) -> str:
    """A text of 1 to `limit_chars` characters, trimmed. Raises Problem 400."""
    if not isinstance(value, str):
        raise Problem(Code.BAD_TEXT, "A text is missing.")
    text = value.strip()
    if len(text) > limit_chars:
        raise Problem(Code.BAD_TEXT, f"The text has {len(text)} characters; it may have {limit_chars}.")
    if not text or not is_clean(text):
        raise Problem(Code.BAD_TEXT, f"The text must have 1 to {limit_chars} characters.")
    return text


def flag_field(value: object) -> bool:
    """true or false. Raises Problem 400."""
    if not isinstance(value, bool):
        raise Problem(Code.BAD_REQUEST, "That is true or false.")
    return value


def is_clean(text: str) -> bool:
    """Whether the text can be stored and shown: no lone surrogates, no control characters but line breaks."""
    return all(char in "\n\r\t" or (char >= " " and not "\ud800" <= char <= "\udfff") for char in text)


async def _limited(request: web.Request, limit_bytes: int) -> bytes:
    if (request.content_length or 0) > limit_bytes:
        raise Problem(Code.TOO_LARGE, f"The body may have {limit_bytes} bytes.")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit_bytes:
            raise Problem(Code.TOO_LARGE, f"The body may have {limit_bytes} bytes.")
    return bytes(body)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(Code.BAD_REQUEST, "The body is not UTF-8.") from None
