"""Where the server listens, who may come, and how sound goes."""

from __future__ import annotations

from dataclasses import dataclass

from server.settings import values
from server.settings.descriptor import setting
from server.settings.values import IceServer


@dataclass(frozen=True)
class Network:
    """See the module; part of `server.settings.Settings`."""

    host: str = setting(
        "127.0.0.1",
        "MOENTREPRISE_HOST",
        values.host,
        "a host name or an IP address",
        "The address to listen on.",
    )
    port: int = setting(
        8080,
        "MOENTREPRISE_PORT",
        values.integer(0, 65535),
        "a number from 0 to 65535",
        "The port to listen on; 0 takes a free one.",
    )
    lan: bool = setting(
        False,
        "MOENTREPRISE_LAN",
        values.flag,
        "1 or 0",
        "Listen on the whole network with https and a certificate of our own, and print a QR code.",
    )
    public_url: str = setting(
        "",
        "MOENTREPRISE_PUBLIC_URL",
        values.url,
        "an http or https address",
        "The address that browsers use, when a proxy stands in front.",
    )
    allowed_origins: tuple[str, ...] = setting(
        (),
        "MOENTREPRISE_ALLOWED_ORIGINS",
        values.origins,
        "origins such as https://example.org, separated by commas",
        "Other sites whose pages may open sessions here; our own page always may.",
    )
    ice_servers: tuple[IceServer, ...] = setting(
        (),
        "MOENTREPRISE_ICE_SERVERS",
        values.ice_servers,
        "addresses such as stun:host:3478 separated by commas, or a JSON list of "
        '{"urls", "username", "credential"}',
        "STUN and TURN servers for both ends; none are needed on one machine or one network.",
        secret=True,
    )
    media: str = setting(
        "direct",
        "MOENTREPRISE_MEDIA",
        values.choice("direct", "track"),
        "direct or track",
        "How sound goes: by our own RTP (direct), or by aiortc's public tracks (track), at a higher cost.",
    )
    max_sessions: int = setting(
        16,
        "MOENTREPRISE_MAX_SESSIONS",
        values.integer(1, 10_000),
        "a number from 1 to 10000",
        "How many sessions may run at once; one more is answered 503 with Retry-After.",
    )
    max_load_percent: int = setting(
        80,
        "MOENTREPRISE_MAX_LOAD_PERCENT",
        values.integer(1, 1000),
        "a number from 1 to 1000",
        "How busy the server's thread may be when a session is opened; beyond, the answer is 503. "
        "Above 100 nobody is refused.",
    )
