"""What is seen while a site is written: in which order, for how long, and that it never costs the build."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import pytest
from work_samples import Remembered

from orchestration.adapters.sandbox import Expose, Missing, Mount, Sandbox, SandboxError
from orchestration.adapters.website import live as lives
from orchestration.adapters.website.live import Live
from orchestration.adapters.website.order import SOURCE_FOLDER

FRAME = {"src/theme.css": "brown", "src/pages/Home.tsx": "opening", "index.html": "<!doctype html>"}


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...

    def address_string(self) -> str:
        return ""


class DevServer:
    """Stands in for what runs in the sandbox: answers, says what a test wants, ends."""

    def __init__(self, socket: Path) -> None:
        self.said: SimpleQueue[str | None] = SimpleQueue()
        self.alive = True
        self._server = socketserver.ThreadingUnixStreamServer(str(socket), Page)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def lines(self) -> Iterator[str]:
        while (line := self.said.get()) is not None:
            yield line

    def stop(self) -> None:
        if self.alive:
            self.alive = False
            self.said.put(None)
            self._server.shutdown()
            self._server.server_close()
            Path(str(self._server.server_address)).unlink()
            self._thread.join()


@dataclass
class Walls:
    """A sandbox without walls: for what is done around it."""

    broken: bool = False
    project: Path | None = None
    running: DevServer | None = None
    began: threading.Event = field(default_factory=threading.Event)

    def start(
        self, command: Sequence[str], *, mounts: Sequence[Mount], expose: Expose, **_: object
    ) -> DevServer:
        if self.broken:
            raise SandboxError("a secret reason")
        assert [mount.target for mount in mounts if mount.writable] == []
        self.project = mounts[0].source
        self.running = DevServer(expose.socket)
        self.began.set()
        return self.running


class Seen(Remembered):
    """A report that is shown something."""

    def __init__(self) -> None:
        super().__init__()
        self.previews: list[tuple[str, str]] = []
        self.stands = threading.Event()

    def preview(self, socket: str, address: str) -> None:
        self.previews.append((socket, address))
        self.stands.set()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("PAUSE_S", 0.01), ("LEAVE_S", 0.01), ("UNWATCHED_S", 0.2), ("LOOK_S", 0.02)):
        monkeypatch.setattr(lives, name, seconds)


def made(walls: Walls | Missing, folder: Path, report: Remembered) -> Live:
    return Live(cast("Sandbox | Missing", walls), folder / "modules", folder, report)


def watched(walls: Walls, live: Live, report: Seen) -> Path:
    """Let a browser come; the project's folder as it is seen."""
    for path, text in FRAME.items():
        live.put(path, text)
    assert report.stands.wait(10)
    assert walls.running is not None
    assert walls.project is not None
    walls.running.said.put("watched")
    return walls.project


def until(path: Path, text: str) -> None:
    ends = time.monotonic() + 10
    while path.read_text() != text:
        assert time.monotonic() < ends, path.read_text()
        time.sleep(0.01)


def test_it_begins_with_the_frame_and_shows_what_follows(tmp_path: Path) -> None:
    walls, report = Walls(), Seen()
    with made(walls, tmp_path, report) as live:
        project = watched(walls, live, report)
        assert {path: (project / path).read_text() for path in FRAME} == FRAME
        live.put("src/pages/Home.tsx", "whole")
        until(project / "src/pages/Home.tsx", "whole")
        live.put("src/pages/Last.tsx", "last")
        live.finish()
    assert not walls.running or not walls.running.alive
    (socket, address), over = report.previews
    assert (socket[:5], len(address), over) == ("live-", 32, ("", ""))
    assert address not in str(report.lines)
    assert list(tmp_path.iterdir()) == []


def test_all_that_was_put_is_seen_before_it_ends(tmp_path: Path) -> None:
    walls, report = Walls(), Seen()
    with made(walls, tmp_path, report) as live:
        project = watched(walls, live, report)
        last: list[str] = []
        show = report.preview
        report.preview = lambda *told: (last.append((project / "last").read_text()), show(*told))[1]  # type: ignore[method-assign]
        for n in range(20):
            live.put("last", str(n))
        live.finish()
    assert last == ["19"]


def test_a_project_from_before_is_seen_first_and_then_changed(tmp_path: Path) -> None:
    source = tmp_path / SOURCE_FOLDER / "src"
    source.mkdir(parents=True)
    (source / "theme.css").write_text("red")
    (source / "old.css").write_text("old")
    (source / "secret").symlink_to("/etc/passwd")
    walls, report = Walls(), Seen()
    with made(walls, tmp_path, report) as live:
        for path, text in FRAME.items():
            live.put(path, text)
        assert report.stands.wait(10)
        assert walls.project is not None
        assert sorted(path.name for path in (walls.project / "src").iterdir()) == ["old.css", "theme.css"]
        assert (walls.project / "src/theme.css").read_text() == "red"
        project = watched(walls, live, report)
        until(project / "src/theme.css", "brown")
        live.finish()


def test_nobody_there_holds_the_result_up_for_a_moment_only(tmp_path: Path) -> None:
    walls, report = Walls(), Seen()
    with made(walls, tmp_path, report) as live:
        for path, text in FRAME.items():
            live.put(path, text)
        assert report.stands.wait(10)
        live.put("src/pages/Home.tsx", "never seen")
        began = time.monotonic()
        live.finish()
        assert 0.2 <= time.monotonic() - began < 2


def test_a_build_that_ends_sooner_does_not_wait(tmp_path: Path) -> None:
    walls, report = Walls(), Seen()
    with made(walls, tmp_path, report) as live:
        live.put("src/theme.css", "brown")  # and never a page
        began = time.monotonic()
        live.finish()
        assert time.monotonic() - began < 1
    assert (walls.running, report.previews, report.lines) == (None, [], [])


def test_a_server_that_answers_when_it_is_over_is_not_shown_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end would close the preview of the builder that goes on: both are the same job's."""
    walls, report = Walls(), Seen()
    live = made(walls, tmp_path, report)

    def late(*_: object) -> bool:
        live._cancel.set()
        return True

    monkeypatch.setattr(lives, "_answers", late)
    with live:
        for path, text in FRAME.items():
            live.put(path, text)
        assert walls.began.wait(10)
        assert live._thread is not None
        live._thread.join(10)
    assert report.previews == []


def test_why_there_is_none_is_said(tmp_path: Path) -> None:
    for walls, words in ((Missing("no walls"), "no walls"), (Walls(broken=True), "SandboxError")):
        report = Seen()
        with made(walls, tmp_path, report) as live:
            live.put("index.html", "")
            ends = time.monotonic() + 10
            while not report.lines and time.monotonic() < ends:
                time.sleep(0.01)
            live.finish()
        assert report.lines == [f"no live preview: {words}"]
        assert report.previews == []


def test_a_dev_server_that_ends_costs_the_preview_alone(tmp_path: Path) -> None:
    walls, report = Walls(), Seen()
    with made(walls, tmp_path, report) as live:
        watched(walls, live, report)
        assert walls.running is not None
        walls.running.said.put("out of memory")
        time.sleep(0.05)
        walls.running.stop()
        ends = time.monotonic() + 10
        while len(report.previews) < 2 and time.monotonic() < ends:
            time.sleep(0.01)
        live.put("src/pages/Home.tsx", "whole")
        live.finish()
    assert report.previews[1] == ("", "")
    assert report.lines == ["no live preview: the dev server ended (out of memory)"]


def test_a_report_that_shows_nothing_starts_nothing(tmp_path: Path) -> None:
    walls = Walls()
    with made(walls, tmp_path, Remembered()) as live:
        live.put("index.html", "")
        live.finish()
    assert not walls.began.is_set()


def test_what_a_killed_build_left_goes(tmp_path: Path) -> None:
    (tmp_path / ".live-old/project").mkdir(parents=True)
    socketserver.UnixStreamServer(str(tmp_path / "live-0123456789abcdef"), Page).server_close()
    walls, report = Walls(), Seen()
    with made(walls, tmp_path, report) as live:
        watched(walls, live, report)
    assert list(tmp_path.iterdir()) == []


def test_a_dev_server_that_never_ends_its_answer_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # who asked has gone
                while True:
                    self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    class Dripping(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while True:
                    self.request.sendall(b"H")
                    time.sleep(0.02)

    monkeypatch.setattr(lives, "ANSWER_S", 0.2)
    for name, handler in (("endless", Endless), ("dripping", Dripping)):
        with socketserver.UnixStreamServer(str(tmp_path / name), handler) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            asking = threading.Thread(target=lives._answers, args=(tmp_path, name, "/"), daemon=True)
            asking.start()
            asking.join(5)
            assert not asking.is_alive()
            thread.join()
