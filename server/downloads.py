"""What a human takes home: transcript, brief, site, summary, pictures; and "forget everything"."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import jinja2
from aiohttp import web

from orchestration import transcript
from orchestration.adapters.website import SITE_FOLDER, SOURCE_FOLDER
from server import folders
from server.conductor import ConversationView
from server.errors import Code, Problem
from server.preview import inside
from server.session import Session
from server.sessions import SESSIONS, session_of

IMAGE_BYTES_MAX = 4 * 1024 * 1024
ZIP_TRIES = 5
IGNORES = ".gitignore"
"""Of the project's hidden files, the one that belongs to its owner."""
_ASSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(png|jpe?g|webp)")
_PRIVATE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PRINTED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
# A picture opened as a document of its own may do nothing.
_PICTURE = {**_PRIVATE, "Content-Security-Policy": "default-src 'none'; sandbox"}


def add_routes(app: web.Application) -> None:
    router = app.router
    router.add_get("/sessions/{id}/transcript.{form:txt|vtt|json}", _transcript)
    router.add_get("/sessions/{id}/brief.json", _brief)
    router.add_get("/sessions/{id}/site.zip", _site)
    router.add_get("/sessions/{id}/summary", _summary)
    router.add_get("/sessions/{id}/recording.ogg", _recording)
    router.add_get("/sessions/{id}/assets/{name}", _asset)
    router.add_delete("/sessions/{id}/data", _forget)


def _told(session: Session) -> ConversationView:
    return session.director.conversation


async def _transcript(request: web.Request) -> web.Response:
    entries = tuple(_told(session_of(request)).transcript)
    form = request.match_info["form"]
    if form == "vtt":
        return _file(transcript.as_vtt(entries), "text/vtt", "transcript.vtt")
    if form == "json":
        return _file(_json(transcript.as_json(entries)), "application/json", "transcript.json")
    return _file(transcript.as_text(entries), "text/plain", "transcript.txt")


async def _brief(request: web.Request) -> web.Response:
    brief = _told(session_of(request)).brief
    given = tuple(answer for answer in brief.optional if answer.text)
    return _file(_json(asdict(replace(brief, optional=given))), "application/json", "brief.json")


async def _site(request: web.Request) -> web.Response:
    """The built pages, and the project that they were built from where there is one."""
    folder = session_of(request).folder
    body = await asyncio.to_thread(zipped, folder / SITE_FOLDER, folder / SOURCE_FOLDER)
    if not body:
        raise Problem(Code.NOT_FOUND, "No site has been built yet.")
    return _file(body, "application/zip", "site.zip")


async def _recording(request: web.Request) -> web.StreamResponse:
    """Both sides, stereo; made from what was stored when it is asked for, which may take a while."""
    session = session_of(request)
    session.limit()
    found = await session.recording.file()
    headers = {**_PRIVATE, "Content-Disposition": 'attachment; filename="moentreprise-recording.ogg"'}
    return web.FileResponse(found, headers={**headers, "Content-Type": "audio/ogg"})


async def _asset(request: web.Request) -> web.StreamResponse:
    folder = session_of(request).folder / "assets"
    name = request.match_info["name"]
    found = inside(folder, name) if _ASSET.fullmatch(name) else None
    if found is None or not found.is_file():
        raise Problem(Code.NOT_FOUND, "There is no such picture in this session.")
    return web.FileResponse(found, headers=_PICTURE)


async def _summary(request: web.Request) -> web.Response:
    session = session_of(request)
    if "text/html" not in request.headers.get("Accept", ""):
        body = {"state": session.snapshot.state, **_told(session).summary}
        return web.json_response(body, headers={**_PRIVATE, "Vary": "Accept"})
    page = await asyncio.to_thread(printed, _told(session), session.folder)
    headers = {**_PRIVATE, "Content-Security-Policy": _PRINTED, "Vary": "Accept"}
    return web.Response(text=page, content_type="text/html", headers=headers)


async def _forget(request: web.Request) -> web.Response:
    """Stop the session if it runs, delete its files, and forget it: its preview and its tokens go with it."""
    session = session_of(request)
    await session.stop()
    await session.recording.close()
    await asyncio.to_thread(folders.remove, session.folder)
    request.app[SESSIONS].forget(session)
    return web.Response(status=204)


def _file(body: str | bytes, content_type: str, name: str) -> web.Response:
    headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="moentreprise-{name}"'}
    if isinstance(body, bytes):
        return web.Response(body=body, content_type=content_type, headers=headers)
    return web.Response(text=body, content_type=content_type, charset="utf-8", headers=headers)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def zipped(*folders: Path) -> bytes:
    """The folders as a zip, each under its name; empty when there is nothing. What leads out is left out.

    Where another build takes a folder's place meanwhile it is packed anew, so that it is of one build.
    Raises OSError.
    """
    for left in reversed(range(ZIP_TRIES)):
        before = [_which(folder) for folder in folders]
        with contextlib.suppress(FileNotFoundError):
            packed = _packed(folders)
            if [_which(folder) for folder in folders] == before or not left:
                return packed
    raise FileNotFoundError("the site is being replaced all the time")


def _packed(folders: tuple[Path, ...]) -> bytes:
    kept = [(f"{folder.name}/{name}", found) for folder in folders for name, found in _files(folder)]
    if not kept:
        return b""
    packed = io.BytesIO()
    # A build may give its files any time and any name: neither may cost the rest.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, found in kept:
            archive.write(found, os.fsencode(name).decode("utf-8", "replace"))
    return packed.getvalue()


def _which(folder: Path) -> int:
    try:
        return folder.stat().st_ino
    except FileNotFoundError:
        return 0


def _files(folder: Path) -> list[tuple[str, Path]]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [(name, found) for name in names if (found := inside(folder, name, IGNORES)) is not None]


def printed(told: ConversationView, folder: Path) -> str:
    """The summary as one HTML page that needs nothing else, for reading and for paper."""
    summary = told.summary
    post = _mapping(summary.get("post"))
    return _TEMPLATES.get_template("summary.jinja").render(
        name=summary.get("name") or "Your business",
        answers=[answer for answer in told.brief.all if answer.n or answer.text],
        research=_mapping(summary.get("research")),
        site=_mapping(summary.get("site")),
        post=post,
        picture=_inlined(folder / "assets", str(post.get("image", ""))),
        lines=transcript.as_text(told.transcript).splitlines(),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _inlined(folder: Path, name: str) -> str:
    """The picture as a data address, empty when there is none."""
    match = _ASSET.fullmatch(Path(name).name)
    found = inside(folder, match[0]) if match else None
    if match is None or found is None or not found.is_file() or found.stat().st_size > IMAGE_BYTES_MAX:
        return ""
    kind = match[1].replace("jpg", "jpeg")
    return f"data:image/{kind};base64,{base64.b64encode(found.read_bytes()).decode()}"


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
