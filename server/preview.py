"""`GET /preview/{capability}/…`: the site that was built or is being built, a guest of our origin.

Its pages run sandboxed in an origin of their own, under an address that cannot be guessed; they get no
cookie, no token, and nothing from elsewhere.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from yarl import URL

from server import live_proxy
from server.live_preview import Standing
from server.sessions import SESSIONS
from server.whip import SETTINGS

HEADERS = {
    # `sandbox` without allow-same-origin: an opaque origin, so our storage and tokens are out of its reach.
    # CSP level 3, section 6.7.2.8: 'self' still matches the address that the page came from.
    "Content-Security-Policy": (
        "sandbox allow-scripts; default-src 'self' 'unsafe-inline' data:; connect-src 'none'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    ),
    # An opaque origin's module scripts and fonts are cross-origin requests.
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-cache",
    "X-Robots-Tag": "noindex",
}
PATH_MAX = 240
"""In bytes; below what a file system refuses. Generated sites are shallow."""
MISSING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Page not found</title>
<style>
  body { font: 1rem/1.6 system-ui, sans-serif; margin: 15vh auto; max-width: 30rem; padding: 0 1rem;
         color: #1d1d1f; background: #fff }
  @media (prefers-color-scheme: dark) { body { color: #f2f2f4; background: #16161a } }
</style>
<h1>There is no such page</h1>
<p>The site has no page at this address, or it is not being shown any more.</p>
</html>
"""


def add_routes(app: web.Application) -> None:
    app.router.add_get("/preview/{capability}", _to_front_page)
    app.router.add_get("/preview/{capability}/{path:.*}", _answer)


def _folder(request: web.Request) -> Path | None:
    """The built site of the session that the capability names, for as long as the session is kept."""
    session = request.app[SESSIONS].find_by_capability(request.match_info["capability"])
    return None if session is None else session.folder / "site"


def _is_live(request: web.Request) -> bool:
    return request.app[SESSIONS].find_by_live_address(request.match_info["capability"]) is not None


async def _to_front_page(request: web.Request) -> web.StreamResponse:
    """Relative links need the slash."""
    if _folder(request) is None and not _is_live(request):
        return _missing()
    return web.Response(status=308, headers={**HEADERS, "Location": f"{request.rel_url.raw_path}/"})


async def _unbuilt(request: web.Request) -> web.StreamResponse:
    """The site while it is being built; afterwards its pages lead to the built ones."""
    address, path = request.match_info["capability"], request.match_info["path"]
    session = request.app[SESSIONS].find_by_live_address(address)
    if session is None:
        return _missing()
    standing = session.live.at(address)
    if standing is not None:
        return await _live(standing, request)
    if "." in path.rpartition("/")[2] and not path.endswith(".html"):
        return _missing()
    there = URL.build(path=f"/preview/{session.capability}/{path}").raw_path  # whatever it holds
    return web.Response(status=307, headers={**HEADERS, "Location": there})


async def _live(standing: Standing, request: web.Request) -> web.StreamResponse:
    settings = request.app.get(SETTINGS)
    hosts = live_proxy.hosts_of(request, settings.public_url if settings else "")
    allowed = live_proxy.policy(standing, HEADERS["Content-Security-Policy"], *hosts)
    try:
        if request.headers.get("Upgrade"):
            return await live_proxy.channel(standing, request)
        return await live_proxy.page(standing, request, {**HEADERS, "Content-Security-Policy": allowed})
    except live_proxy.Unanswered as unanswered:
        return _missing(unanswered.status)


async def _answer(request: web.Request) -> web.StreamResponse:
    folder = _folder(request)
    if folder is None:
        return await _unbuilt(request)
    path = request.match_info["path"]
    found = inside(folder, path)
    if found is not None and found.is_dir():
        if path and not path.endswith("/"):
            return web.Response(status=308, headers={**HEADERS, "Location": f"{request.rel_url.raw_path}/"})
        found = inside(folder, f"{path}index.html")
    if found is None or not found.is_file():
        return _missing()
    return web.FileResponse(found, headers=HEADERS)


def inside(folder: Path, path: str, hidden: str = "") -> Path | None:
    """`path` in `folder`, or None when it leads out of it, also by a link, or names a hidden file.

    `hidden` is the one name of such a file that is let through.
    """
    parts = path.split("/")
    size = len(path.encode("utf-8", "replace"))
    hides = any(part.startswith(".") and part != hidden for part in parts)
    if "\0" in path or "\\" in path or size > PATH_MAX or hides:
        return None
    root = folder.resolve()
    try:
        found = root.joinpath(*[part for part in parts if part]).resolve()
    except (OSError, RuntimeError):  # a loop of links
        return None
    return found if found == root or root in found.parents else None


def _missing(status: int = 404) -> web.Response:
    return web.Response(status=status, text=MISSING, content_type="text/html", headers=HEADERS)
