"""`GET /oauth/linkedin/start` and `/callback`: a human lets a session publish in their name.

A sign-in is bound to the browser that began it (a cookie of its own) and to one session, works once, and
for ten minutes. It begins on our own page alone: whoever was lured here by a link would lend a stranger
their name.
"""

from __future__ import annotations

import html
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from aiohttp import web

from server import logs, origins
from server.accounts import Accounts
from server.errors import Code, Problem
from server.oauth_linkedin import LinkedInSignIn, SignInError, Why
from server.session import Session
from server.sessions import SESSIONS, session_of
from server.settings import Settings
from server.whip import SETTINGS

LIFE_S = 600
PENDING_MAX = 1000
COOKIE = "linkedin_"
CALLBACK = "/oauth/linkedin/callback"
_PAGE = Template(Path(__file__).with_name("oauth.html").read_text("utf-8"))
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
_CANCELLED = frozenset({"user_cancelled_login", "user_cancelled_authorize", "access_denied"})
_WHY = {
    Why.UNREACHABLE: (502, "LinkedIn could not be reached", "Nothing was connected. Try again in a minute."),
    Why.CODE_REFUSED: (400, "LinkedIn did not accept the sign-in", "Nothing was connected. Start it again."),
    Why.OUR_SECRET: (
        500,
        "This server is not set up for LinkedIn",
        "LinkedIn does not know its client id or secret. Whoever runs this server must correct them.",
    ),
    Why.NOT_ALLOWED: (
        403,
        "LinkedIn did not allow posting",
        "Nothing was connected. Start again and allow what is asked for; if LinkedIn does not ask for it, "
        "whoever runs this server must add posting to its LinkedIn application.",
    ),
    Why.FAULT: (502, "LinkedIn had a fault", "Nothing was connected. Try again in a minute."),
}
_AGAIN = "Nothing was connected. Go back to your session and press “Connect LinkedIn” once more."


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in under way."""

    session: str
    browser: str = field(repr=False)
    redirect: str
    until: float


class SignIns:
    """The sign-ins under way, each taken out once."""

    def __init__(self, settings: Settings) -> None:
        self.linkedin = LinkedInSignIn(settings)
        self.configured = Accounts(settings).configured
        self._pending: dict[str, Pending] = {}

    def begin(self, session: str, redirect: str, now: float) -> tuple[str, str]:
        """A new state and what its browser must show again."""
        self._pending = {state: one for state, one in self._pending.items() if one.until > now}
        if len(self._pending) >= PENDING_MAX:
            raise Problem(Code.TOO_MANY)
        state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._pending[state] = Pending(session, browser, redirect, now + LIFE_S)
        return state, browser

    def take(self, state: str, now: float) -> Pending | None:
        pending = self._pending.pop(state, None)
        return pending if pending is not None and pending.until > now else None


SIGN_INS = web.AppKey("sign_ins", SignIns)


def add_routes(app: web.Application) -> None:
    app[SIGN_INS] = SignIns(app[SETTINGS])
    app.router.add_get("/oauth/linkedin/start", _start, allow_head=False)
    app.router.add_get(CALLBACK, _callback, allow_head=False)
    app.router.add_delete("/sessions/{id}/linkedin", _disconnect)


async def _start(request: web.Request) -> web.StreamResponse:
    """On to LinkedIn, with a state that only this browser can bring back."""
    try:
        return _begun(request)
    except Problem as problem:
        return _page(problem.kind.status, problem.kind.title.rstrip("."), _AGAIN)


def _begun(request: web.Request) -> web.StreamResponse:
    settings, sign_ins = request.app[SETTINGS], request.app[SIGN_INS]
    origins.check(request, settings)
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return _page(403, "This begins in your session", "Open your session and press “Connect LinkedIn”.")
    session = request.app[SESSIONS].find_by_token(request.query.get("token", ""))
    if session is None or session.ended:
        return _page(404, "This session is over", "Start a new session and connect LinkedIn there.")
    logs.session_id.set(session.id)
    if not sign_ins.configured:
        return _page(409, "LinkedIn is not set up here", "Whoever runs this server must set its client id.")
    session.limit()
    redirect = _redirect(request, settings)
    state, browser = sign_ins.begin(session.id, redirect, time.monotonic())
    answer = web.Response(status=303, headers={"Location": sign_ins.linkedin.address(redirect, state)})
    secure = redirect.startswith("https:")
    answer.set_cookie(
        _cookie(state), browser, max_age=LIFE_S, httponly=True, samesite="Lax", secure=secure, path="/"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _callback(request: web.Request) -> web.StreamResponse:
    """What LinkedIn's answer comes to, as a page; whatever it is, this state is used up."""
    state = request.query.get("state", "")
    answer = await _answered(request, state)
    answer.del_cookie(_cookie(state), path="/")
    return answer


async def _answered(request: web.Request, state: str) -> web.Response:
    sign_ins = request.app[SIGN_INS]
    pending = sign_ins.take(state, time.monotonic())
    if pending is None:
        return _page(400, "This sign-in has run out", _AGAIN)
    if not secrets.compare_digest(request.cookies.get(_cookie(state), "").encode(), pending.browser.encode()):
        return _page(403, "This sign-in began in another browser", _AGAIN)
    if error := request.query.get("error", ""):
        if error in _CANCELLED:
            return _page(200, "You did not connect LinkedIn", "That is fine: your post stays a draft.")
        return _page(*_WHY[Why.NOT_ALLOWED])
    session = request.app[SESSIONS].find(pending.session)
    if session is None or session.ended:
        return _page(410, "Your session is over", "Nothing was connected.")
    logs.session_id.set(session.id)
    return await _connected(session, sign_ins.linkedin, request.query.get("code", ""), pending.redirect)


async def _connected(session: Session, linkedin: LinkedInSignIn, code: str, redirect: str) -> web.Response:
    if not code:
        return _page(*_WHY[Why.CODE_REFUSED])
    try:
        account = await linkedin.account(code, redirect)
        await session.account.connect(account)
    except SignInError as error:
        return _page(*_WHY[error.why])
    except OSError:
        return _page(507, "There is no room to keep the sign-in", "Nothing was connected.")
    say = f"You are connected as {account.name}. Close this window and go on in your session."
    return _page(200, "LinkedIn is connected", say, done=True)


async def _disconnect(request: web.Request) -> web.Response:
    """Forget the account; the same again changes nothing."""
    session = session_of(request)
    session.limit()
    session.account.disconnect()
    return web.json_response({"connected": False})


def _redirect(request: web.Request, settings: Settings) -> str:
    """The address that must be registered with the LinkedIn application, to the letter."""
    return f"{settings.public_url or f'{request.scheme}://{request.host}'}{CALLBACK}"


def _cookie(state: str) -> str:
    """One for each sign-in, so that two tabs do not undo each other's."""
    return COOKIE + "".join(char for char in state[:12] if char.isascii() and char.isalnum())


def _page(status: int, title: str, text: str, done: bool = False) -> web.Response:
    """A page that says what happened and what to do, and closes; `done`: by itself, where it may."""
    body = _PAGE.substitute(title=html.escape(title), text=html.escape(text), done=str(done).lower())
    return web.Response(status=status, text=body, content_type="text/html", headers=_HEADERS)
