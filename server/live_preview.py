"""A site while it is being built: its dev server, behind the sandbox's socket, seen at an address of its own.

The worker invents the address (128 bits) and the socket's name; it tells both to us alone. While it stands,
what is asked there goes through the socket (`live_proxy`); afterwards the address leads to the built site.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import stat
from collections import deque
from pathlib import Path

import aiohttp

from orchestration.notices import SiteBuilding
from orchestration.ports import Publish
from server.limits import Bucket, Rate

log = logging.getLogger(__name__)

SOCKET = re.compile(r"live-[0-9a-f]{16}")
ADDRESS = re.compile(r"[0-9a-f]{32}")
LEAVE_S = 0.25
"""How long it goes on after the page was told of its end: what is being loaded then is not cut off."""
REMEMBERED = 8
"""Addresses of the past that still lead to the built site."""
HTTP_AT_ONCE = 8
HTTP_WAITING = 64
SOCKETS_AT_ONCE = 4
INWARD = Rate(burst=40, per_s=20.0)
"""So many WebSockets and messages of all browsers together reach the dev server; the rest comes later."""
TIMES = aiohttp.ClientTimeout(total=30.0, sock_connect=2.0, sock_read=20.0)


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """What was told is not a live preview that may be used."""


class Standing:
    """One live preview: the way to its dev server. Create it on the loop; `close` leaves nothing open."""

    def __init__(self, job: str, folder: Path, name: str, address: str, over: asyncio.Event) -> None:
        """Raises Refused for anything but a socket that we made, in this very folder."""
        if not SOCKET.fullmatch(name) or not ADDRESS.fullmatch(address):
            raise Refused("not its name")
        self.job = job
        self.address = address
        self.turns = asyncio.Semaphore(HTTP_AT_ONCE)
        self.waiting = 0
        self.sockets = 0
        self._inward = Bucket(INWARD, asyncio.get_running_loop().time())
        self.gone = asyncio.Event()
        """The dev server is."""
        self.over = over
        """So is the session: nobody is to be waited for."""
        try:
            self._folder = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise Refused("no folder") from error
        try:
            about = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
            if not stat.S_ISSOCK(about.st_mode) or about.st_uid != os.geteuid():
                raise Refused("not a socket of ours")
            # Through the folder's descriptor: nobody can put another folder in its place, and a socket's own
            # path may have 107 bytes at most.
            way = aiohttp.UnixConnector(f"/proc/self/fd/{self._folder}/{name}", limit=0)
        except OSError as error:
            os.close(self._folder)
            raise Refused("no such socket") from error
        except Refused:
            os.close(self._folder)
            raise
        self.client = aiohttp.ClientSession(
            connector=way,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=TIMES,
            auto_decompress=False,
            trust_env=False,
        )

    @property
    def url(self) -> str:
        return f"/preview/{self.address}/"

    async def admit(self) -> None:
        """Wait until one more may go in: what floods us is not read meanwhile, which holds it up."""
        loop = asyncio.get_running_loop()
        while wait_s := self._inward.take(loop.time()):
            await asyncio.sleep(wait_s)

    async def close(self) -> None:
        self.gone.set()
        await self.client.close()
        os.close(self._folder)


class LivePreview:
    """The live preview of one session: none or one. All on the loop's thread."""

    def __init__(self, folder: Path, publish: Publish) -> None:
        """`folder` is the session's own; the page is told through `publish`."""
        self._folder = folder
        self._publish = publish
        self._past: deque[str] = deque(maxlen=REMEMBERED)
        self._leaving: list[Standing] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self.standing: Standing | None = None

    def knows(self, address: str) -> bool:
        """Whether it stands there, or stood there."""
        return self.at(address) is not None or address in self._past

    def at(self, address: str) -> Standing | None:
        """What stands there."""
        all_of_them = [*([self.standing] if self.standing is not None else []), *self._leaving]
        return next((one for one in all_of_them if one.address == address), None)

    def opened(self, job: str, name: str, address: str) -> None:
        """The job's worker has a dev server running: `name` is its socket's. Another one ends with that."""
        if self._over.is_set():
            return
        try:
            standing = Standing(job, self._folder, name, address, self._over)
        except Refused as error:
            log.error("live preview refused", extra={"why": str(error)})
            return
        self._end()
        self.standing = standing
        self._publish(SiteBuilding(standing.url, live=True))

    def closed(self, job: str) -> None:
        """The job's dev server is gone, or about to go. Safe to repeat, and for jobs that had none."""
        if self.standing is not None and self.standing.job == job:
            self._end()
            self._publish(SiteBuilding("", live=False))

    async def close(self) -> None:
        """End it; nothing is left open when this returns. No other can begin."""
        self._over.set()
        if self.standing is not None:
            self.closed(self.standing.job)
        if self._closing:
            await asyncio.wait(self._closing)

    def _end(self) -> None:
        standing, self.standing = self.standing, None
        if standing is None:
            return
        self._past.append(standing.address)
        self._leaving.append(standing)
        task = asyncio.create_task(self._leave(standing), name="live-preview-closing")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _leave(self, standing: Standing) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await self._over.wait()
        self._leaving.remove(standing)
        await standing.close()
