"""Pictures of pages by a Chromium without a network: what is in them, and what a page cannot reach."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from behind_walls import processes_with
from PIL import Image
from playwright.async_api import Error, Route
from web_pictures import noise, of_colour, of_style

from orchestration.adapters.camera import Camera, NoCamera, NoPicture, camera, keep_picture, open_camera
from orchestration.adapters.camera import browser as browser_module
from orchestration.adapters.camera.pictures import BYTES_MAX, small_picture
from orchestration.adapters.sandbox import Missing
from orchestration.adapters.web import Fetched, Web
from tests.fakes.hostile_web import INSIDE, HostileWeb, hostile_web, html

BROWSER = pytest.mark.browser
HERE = Path(__file__).resolve()
GREEN, ORANGE = (204, 255, 238), (255, 165, 0)


@pytest.fixture
async def fake() -> AsyncIterator[HostileWeb]:
    async with hostile_web() as started:
        yield started


@pytest.fixture
async def eye(fake: HostileWeb, tmp_path: Path) -> AsyncIterator[Camera]:
    """A camera on the fake web. Without one the test is skipped, and in CI it fails."""
    async with Web(fake.rules(seconds=2.0)) as web, open_camera(web, tmp_path) as opened:
        if isinstance(opened, NoCamera):
            pytest.fail(opened.reason) if os.environ.get("CI") else pytest.skip(opened.reason)
        yield opened


async def picture(eye: Camera, fake: HostileWeb, page: str) -> Image.Image:
    fake.pages["/"] = html(page)
    shot = await eye.shoot(await eye.web.get(fake.url()))
    assert isinstance(shot, bytes)
    assert len(shot) <= BYTES_MAX
    opened = Image.open(io.BytesIO(shot))
    assert (opened.format, opened.size) == ("WEBP", (1200, 800))
    return opened.convert("RGB")


def is_near(found: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) < 12 for one, other in zip(found, wanted, strict=True))


class Many:
    """A web whose pictures are large, and slow enough to be asked for at once."""

    def __init__(self) -> None:
        self.fetched = 0

    async def get(self, url: str, types: tuple[str, ...]) -> Fetched:
        self.fetched += 2_000_000
        await asyncio.sleep(0.01)
        return Fetched(url, 200, "image/png", "", bytes(2_000_000))


class Asked:
    """Playwright's request of a page for one picture."""

    def __init__(self) -> None:
        self.request = SimpleNamespace(
            url="http://a.example/", method="GET", resource_type="image", is_navigation_request=lambda: False
        )

    async def abort(self, code: str) -> None: ...

    async def fulfill(self, **answer: object) -> None: ...


async def test_what_is_asked_for_at_once_keeps_to_the_pages_bytes_too() -> None:
    web = Many()
    page = Fetched("http://a.example/", 200, "text/html", "", b"")
    answering = camera._Answering(page, cast(Web, web))
    await asyncio.gather(*(answering.answer(cast(Route, Asked())) for _ in range(80)))
    assert camera.BYTES_MAX <= web.fetched <= camera.BYTES_MAX + camera.AT_ONCE * 2_000_000


async def test_where_the_browser_cannot_be_set_up_there_is_no_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**where: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(camera, "probe", lambda: None)
    monkeypatch.setattr(browser_module, "find", lambda program: HERE)
    monkeypatch.setattr(camera, "another_user", nullcontext)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    async with Web() as web, open_camera(web, tmp_path) as opened:
        assert opened == NoCamera("the browser could not be set up")


@BROWSER
async def test_a_picture_shows_the_page_with_its_styles_and_pictures(eye: Camera, fake: HostileWeb) -> None:
    fake.pages["/s.css"] = of_style("body { margin: 0; background: #cfe } img { display: block }")
    fake.pages["/p.png"] = of_colour("orange", 400, 300)
    shot = await picture(eye, fake, "<link rel=stylesheet href=/s.css><img src=/p.png><p>Fresh bread")
    assert is_near(shot.getpixel((200, 150)), ORANGE)
    assert is_near(shot.getpixel((900, 700)), GREEN)


@BROWSER
async def test_a_page_reaches_nothing_inside_by_any_way(eye: Camera, fake: HostileWeb) -> None:
    inside = f"http://{INSIDE}:{fake.port}"
    ways = f"""<meta http-equiv=refresh content="0; url={inside}/refresh"><base href="{inside}/">
    <link rel=stylesheet href="{inside}/s.css"><link rel=preconnect href="{inside}">
    <link rel=dns-prefetch href="{inside}"><link rel=prefetch href="{inside}/prefetch">
    <link rel=icon href="{inside}/icon.png"><link rel=manifest href="{inside}/m.json">
    <style>@import "{inside}/i.css"; @font-face {{ font-family: x; src: url({inside}/f.woff) }}
    p {{ font-family: x; background: url({inside}/b.png) }} body {{ background: #cfe }}</style>
    <img src="/image.png"><img srcset="{inside}/set.png 1x"><iframe src="{inside}/frame"></iframe>
    <object data="{inside}/object"></object><embed src="{inside}/embed">
    <video src="{inside}/v.mp4" autoplay></video>
    <iframe srcdoc="<img src={inside}/srcdoc.png>"></iframe><input type=image src="{inside}/input.png">
    <svg><image href="{inside}/svg.png"/><use href="{inside}/use.svg#a"/></svg><p>text</p>
    <script>document.body.style.background = "red"; fetch("{inside}/fetch")
    new WebSocket("ws://{INSIDE}/")</script>
    <iframe src="file:///etc/passwd"></iframe><img src="file:///etc/hostname">
    <img src=//{INSIDE}:{fake.port}/x>"""
    shot = await picture(eye, fake, ways)
    assert is_near(shot.getpixel((1190, 790)), GREEN)  # it is there, it stayed, and no script ran
    assert fake.inside == []


@BROWSER
async def test_the_browser_itself_has_no_network_and_none_of_our_files(eye: Camera, fake: HostileWeb) -> None:
    """Without our answering: what the walls hold by themselves."""
    fake.pages["/"] = html("reached")
    context = await eye.browser.new_context()
    tab = await context.new_page()
    for url in (
        fake.url(),
        fake.url(host=INSIDE),
        f"file://{HERE}",
        "file:///etc/passwd",
        "file:///proc/1/environ",
    ):
        try:
            await tab.goto(url, timeout=5000)
        except Error:
            continue
        text = await tab.inner_text("body")  # of the walls' own first process, or a folder
        assert "reached" not in text
        assert "root:" not in text
        assert "none of our files" not in text
        assert os.environ["PATH"] not in text
    await context.close()
    assert (fake.asked, fake.inside) == ([], [])


@BROWSER
async def test_a_page_asks_for_a_bounded_number_of_things(eye: Camera, fake: HostileWeb) -> None:
    await picture(eye, fake, "".join(f"<img src=/{n}.png>" for n in range(300)))
    assert len(fake.asked) <= 1 + camera.REQUESTS_MAX


@BROWSER
async def test_what_does_not_come_is_not_waited_for(
    eye: Camera, fake: HostileWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "LOAD_MS", 500)
    shot = await picture(eye, fake, "<body style='background: #cfe'><img src=/mute><img src=/slow>")
    assert is_near(shot.getpixel((1190, 790)), GREEN)


@BROWSER
async def test_one_page_that_cannot_be_shown_leaves_the_camera_to_the_next(
    eye: Camera, fake: HostileWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(camera, "SHOT_MS", 1)
        assert isinstance(await eye.shoot(Fetched(fake.url(), 200, "text/html", "", b"<p>x")), NoPicture)
    await picture(eye, fake, "<p>fine")


@BROWSER
async def test_nothing_is_left_of_it(
    fake: HostileWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, elsewhere = tmp_path / "session", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    before = set(processes_with(browser_module.PLACE))
    async with Web(fake.rules()) as web, open_camera(web, folder) as opened:
        if isinstance(opened, NoCamera):
            pytest.skip(opened.reason)
        assert os.environ["TMPDIR"] == str(elsewhere)
        assert len(os.listdir(folder)) == 1
        running = set(processes_with(browser_module.PLACE)) - before
        assert running
    assert (os.listdir(folder), os.listdir(elsewhere)) == ([], [])
    assert not running & set(processes_with(browser_module.PLACE))


WAITS = """
import asyncio, pathlib, sys
from orchestration.adapters.camera import open_camera
from orchestration.adapters.web import Web

async def main():
    async with Web() as web, open_camera(web, pathlib.Path(sys.argv[1])) as opened:
        print(getattr(opened, "reason", "ready"), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@BROWSER
def test_a_killed_worker_leaves_no_browser_and_no_file_but_in_its_session_s_folder(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "session", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    before = set(processes_with(browser_module.PLACE))
    environment = {**os.environ, "TMPDIR": str(elsewhere), "PYTHONPATH": str(HERE.parents[2])}
    command = [sys.executable, "-c", WAITS, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, start_new_session=True) as worker:
        assert worker.stdout is not None
        told = worker.stdout.readline().decode().strip()
        if told != "ready":
            worker.kill()
            pytest.skip(told)
        running = set(processes_with(browser_module.PLACE)) - before
        assert running
        os.killpg(worker.pid, signal.SIGKILL)
    ends = time.monotonic() + 5
    while running & set(processes_with(browser_module.PLACE)) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not running & set(processes_with(browser_module.PLACE))
    assert os.listdir(elsewhere) == []


@pytest.mark.parametrize(
    ("place", "name", "value", "reason"),
    [
        (camera, "probe", lambda: Missing("bubblewrap is not installed"), "no sandbox for a browser here"),
        (browser_module, "find", lambda its_own: None, "no Chromium is installed here"),
        (camera, "_started", None, "the browser did not start"),
    ],
)
async def test_without_its_parts_there_is_no_camera_and_it_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: object, name: str, value: object, reason: str
) -> None:
    async def not_started(*given: object) -> None:
        return None

    walled = SimpleNamespace(kind="walls")
    monkeypatch.setattr(camera, "probe", lambda: walled)
    monkeypatch.setattr(browser_module, "find", lambda its_own: Path("/bin/true"))
    monkeypatch.setattr(place, name, value or not_started)
    async with Web() as web, open_camera(web, tmp_path) as opened:
        assert isinstance(opened, NoCamera)
        assert reason in opened.reason


async def test_without_playwright_there_is_no_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    async with Web() as web, open_camera(web, tmp_path) as opened:
        assert opened == NoCamera("Playwright is not installed here")


@pytest.mark.parametrize(("width", "height"), [(1200, 800), (2400, 1700), (300, 100)])
def test_a_picture_becomes_small_whatever_is_in_it(width: int, height: int) -> None:
    small = small_picture(noise(width, height))
    assert len(small) <= BYTES_MAX
    with Image.open(io.BytesIO(small)) as opened:
        assert opened.width == 1200
        assert opened.height <= 800


def test_what_is_no_png_is_refused() -> None:
    with pytest.raises(OSError, match="identify"):
        small_picture(b"GIF89a")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *more: bytes) -> bytes:
    """One that says so of itself; it holds no pixel."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IEND", b"")


EMPTY = chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize(
    "png",
    [
        png_of(3000, 3000, EMPTY),
        png_of(10_000, 10_000, EMPTY),
        png_of(50_000, 50_000, EMPTY),
        png_of(1, 2**31 - 1, EMPTY),
        png_of(0, 0, EMPTY),
        png_of(10, 10),
        png_of(10, 10, EMPTY),
        png_of(10, 10, chunk(b"IDAT", b"nonsense")),
        png_of(10, 10, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(4_000_000))), EMPTY),
        png_of(10, 10, chunk(b"IHDR", b"")),
        png_of(10, 10, b"\0\0\0\0\1\2\3\4"),
        noise(40, 40)[:-40],
        noise(40, 40)[:-12] + chunk(b"iCCP", b"") + chunk(b"IEND", b""),
        noise(40, 40).replace(b"IDAT", b"ID\0T"),
    ],
    ids=lambda png: f"{len(png)} bytes",
)
def test_a_hostile_picture_is_refused_as_what_is_none_is(png: bytes) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - whatever its words
        small_picture(png)


def test_a_tower_of_pixels_becomes_its_top() -> None:
    with Image.open(io.BytesIO(small_picture(noise(2, 50_000)))) as opened:
        assert opened.size == (1200, 800)


def test_a_picture_is_named_after_its_bytes(tmp_path: Path) -> None:
    name = keep_picture(b"one", tmp_path / "assets")
    assert keep_picture(b"one", tmp_path / "assets") == name != keep_picture(b"two", tmp_path / "assets")
    assert (tmp_path / "assets" / name).read_bytes() == b"one"
    assert len(list((tmp_path / "assets").iterdir())) == 2
