"""Fetches pages of strangers: GET alone, without cookies, credentials or proxies.

The address that is checked is the address that is connected to: the resolver lets through public addresses
alone, and every socket is checked once more when it is made, so that neither a name that changes its mind
nor a redirect leads inside.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from orchestration.adapters.web.rules import FetchCode, FetchError, NotPublicError, Rules, parsed

USER_AGENT = "Moentreprise/0.1 (market research; reads a page once when its human asks)"
HTML = ("text/html", "application/xhtml+xml")
CONNECTIONS_MAX = 8
READ_BYTES = 65536
REDIRECTS = (301, 302, 303, 307, 308)
NOTHING: Mapping[str, str] = {}

Before = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came. `url` is where it came from after all redirects; `type` has no parameters."""

    url: str
    status: int
    type: str
    charset: str
    body: bytes


class Web:
    """One client for one piece of work; `async with`. Connections are kept only to what was checked."""

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008 - frozen
        self.rules = rules
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=_PublicResolver(self.rules),
            socket_factory=self._socket,
            use_dns_cache=False,
            limit=CONNECTIONS_MAX,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(
        self,
        address: str,
        types: tuple[str, ...] = HTML,
        *,
        headers: Mapping[str, str] = NOTHING,
        any_status: bool = False,
        before: Before | None = None,
    ) -> Fetched:
        """Fetch `address`. Nothing is read of another content type than `types` (each a start, as "image/").

        `headers` go to the first address alone. `before` is asked for each address, redirects too, and may
        raise FetchError. Raises FetchError; also for a status of 400 and more, unless `any_status`.
        """
        try:
            async with asyncio.timeout(self.rules.seconds):
                return await self._follow(address, types, headers, any_status, before)
        except FetchError:
            raise
        except TimeoutError:
            raise FetchError(FetchCode.TIMED_OUT) from None
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, zlib.error) as error:
            raise FetchError(_code_of(error)) from error

    async def _follow(
        self,
        address: str,
        types: tuple[str, ...],
        headers: Mapping[str, str],
        any_status: bool,
        before: Before | None,
    ) -> Fetched:
        assert self._session is not None, "use it with `async with`"
        url = parsed(address)
        for _ in range(self.rules.redirects_max + 1):
            self.rules.check_url(url)
            if before is not None:
                await before(str(url))
            async with self._session.get(url, allow_redirects=False, headers=headers) as response:
                place = response.headers.get("Location")
                if response.status not in REDIRECTS or not place:
                    return await self._read(url, response, types, any_status)
                url = url.join(parsed(place)).with_fragment(None)
                headers = NOTHING
        raise FetchError(FetchCode.TOO_MANY_REDIRECTS)

    async def _read(
        self, url: URL, response: aiohttp.ClientResponse, types: tuple[str, ...], any_status: bool
    ) -> Fetched:
        if response.status >= 400 and not any_status:
            raise FetchError(FetchCode.BAD_STATUS, response.status)
        kind = response.content_type.lower() if "Content-Type" in response.headers else ""
        if not kind.startswith(types):
            raise FetchError(FetchCode.WRONG_TYPE)
        if (response.content_length or 0) > self.rules.bytes_max:
            raise FetchError(FetchCode.TOO_LARGE)
        body = bytearray()
        async for part in self._plain(response):
            body += part
            if len(body) > self.rules.bytes_max:
                raise FetchError(FetchCode.TOO_LARGE)
        return Fetched(str(url), response.status, kind, response.charset or "", bytes(body))

    async def _plain(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """The body decompressed, never more at once than is still allowed; what is compressed counts too."""
        coding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in ("identity", "gzip", "x-gzip", ""):
            raise FetchError(FetchCode.BROKEN)
        unzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in coding else None
        came = 0
        async for part in response.content.iter_chunked(READ_BYTES):
            came += len(part)
            if came > self.rules.bytes_max:
                raise FetchError(FetchCode.TOO_LARGE)
            if unzip is None:
                yield part
                continue
            yield unzip.decompress(part, self.rules.bytes_max + 1)
            if unzip.unconsumed_tail:
                raise FetchError(FetchCode.TOO_LARGE)
        if unzip is not None and not unzip.eof:
            raise FetchError(FetchCode.BROKEN)

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """The last look: this is the address that is connected to."""
        family, kind, protocol, _, place = address
        self.rules.check_ip(str(place[0]))
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made


class _PublicResolver(AbstractResolver):
    """A name with any address that is not public is refused whole."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._rules.resolve(host, port)
        for ip in found:
            self._rules.check_ip(ip)
        if not found:
            raise OSError("no address")
        return [_result(host, ip, port) for ip in found]

    async def close(self) -> None:
        """Nothing is kept."""


def _result(host: str, ip: str, port: int) -> ResolveResult:
    six = ipaddress.ip_address(ip).version == 6
    return ResolveResult(
        hostname=host,
        host=ip,
        port=port,
        family=socket.AF_INET6 if six else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


def _code_of(error: Exception) -> FetchCode:
    seen: BaseException | None = error
    while seen is not None:  # aiohttp wraps what our resolver and our socket say
        if isinstance(seen, NotPublicError):
            return FetchCode.NOT_PUBLIC
        seen = getattr(seen, "os_error", None) or seen.__cause__
    match error:
        case aiohttp.ClientConnectorDNSError():
            return FetchCode.NO_SUCH_NAME
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return FetchCode.BAD_CERTIFICATE
        case aiohttp.InvalidURL() | ValueError():
            return FetchCode.NOT_AN_ADDRESS
        case aiohttp.ClientConnectorError() | aiohttp.ServerDisconnectedError() | OSError():
            return FetchCode.UNREACHABLE
        case _:
            return FetchCode.BROKEN
