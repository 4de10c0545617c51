"""Where to, and how much: what every request to a stranger keeps to, and how it fails."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from yarl import URL

from orchestration.adapters.lookups import look_up
from orchestration.adapters.web.addresses import Address, is_public

URL_CHARACTERS_MAX = 2048

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""(host, port) → its IP addresses. Raises OSError for a name without any."""


class FetchCode(StrEnum):
    """Why a page was not fetched."""

    NOT_AN_ADDRESS = "not_an_address"
    NOT_PUBLIC = "not_public"
    NO_SUCH_NAME = "no_such_name"
    UNREACHABLE = "unreachable"
    BAD_CERTIFICATE = "bad_certificate"
    TIMED_OUT = "timed_out"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_STATUS = "bad_status"
    BROKEN = "broken"
    ROBOTS = "robots"


REASONS = {
    FetchCode.NOT_AN_ADDRESS: "this is not the address of a public web page",
    FetchCode.NOT_PUBLIC: "the address is not on the public web",
    FetchCode.NO_SUCH_NAME: "there is no site of that name",
    FetchCode.UNREACHABLE: "the site could not be reached",
    FetchCode.BAD_CERTIFICATE: "the site's certificate is not valid",
    FetchCode.TIMED_OUT: "the site took too long",
    FetchCode.TOO_LARGE: "the page is too large",
    FetchCode.WRONG_TYPE: "this is not a web page",
    FetchCode.TOO_MANY_REDIRECTS: "the site sends on and on to other addresses",
    FetchCode.BAD_STATUS: "the site answered with an error",
    FetchCode.BROKEN: "the site's answer could not be understood",
    FetchCode.ROBOTS: "the site asks programs not to read it",
}


class FetchError(Exception):
    """Nothing was fetched. `reason` is a few words for the human; `status` the site's answer, or 0."""

    def __init__(self, code: FetchCode, status: int = 0) -> None:
        super().__init__(code.value)
        self.code = code
        self.status = status
        self.reason = f"{REASONS[code]} ({status})" if status else REASONS[code]


class NotPublicError(OSError):
    """A connection that was not made."""


async def resolve_by_system(host: str, port: int) -> list[str]:
    """What the system's resolver says, which also reads the odd spellings of addresses ("0x7f.1")."""
    found = await look_up(host, port, kind=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def parsed(address: str) -> URL:
    """Raises FetchError for what cannot be an address at all; `Rules.check_url` says more."""
    if any(character.isspace() or not character.isprintable() for character in address):
        raise FetchError(FetchCode.NOT_AN_ADDRESS)
    try:
        return URL(address)
    except (ValueError, TypeError):
        raise FetchError(FetchCode.NOT_AN_ADDRESS) from None


@dataclass(frozen=True, slots=True)
class Rules:
    """Tests may call other addresses public and allow other ports; an operator's own service may be anywhere.

    Times are seconds for a page with all its redirects, from the name to the last byte; sizes are bytes
    after and before decompression.
    """

    public: Callable[[Address], bool] = is_public
    ports: frozenset[int] | None = frozenset({80, 443})
    """None: any."""
    resolve: Resolve = resolve_by_system
    seconds: float = 10.0
    bytes_max: int = 2_000_000
    redirects_max: int = 5

    def check_url(self, url: URL) -> None:
        """Raises FetchError for what is no plain http(s) address, and an IP address that is not public."""
        if url.scheme not in ("http", "https") or len(str(url)) > URL_CHARACTERS_MAX:
            raise FetchError(FetchCode.NOT_AN_ADDRESS)
        if not url.host or url.user is not None or url.password is not None or "%" in url.host:
            raise FetchError(FetchCode.NOT_AN_ADDRESS)
        if self.ports is not None and url.port not in self.ports:
            raise FetchError(FetchCode.NOT_AN_ADDRESS)
        try:
            literal = ipaddress.ip_address(url.host)
        except ValueError:
            return
        if not self.public(literal):
            raise FetchError(FetchCode.NOT_PUBLIC)

    def check_ip(self, ip: str) -> None:
        """Raises NotPublicError."""
        if "%" in ip or not self.public(ipaddress.ip_address(ip)):
            raise NotPublicError("not a public address")
