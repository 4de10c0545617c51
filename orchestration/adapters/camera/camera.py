"""Takes pictures of pages: the page as it was fetched, and what it needs through the same rules.

The browser has no network (browser.py). Each request of a page is answered by us: the page itself with what
is there already; styles, pictures and fonts by `Web`; all else not at all. Scripts are off.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.adapters.camera import browser
from orchestration.adapters.camera.pictures import HEIGHT, WIDTH, small_picture
from orchestration.adapters.sandbox import Missing, SandboxError, probe
from orchestration.adapters.sandbox.users import another_user
from orchestration.adapters.web import Fetched, FetchError, Web

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright, Route

START_MS, LOAD_MS, SHOT_MS = 10_000, 8_000, 5_000
REQUESTS_MAX = 80
AT_ONCE = 6
BYTES_MAX = 10_000_000
TYPES = {
    "stylesheet": ("text/css",),
    "image": ("image/",),
    "font": ("font/", "application/font", "application/x-font", "application/octet-stream"),
}
NOT_AT_ALL = "blockedbyclient"
ARGUMENTS = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]


@dataclass(frozen=True, slots=True)
class NoCamera:
    """No pictures can be taken; `reason` in a few words."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoPicture:
    """This one could not be taken; `reason` in a few words."""

    reason: str


@asynccontextmanager
async def open_camera(web: Web, folder: Path) -> AsyncIterator[Camera | NoCamera]:
    """A camera while the block runs, or why there is none.

    What it leaves when we are killed lies in `folder`, and goes with it.
    """
    async with AsyncExitStack() as stack:
        yield await _opened(web, folder, stack)


async def _opened(web: Web, folder: Path, stack: AsyncExitStack) -> Camera | NoCamera:
    try:
        return await _open(web, folder, stack)
    except OSError:  # no room for the starter, or no Node of Playwright's own
        return NoCamera("the browser could not be set up")


async def _open(web: Web, folder: Path, stack: AsyncExitStack) -> Camera | NoCamera:
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        return NoCamera("Playwright is not installed here")
    sandbox = await asyncio.to_thread(probe)
    if isinstance(sandbox, Missing):
        return NoCamera(f"there is no sandbox for a browser here: {sandbox.reason}")
    place = stack.enter_context(
        tempfile.TemporaryDirectory(prefix=".camera-", dir=folder, ignore_cleanup_errors=True)
    )
    with _temporary_files_in(place):
        playwright = await stack.enter_async_context(async_playwright())
    program = browser.find(playwright.chromium.executable_path)
    if program is None:
        return NoCamera("no Chromium is installed here")
    try:
        uid = stack.enter_context(another_user())
    except SandboxError as error:
        return NoCamera(str(error))
    started = await _started(playwright, browser.write_starter(program, Path(place), uid))
    if started is None:
        return NoCamera("the browser did not start")
    stack.push_async_callback(started.close)
    return Camera(started, web)


@contextmanager
def _temporary_files_in(place: str) -> Iterator[None]:
    """For what is started meanwhile: Playwright makes two folders of its own for each browser."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = place
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


async def _started(playwright: Playwright, starter: Path) -> Browser | None:
    """With Chromium's own sandbox inside of ours, where the machine allows one in another."""
    from playwright.async_api import Error

    for its_own in (True, False):
        with suppress(Error):
            return await playwright.chromium.launch(
                executable_path=starter, chromium_sandbox=its_own, args=ARGUMENTS, timeout=START_MS
            )
    return None


@dataclass(slots=True)
class Camera:
    """One browser for all pictures; each page gets a context of its own."""

    browser: Browser
    web: Web

    async def shoot(self, page: Fetched) -> bytes | NoPicture:
        """The top of the page, 1200 by 800, as WebP."""
        from playwright.async_api import Error

        try:
            png = await self._screenshot(page)
            return await asyncio.to_thread(small_picture, png)
        except Error:
            return NoPicture("the browser could not show it")
        except OSError:
            return NoPicture("the picture could not be used")

    async def _screenshot(self, page: Fetched) -> bytes:
        from playwright.async_api import Error

        context = await self.browser.new_context(
            java_script_enabled=False,
            service_workers="block",
            accept_downloads=False,
            viewport={"width": WIDTH, "height": HEIGHT},
        )
        try:
            answering = _Answering(page, self.web)
            await context.route("**/*", answering.answer)
            tab = await context.new_page()
            with suppress(Error):  # what has not come by then is not in the picture
                await tab.goto(page.url, wait_until="load", timeout=LOAD_MS)
            if not answering.shown:
                raise Error("the page was not asked for")
            shot = await tab.screenshot(type="png", animations="disabled", timeout=SHOT_MS)
            await context.unroute_all(behavior="ignoreErrors")
            return shot
        finally:
            await context.close()


@dataclass
class _Answering:
    """What one page gets for its requests. Without slots: Playwright hangs a handle on it."""

    page: Fetched
    web: Web
    shown: bool = False
    requests: int = 0
    bytes: int = 0
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def answer(self, route: Route) -> None:
        from playwright.async_api import Error

        request = route.request
        with suppress(Error):  # the page may be gone by then
            if request.is_navigation_request():
                await self._navigate(route)
            elif (types := TYPES.get(request.resource_type)) and self._may_ask(request.method):
                await self._fetch(route, types)
            else:
                await route.abort(NOT_AT_ALL)

    async def _navigate(self, route: Route) -> None:
        """The page itself, once; frames get nothing, and to where it would be sent on it does not go."""
        if route.request.frame.parent_frame is not None:
            await route.abort(NOT_AT_ALL)
        elif self.shown:
            await route.fulfill(status=204)
        else:
            self.shown = True
            charset = f"; charset={self.page.charset}" if self.page.charset else ""
            headers = {"Content-Type": f"{self.page.type}{charset}", "X-Content-Type-Options": "nosniff"}
            await route.fulfill(status=200, headers=headers, body=self.page.body)

    def _may_ask(self, method: str) -> bool:
        self.requests += 1
        return method == "GET" and self.requests <= REQUESTS_MAX

    async def _fetch(self, route: Route, types: tuple[str, ...]) -> None:
        async with self.turns:
            came = await self._came(route.request.url, types)
        if came is None:
            await route.abort(NOT_AT_ALL)
            return
        headers = {"Content-Type": came.type, "Access-Control-Allow-Origin": "*"}
        await route.fulfill(status=200, headers=headers, body=came.body)

    async def _came(self, url: str, types: tuple[str, ...]) -> Fetched | None:
        """None for what cannot be had, and when the page has had enough, by those before it too."""
        if self.bytes >= BYTES_MAX:
            return None
        try:
            came = await self.web.get(url, types)
        except FetchError:
            return None
        self.bytes += len(came.body)
        return came
