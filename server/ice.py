"""STUN and TURN servers in the three forms that they are needed in.

Always an explicit list: aiortc takes None for Google's STUN server.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiortc import RTCConfiguration, RTCIceServer

from server.settings.values import IceServer


def configuration(servers: Sequence[IceServer]) -> RTCConfiguration:
    """For our own side (one STUN and one TURN server are used by aiortc)."""
    return RTCConfiguration(
        iceServers=[
            RTCIceServer(
                urls=list(server.urls),
                username=server.username or None,
                credential=server.credential or None,
            )
            for server in servers
        ]
    )


def for_page(servers: Sequence[IceServer]) -> list[dict[str, object]]:
    """For the browser: `RTCConfiguration.iceServers` (W3C WebRTC, section 4.2.4)."""
    return [_for_page(server) for server in servers]


def _for_page(server: IceServer) -> dict[str, object]:
    entry: dict[str, object] = {"urls": list(server.urls)}
    if server.username:
        entry.update(username=server.username, credential=server.credential)
    return entry


def links(servers: Sequence[IceServer]) -> list[str]:
    """For the WHIP answer: `Link` header values (RFC 9725, section 4.6)."""
    return [_link(url, server) for server in servers for url in server.urls]


def _link(url: str, server: IceServer) -> str:
    parts = [f"<{url}>", 'rel="ice-server"']
    if server.username:
        parts += [f'username="{_quoted(server.username)}"', f'credential="{_quoted(server.credential)}"']
        parts.append('credential-type="password"')
    return "; ".join(parts)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
