"""Who may ask: names that this server answers to, and sites whose pages may open sessions.

The Host check stops DNS rebinding (a foreign name that was pointed at this machine); addresses written as
numbers cannot be rebound. The Origin check stops foreign pages.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp import web

from server.errors import Code, Problem
from server.settings import Settings


def check(request: web.Request, settings: Settings) -> None:
    """Raises Problem 403."""
    if not _is_ours(_hostname(f"//{request.host}"), settings):
        raise Problem(Code.BAD_HOST)
    origin = request.headers.get("Origin")
    if origin is not None and not _may_ask(origin, request.host, settings):
        raise Problem(Code.BAD_ORIGIN)


def _may_ask(origin: str, host: str, settings: Settings) -> bool:
    if origin in settings.allowed_origins:
        return True
    try:
        site = urlsplit(origin)
    except ValueError:
        return False
    public = urlsplit(settings.public_url).netloc
    return site.scheme in ("http", "https") and site.netloc.lower() in {host.lower(), public.lower()} - {""}


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_ours(name: str, settings: Settings) -> bool:
    known = {"localhost", settings.host.lower(), _hostname(settings.public_url)} - {""}
    if name in known or name.endswith(".localhost") or _is_address(name):
        return True
    machine = socket.gethostname().lower()
    return settings.lan and name in (machine, f"{machine}.local")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
