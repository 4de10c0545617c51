"""A strict fake of LinkedIn: OAuth for members, userinfo, images and posts, with its refusals and faults.

`FakeLinkedIn` is started on a loop (`start`, `stop`) or, for tests whose client blocks, in a thread of its
own (`serving`). What it has stored is in `posts`; `troubles` holds what goes wrong next, one for each call.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import web

from tests.fakes.littletext import read

PERSON = "Ada-7_x"
NAME = "Ada Lovelace"
CLIENT_ID, CLIENT_SECRET = "client-1", "s3cret"
MEMBER = "openid profile w_member_social"
EXPIRES_IN_S = 5_183_999
COMMENTARY_MAX = 3000
ALT_MAX = 4086
POST_FIELDS = frozenset(
    {
        "author",
        "commentary",
        "visibility",
        "distribution",
        "content",
        "lifecycleState",
        "isReshareDisabledByAuthor",
    }
)
CONSENT = """<!doctype html><title>Sign in</title><h1>Moentreprise asks for access</h1>
<p><a id="allow" href="{allow}">Allow</a> <a id="cancel" href="{cancel}">Cancel</a></p>"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Post:
    urn: str
    author: str
    shown: str
    """The text as LinkedIn has it."""
    written: str
    image: str
    alt: str


@dataclass
class Image:
    urn: str
    owner: str
    content: bytes = b""


@dataclass
class Grant:
    """An access token. `owners`: whose urns it may write for."""

    scope: frozenset[str]
    owners: frozenset[str]
    expired: bool = False


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.body = {"status": status, "code": code, "message": message}
        self.status = status


@dataclass
class FakeLinkedIn:
    redirects: set[str] = field(default_factory=set)
    """The redirect addresses that the application has registered."""
    auto_consent: bool = True
    granted: str = ""
    """Other scopes than those asked for, as when the member takes one away."""
    versions: tuple[str, str] = ("202512", "202612")
    """The oldest and the newest version that are alive."""
    organisations: frozenset[str] = frozenset({"urn:li:organization:2414183"})
    refuse_duplicates: bool = True
    statuses: int = 1
    """How often an image is still being processed when it is asked for."""
    hold_s: float = 30.0
    """How long a call that is never answered hangs."""
    troubles: deque[str] = field(default_factory=deque)
    """What the next posts meet: a status, or `hang`, `close`, `hang_after`, `close_after`, `500_after`."""
    token_troubles: deque[int] = field(default_factory=deque)
    image_troubles: deque[str] = field(default_factory=deque)
    posts: list[Post] = field(default_factory=list)
    images: dict[str, Image] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    url: str = ""
    _codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    _asked: int = 0
    _runner: web.AppRunner | None = None

    # ------------------------------------------------------------------ life

    async def start(self) -> FakeLinkedIn:
        app = web.Application(middlewares=[self._note], client_max_size=8 << 20)
        app.router.add_get("/oauth/v2/authorization", self._authorize)
        app.router.add_post("/oauth/v2/accessToken", self._exchange)
        app.router.add_get("/v2/userinfo", self._userinfo)
        app.router.add_post("/rest/images", self._initialize)
        app.router.add_put("/dms-uploads/{name}", self._upload)
        app.router.add_get("/rest/images/{urn}", self._status)
        app.router.add_post("/rest/posts", self._post)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def grant(self, scope: str = MEMBER, **more: bool) -> str:
        """A new access token."""
        token = f"AQ{secrets.token_urlsafe(24)}"
        owners = {f"urn:li:person:{PERSON}"} if "w_member_social" in scope else set()
        owners |= self.organisations if "w_organization_social" in scope else set()
        self.tokens[token] = Grant(frozenset(scope.split()), frozenset(owners), **more)
        return token

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.path}")
        try:
            return await handler(request)
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)

    # ------------------------------------------------------------------ OAuth

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if query.get("client_id") != CLIENT_ID or query.get("response_type") != "code":
            return web.Response(status=400, text="The application is not known.")
        redirect = query.get("redirect_uri", "")
        if redirect not in self.redirects:
            return web.Response(status=400, text="The redirect_uri does not match the registered value")
        scope, state = query.get("scope", ""), query.get("state", "")
        if not set(scope.split()) <= set(f"{MEMBER} w_organization_social".split()):
            refused = {"error": "unauthorized_scope_error", "error_description": "Scope is not authorized"}
            raise web.HTTPFound(f"{redirect}?{urlencode({**refused, 'state': state})}")
        code = secrets.token_urlsafe(24)
        self._codes[code] = (redirect, scope)
        allow = f"{redirect}?{urlencode({'code': code, 'state': state})}"
        if self.auto_consent:
            raise web.HTTPFound(allow)
        said_no = {"error": "user_cancelled_authorize", "error_description": "The user cancelled"}
        cancel = f"{redirect}?{urlencode({**said_no, 'state': state})}"
        page = CONSENT.format(allow=allow.replace("&", "&amp;"), cancel=cancel.replace("&", "&amp;"))
        # As the real one: no page that opened it keeps a hand on it.
        headers = {"Cross-Origin-Opener-Policy": "same-origin"}
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def _exchange(self, request: web.Request) -> web.Response:
        form = await request.post()
        if self.token_troubles:
            return web.json_response({"error": "server_error"}, status=self.token_troubles.popleft())
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        redirect, scope = self._codes.pop(str(form.get("code")), ("", ""))
        if form.get("grant_type") != "authorization_code" or not redirect:
            wrong = {"error": "invalid_request", "error_description": "authorization code not found"}
            return web.json_response(wrong, status=400)
        if form.get("redirect_uri") != redirect:
            wrong = {"error": "invalid_request", "error_description": "redirect_uri does not match"}
            return web.json_response(wrong, status=400)
        scope = self.granted or scope
        answer = {
            "access_token": self.grant(scope),
            "expires_in": EXPIRES_IN_S,
            "scope": scope.replace(" ", ","),
            "token_type": "Bearer",
        }
        return web.json_response(answer)

    async def _userinfo(self, request: web.Request) -> web.Response:
        grant = self._granted(request.headers)
        if not {"openid", "profile"} <= grant.scope:
            raise Refused(403, "ACCESS_DENIED", "Not enough permissions to access: userinfo.GET.NO_VERSION")
        return web.json_response({"sub": PERSON, "name": NAME, "given_name": "Ada", "locale": "en-US"})

    # ------------------------------------------------------------------ the versioned API

    def _granted(self, headers: Mapping[str, str]) -> Grant:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        grant = self.tokens.get(token)
        if scheme != "Bearer" or grant is None:
            raise Refused(401, "INVALID_ACCESS_TOKEN", "Invalid access token")
        if grant.expired:
            raise Refused(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired")
        return grant

    def _versioned(self, request: web.Request) -> Grant:
        version = request.headers.get("LinkedIn-Version", "")
        if not version:
            raise Refused(400, "VERSION_MISSING", "A version must be present. Please specify a version")
        if not self.versions[0] <= version <= self.versions[1] or not version.isdigit():
            raise Refused(426, "NONEXISTENT_VERSION", f"Requested version {version} is not active")
        if request.headers.get("X-Restli-Protocol-Version") != "2.0.0":
            raise Refused(400, "ILLEGAL_ARGUMENT", "X-Restli-Protocol-Version must be 2.0.0")
        return self._granted(request.headers)

    async def _json(self, request: web.Request) -> dict[str, object]:
        if request.content_type != "application/json":
            raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "The content type must be application/json")
        try:
            body = await request.json()
        except ValueError:
            raise Refused(400, "BAD_REQUEST", "The body is not JSON") from None
        if not isinstance(body, dict):
            raise Refused(400, "BAD_REQUEST", "The body is not an object")
        return body

    async def _initialize(self, request: web.Request) -> web.Response:
        if request.query.get("action") != "initializeUpload":
            raise Refused(404, "RESOURCE_NOT_FOUND", "No such action")
        grant = self._versioned(request)
        await self._trouble(self.image_troubles, request)
        asked = (await self._json(request)).get("initializeUploadRequest")
        owner = asked.get("owner") if isinstance(asked, dict) else None
        if not isinstance(owner, str) or owner not in grant.owners:
            raise Refused(403, "ACCESS_DENIED", "Not enough permissions to access: images.CREATE")
        name = secrets.token_urlsafe(9)
        urn = f"urn:li:image:{name}"
        self.images[urn] = Image(urn, owner)
        value = {"uploadUrl": f"{self.url}/dms-uploads/{name}", "image": urn}
        return web.json_response({"value": {**value, "uploadUrlExpiresAt": 2_000_000_000_000}})

    async def _upload(self, request: web.Request) -> web.Response:
        self._granted(request.headers)
        image = self.images.get(f"urn:li:image:{request.match_info['name']}")
        if image is None:
            raise Refused(404, "NOT_FOUND", "No such upload")
        image.content = await request.read()
        if not image.content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
            raise Refused(400, "MEDIA_ASSET_PROCESSING_FAILED", "Not an image")
        return web.Response(status=201)

    async def _status(self, request: web.Request) -> web.Response:
        grant = self._versioned(request)
        if "w_organization_social" not in grant.scope:
            raise Refused(403, "ACCESS_DENIED", "Not enough permissions to access: images.GET")
        image = self.images.get(request.match_info["urn"])
        if image is None:
            raise Refused(404, "NOT_FOUND", "No such image")
        self._asked += 1
        status = "PROCESSING" if self._asked <= self.statuses else "AVAILABLE"
        return web.json_response({"id": image.urn, "owner": image.owner, "status": status})

    async def _post(self, request: web.Request) -> web.Response:
        grant = self._versioned(request)
        body = await self._json(request)
        post = self._checked(body, grant)
        after = self.troubles.popleft() if self.troubles and self.troubles[0].endswith("_after") else ""
        if not after:
            await self._trouble(self.troubles, request)
        if self.refuse_duplicates:
            for former in self.posts:
                if (former.author, former.written) == (post.author, post.written):
                    message = f"Content is a duplicate of {former.urn}"
                    raise Refused(422, "DUPLICATE_POST", message)
        self.posts.append(post)
        await self._trouble(deque([after.removesuffix("_after")] if after else []), request)
        return web.Response(status=201, headers={"x-restli-id": post.urn})

    async def _trouble(self, coming: deque[str], request: web.Request) -> None:
        trouble = coming.popleft() if coming else ""
        if trouble == "hang":
            await asyncio.sleep(self.hold_s)
        elif trouble == "close":
            assert request.transport is not None
            request.transport.abort()
            raise ConnectionResetError
        elif trouble:
            # A 429 comes without Retry-After.
            raise Refused(int(trouble), f"TROUBLE_{trouble}", "As the test wants it")

    def _checked(self, body: dict[str, object], grant: Grant) -> Post:
        """The post that the body asks for. Raises Refused for what LinkedIn would not take."""
        unknown = set(body) - POST_FIELDS
        if unknown:
            raise Refused(400, "UNRECOGNIZED_FIELD", f"Unpermitted fields present: {sorted(unknown)}")
        author, commentary = body.get("author"), body.get("commentary")
        if not isinstance(author, str) or not isinstance(commentary, str):
            raise Refused(422, "MISSING_FIELD", "author and commentary are required")
        if author not in grant.owners:
            raise Refused(403, "ACCESS_DENIED", "Not enough permissions to access: posts.CREATE")
        if len(commentary) > COMMENTARY_MAX:
            raise Refused(422, "FIELD_LENGTH_TOO_LONG", "commentary is longer than 3000 characters")
        said = (body.get("visibility"), body.get("lifecycleState"))
        feed = body.get("distribution")
        if said != ("PUBLIC", "PUBLISHED") or not isinstance(feed, dict):
            raise Refused(422, "INVALID_FIELD", "visibility, lifecycleState or distribution is wrong")
        if feed.get("feedDistribution") != "MAIN_FEED":
            raise Refused(422, "INVALID_FIELD", "feedDistribution is wrong")
        image, alt = self._media(body.get("content"), author)
        urn = f"urn:li:share:{7_000_000_000_000_000_000 + len(self.posts)}"
        return Post(urn, author, read(commentary), commentary, image, alt)

    def _media(self, content: object, author: str) -> tuple[str, str]:
        if content is None:
            return "", ""
        media = content.get("media") if isinstance(content, dict) else None
        if not isinstance(media, dict) or set(media) - {"id", "altText", "title"}:
            raise Refused(422, "INVALID_FIELD", "content.media is wrong")
        image = self.images.get(str(media.get("id")))
        if image is None or not image.content:
            raise Refused(422, "INVALID_MEDIA", "The media does not exist")
        if image.owner != author:
            raise Refused(422, "INVALID_MEDIA", "The owner of the media is not the author of the post")
        alt = str(media.get("altText", ""))
        if len(alt) > ALT_MAX:
            raise Refused(422, "FIELD_LENGTH_TOO_LONG", "altText is too long")
        return image.urn, alt

    def told(self) -> str:
        """What it has stored, for a failing test."""
        return json.dumps([post.shown for post in self.posts])


@contextmanager
def serving(fake: FakeLinkedIn | None = None) -> Iterator[FakeLinkedIn]:
    """The fake in a thread of its own."""
    fake = fake or FakeLinkedIn()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fake-linkedin")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(fake.start(), loop).result(10)
        yield fake
    finally:
        asyncio.run_coroutine_threadsafe(fake.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
