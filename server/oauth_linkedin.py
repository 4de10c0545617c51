"""The server's own calls in a sign-in with LinkedIn: where to send the human, and what the code is worth.

OAuth 2.0 authorization code (RFC 6749, section 4.1) as LinkedIn offers it: a client secret, no PKCE, no
refresh for most applications.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import cast
from urllib.parse import urlencode

import aiohttp

from server.accounts import Account
from server.settings import Settings

log = logging.getLogger(__name__)

SITE, API = "https://www.linkedin.com", "https://api.linkedin.com"
TIMEOUT_S = 15.0
ANSWER_BYTES_MAX = 64 * 1024
NAME_MAX = 100


class Why(StrEnum):
    """Why a sign-in came to nothing."""

    UNREACHABLE = "unreachable"
    CODE_REFUSED = "code_refused"
    OUR_SECRET = "our_secret"
    NOT_ALLOWED = "not_allowed"
    FAULT = "fault"


class SignInError(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class LinkedInSignIn:
    """Stateless: what a sign-in needs to know is in its arguments."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._site = settings.linkedin_url or SITE
        self._api = settings.linkedin_url or API
        posting = "w_organization_social" if settings.linkedin_organisation else "w_member_social"
        self.scopes = ("openid", "profile", posting)

    def address(self, redirect: str, state: str) -> str:
        """Where the human is asked."""
        query = {
            "response_type": "code",
            "client_id": self._settings.linkedin_client_id,
            "redirect_uri": redirect,
            "state": state,
            "scope": " ".join(self.scopes),
        }
        return f"{self._site}/oauth/v2/authorization?{urlencode(query)}"

    async def account(self, code: str, redirect: str) -> Account:
        """Exchange the code, which works once. Raises SignInError."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as http:
                granted = await self._exchange(http, code, redirect)
                token = _text(granted, "access_token")
                scopes = _text(granted, "scope").replace(",", " ").split()
                if not token:
                    raise SignInError(Why.FAULT)
                if self.scopes[-1] not in scopes:
                    raise SignInError(Why.NOT_ALLOWED)
                return await self._account(http, token, granted)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("linkedin was not reached", extra={"why": type(error).__name__})
            raise SignInError(Why.UNREACHABLE) from None

    async def _exchange(self, http: aiohttp.ClientSession, code: str, redirect: str) -> Mapping[str, object]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self._settings.linkedin_client_id,
            "client_secret": self._settings.linkedin_client_secret,
            "redirect_uri": redirect,
        }
        url = f"{self._site}/oauth/v2/accessToken"
        async with http.post(url, data=form, allow_redirects=False) as answer:
            if answer.status == 200:
                return await _object(answer)
            why = Why.FAULT if answer.status >= 500 else Why.CODE_REFUSED
            if answer.status == 401 or "client" in _text(await _object(answer), "error"):
                why = Why.OUR_SECRET
            log.warning("linkedin refused a code", extra={"status": answer.status, "why": why.value})
            raise SignInError(why)

    async def _account(
        self, http: aiohttp.ClientSession, token: str, granted: Mapping[str, object]
    ) -> Account:
        headers = {"Authorization": f"Bearer {token}"}
        async with http.get(f"{self._api}/v2/userinfo", headers=headers, allow_redirects=False) as answer:
            if answer.status != 200:
                log.warning("linkedin did not say who", extra={"status": answer.status})
                raise SignInError(Why.NOT_ALLOWED if answer.status == 403 else Why.FAULT)
            member = await _object(answer)
        who = _text(member, "sub")
        if not who:
            raise SignInError(Why.FAULT)
        page = self._settings.linkedin_organisation
        author = f"urn:li:organization:{page}" if page else f"urn:li:person:{who}"
        life = granted.get("expires_in")
        seconds = life if isinstance(life, int) and not isinstance(life, bool) else 0
        name = " ".join(_text(member, "name").split())[:NAME_MAX] or "LinkedIn"
        return Account(token, name, author, time.time() + max(0, seconds))


async def _object(answer: aiohttp.ClientResponse) -> Mapping[str, object]:
    """The body as a JSON object, empty when it is none."""
    body = await answer.content.read(ANSWER_BYTES_MAX)
    try:
        value: object = json.loads(body)
    except ValueError:
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _text(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
