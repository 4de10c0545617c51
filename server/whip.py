"""The human's connection, WHIP-shaped (RFC 9725; ours is two-way and carries a data channel).

POST an offer: 201 with the answer, `Location` of the connection, its `ETag` and the ICE servers. PATCH the
`Location` with candidates that came later (RFC 8840), DELETE it to hang up.
"""

from __future__ import annotations

from aiohttp import web
from multidict import CIMultiDict

from server import bodies, ice, offers, sdpfrag
from server.auth import Role
from server.errors import Code, Problem
from server.peer import Peer
from server.session import Session
from server.sessions import session_of
from server.settings import Settings

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
FRAGMENT_BYTES = 16 * 1024

SETTINGS = web.AppKey("settings", Settings)


def add_routes(app: web.Application) -> None:
    app.router.add_post("/sessions/{id}/whip", _connect)
    app.router.add_options("/sessions/{id}/whip", options)
    app.router.add_patch("/sessions/{id}/whip/{peer}", _trickle)
    app.router.add_delete("/sessions/{id}/whip/{peer}", _hang_up)


async def _connect(request: web.Request) -> web.Response:
    return await answer(request, session_of(request), Role.HUMAN, "whip")


async def _trickle(request: web.Request) -> web.Response:
    return await trickle(request, session_of(request), Role.HUMAN)


async def _hang_up(request: web.Request) -> web.Response:
    return await hang_up(request, session_of(request), Role.HUMAN)


async def options(request: web.Request) -> web.Response:
    """What may be posted (RFC 9725, section 4.2)."""
    return web.Response(status=204, headers={"Accept-Post": SDP, "Allow": "OPTIONS, POST"})


async def answer(request: web.Request, session: Session, role: Role, endpoint: str) -> web.Response:
    """POST. Raises Problem: 415, 413, 400 for the body; 409 when the session is over."""
    offer = await bodies.read(request, SDP, offers.MAX_BYTES)
    if session.ended:
        raise Problem(Code.SESSION_ENDED)
    session.limit(role)
    try:
        peer, sdp = await session.presence.connect(role, offer)
    except offers.OfferError as error:
        raise Problem(Code.BAD_SDP, str(error)) from error
    settings = request.app[SETTINGS]
    headers = CIMultiDict(
        {
            "Location": f"{settings.public_url}/sessions/{session.id}/{endpoint}/{peer.id}",
            "ETag": peer.etag,
            "Accept-Patch": FRAGMENT,
        }
    )
    for link in ice.links(settings.ice_servers):
        headers.add("Link", link)
    return web.Response(status=201, text=sdp, content_type=SDP, headers=headers)


async def trickle(request: web.Request, session: Session, role: Role) -> web.Response:
    """PATCH (RFC 9725, section 4.3): 204; 428 and 412 for the ETag; 422 for a restart of ICE; 429."""
    peer = _peer(request, session, role)
    peer.limit()
    match = request.headers.get("If-Match")
    if match is None:
        raise Problem(Code.ETAG_MISSING)
    if match.strip() == "*":
        raise Problem(Code.RESTART_UNSUPPORTED)
    if match.strip() != peer.etag:
        raise Problem(Code.ETAG_MISMATCH)
    text = await bodies.read(request, FRAGMENT, FRAGMENT_BYTES)
    try:
        await peer.trickle(sdpfrag.parse(text))
    except (sdpfrag.FragmentError, offers.OfferError) as error:
        raise Problem(Code.BAD_FRAGMENT, str(error)) from error
    except offers.RestartError as error:
        raise Problem(Code.RESTART_UNSUPPORTED) from error
    return web.Response(status=204, headers={"ETag": peer.etag})


async def hang_up(request: web.Request, session: Session, role: Role) -> web.Response:
    """DELETE: the connection is closed; the session goes on without it."""
    _peer(request, session, role).close()
    return web.Response(status=200)


def _peer(request: web.Request, session: Session, role: Role) -> Peer:
    peer = session.presence.find(request.match_info["peer"])
    if peer is None or peer.role is not role:
        raise Problem(Code.UNKNOWN_PEER)
    return peer
