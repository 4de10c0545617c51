"""The site while it is built: Vite's dev server in the sandbox, on a copy that is fed as the builder writes.

It runs beside the build in a thread of its own. It never fails a build. It holds the result up by a second at
most until somebody is there, and by two until all that was written is seen. The copy is read-only inside:
nobody there can change it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol, runtime_checkable

from orchestration.adapters.sandbox import Expose, Limits, Missing, Mount, Running, Sandbox, get, put
from orchestration.adapters.sandbox.terms import MIB
from orchestration.adapters.website.order import SOURCE_FOLDER
from orchestration.adapters.work import Report

SERVER = Path(__file__).with_name("live.mjs")
PORT = 5173
PREFIX = ".live-"
SOCKET_PREFIX = "live-"
STARTING_S = 40.0
LOOK_S = 0.2
ANSWER_S = 1.0
"""How soon it is asked again, and an end is noticed, while it starts."""
REQUEST = "GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
STATUS_BYTES = 64
"""No first line of an answer is longer that says that all is well."""
VISITED, WATCHED = "visited", "watched"
"""What live.mjs says when a browser is there, and when it has the whole page: then that may change."""
PAUSE_S = 0.15
"""Between two files, so that one sees what changes."""
PAUSES_S = 2.0
"""All pauses together; after them the rest goes at once."""
UNWATCHED_S = 1.0
WATCHED_S = 2.0
"""How long the build's result waits: until somebody is there, and until all that was put is seen."""
LEAVE_S = 0.3
"""The page is told first: a browser that still loads is not cut off with errors."""
STOP_S = 1.0
FRONT_PAGE = "index.html"
SKIPPED = frozenset({"node_modules", "dist", ".git"})
COPIED_FILES, COPIED_BYTES = 400, 1 * MIB
LIMITS = Limits(
    seconds=600.0,
    cpu_seconds=90.0,
    memory_bytes=768 * MIB,
    processes=96,
    file_bytes=16 * MIB,
    scratch_bytes=48 * MIB,
    output_lines=500,
)


@runtime_checkable
class Shows(Protocol):
    """A report that also takes where a live preview stands."""

    def preview(self, socket: str, address: str) -> None:
        """At `socket` (a name in the session's folder) it is seen under `/preview/{address}/`.

        Both are empty when it is over.
        """


class Live:
    """Use it around a build: `put` each file as it is written, `finish` when the built site is in its place.

    It begins with `index.html`, which comes after what that needs. Where a project was built before, that one
    is seen first, and what is put changes it. Nothing here raises; without a sandbox nothing happens.
    """

    def __init__(self, sandbox: Sandbox | Missing, modules: Path, folder: Path, report: Report) -> None:
        """`modules` is a `node_modules` with Vite and its React plugin, readable for everyone.

        `folder` is the session's.
        """
        self._sandbox = sandbox
        self._modules = modules
        self._session = folder
        self._report = report
        self._files: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._finishing = threading.Event()
        self._idle = threading.Event()
        self._visited = threading.Event()
        self._watched = threading.Event()
        self._said = ""
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self.standing = False

    def __enter__(self) -> Live:
        if isinstance(self._sandbox, Missing):
            self._report.log(f"no live preview: {self._sandbox.reason}")
        elif isinstance(self._report, Shows):  # else nobody would see it
            self._thread = threading.Thread(
                target=self._live, args=(self._sandbox,), name="live", daemon=True
            )
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def put(self, path: str, text: str) -> None:
        """Show this file from now on. Returns at once: it is written when its turn comes."""
        self._files.put((path, text))

    def finish(self) -> None:
        """Wait until all that was put is seen, if it can be seen and within the limits; then `stop`."""
        if self.standing and self._visited.wait(UNWATCHED_S):
            self._finishing.set()
            self._files.put(None)  # for whoever waits for a file
            self._idle.wait(WATCHED_S)
        self.stop()

    def stop(self) -> None:
        """End it. Safe to repeat."""
        self._cancel.set()
        self._files.put(None)
        if self._thread is not None:
            self._thread.join(STOP_S)

    # ------------------------------------------------------------------ in its own thread

    def _live(self, sandbox: Sandbox) -> None:
        place = None
        try:
            _sweep(self._session)
            place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._session))
            self._stand(sandbox, place)
        except _NotStandingError as error:
            self._report.log(f"no live preview: {error}")
        except Exception as error:
            # The thread's root: whatever went wrong here, the build goes on without it.
            if not self._cancel.is_set():
                self._report.log(f"no live preview: {type(error).__name__}")
        finally:
            self._idle.set()
            if place is not None:
                shutil.rmtree(place, ignore_errors=True)

    def _stand(self, sandbox: Sandbox, place: Path) -> None:
        first = self._beginning()
        if self._cancel.is_set():
            return
        project = _Project(place / "project")
        changes = project.begin(self._session / SOURCE_FOLDER, first)
        address, name = secrets.token_hex(16), f"{SOCKET_PREFIX}{secrets.token_hex(8)}"
        _written(place / "address", address)
        running = self._start(sandbox, place, self._session / name)
        threading.Thread(target=self._listen, args=(running,), name="live-listen", daemon=True).start()
        try:
            if not self._await(running, name, f"/preview/{address}/"):
                return
            self._show(name, address)
            self.standing = True
            self._feed(project, changes, running)
            if not self._cancel.is_set():
                raise self._ended()
        finally:
            if self.standing:
                self.standing = False
                self._show("", "")
                time.sleep(LEAVE_S)
            running.stop()

    def _beginning(self) -> dict[str, str]:
        """What is put until there is a page to be seen."""
        first: dict[str, str] = {}
        while FRONT_PAGE not in first and not self._cancel.is_set():
            if (change := self._next()) is not None:
                first[change[0]] = change[1]
        return first

    def _start(self, sandbox: Sandbox, place: Path, path: Path) -> Running:
        mounts = [
            Mount(place / "project", "/site"),
            Mount(self._modules, "/site/node_modules"),
            Mount(place / "address", "/house/address"),
        ]
        return sandbox.start(
            ["node", "/site/.live.mjs", str(PORT)],
            mounts=mounts,
            cwd="/site",
            limits=LIMITS,
            expose=Expose(PORT, path),
        )

    def _show(self, socket: str, address: str) -> None:
        if isinstance(self._report, Shows):
            self._report.preview(socket, address)

    def _listen(self, running: Running) -> None:
        """Until it has ended."""
        for line in running.lines:
            if line in (VISITED, WATCHED):
                self._visited.set()
            if line == WATCHED:
                self._watched.set()
            self._said = line.strip() or self._said

    def _await(self, running: Running, name: str, page: str) -> bool:
        """Until it answers; False when nobody wants it any more. Raises _NotStandingError."""
        ends = time.monotonic() + STARTING_S
        while not _answers(self._session, name, page):
            if not running.alive:
                raise self._ended()
            if self._cancel.wait(LOOK_S / 4):
                return False
            if time.monotonic() > ends:
                raise _NotStandingError("the dev server did not answer in time")
        return not self._cancel.is_set()

    def _ended(self) -> _NotStandingError:
        return _NotStandingError(f"the dev server ended ({self._said or 'without a word'})")

    def _feed(self, project: _Project, changes: list[tuple[str, str]], running: Running) -> None:
        """Write what comes, once it is watched and with pauses for the eye, until it is over."""
        pauses_s = 0.0
        while running.alive and not self._cancel.is_set() and not self._watched.wait(LOOK_S / 4):
            pass
        while running.alive and not self._cancel.is_set():
            while not self._files.empty():
                if (change := self._next()) is not None:
                    changes.append(change)
            if not changes:
                if self._finishing.is_set():
                    self._idle.set()
                changes += [change] if (change := self._next()) is not None else []
                continue
            path, text = changes.pop(0)
            overtaken = any(path == later for later, _ in changes)  # nobody needs to see half of a page again
            if not overtaken and project.change(path, text) and pauses_s < PAUSES_S:
                pauses_s += PAUSE_S
                self._cancel.wait(PAUSE_S)

    def _next(self) -> tuple[str, str] | None:
        try:
            return self._files.get(timeout=LOOK_S)
        except Empty:
            return None


class _NotStandingError(Exception):
    """Why there is no live preview: a few words for the build's output."""


class _Project:
    """The copy that is seen. Ours alone to write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, str] = {}

    def begin(self, before: Path, first: Mapping[str, str]) -> list[tuple[str, str]]:
        """Fill it with the project built before, else with `first`. Returns what is to change then."""
        self._folder.mkdir()
        (self._folder / "node_modules").mkdir()  # where it is mounted
        self._folder.chmod(0o755)
        known = _read(before)
        for path, text in (known or first).items():
            self.change(path, text)
        _written(self._folder / ".live.mjs", SERVER.read_text("utf-8"))
        return list(first.items())

    def change(self, path: str, text: str) -> bool:
        """Whether it is another text than before; then it is there now, whole."""
        if self._seen.get(path) == text:
            return False
        self._seen[path] = text
        with suppress(OSError, ValueError):  # one file less is seen
            put(self._folder, path, text.encode())
        return True


def _sweep(session: Path) -> None:
    """Take away what a build left that was killed: it could not do it itself."""
    for left in session.glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in session.glob(f"{SOCKET_PREFIX}*"):
        if left.is_socket():
            left.unlink(missing_ok=True)


def _written(path: Path, text: str) -> None:
    """Readable for the sandbox's user; the session's folder is closed to all others."""
    path.write_text(text, "utf-8")
    path.chmod(0o644)


def _read(project: Path) -> dict[str, str]:
    """The texts of a project, by path. What is no text, too large or too much is left out."""
    texts: dict[str, str] = {}
    for folder, inner, names in os.walk(project):
        inner[:] = sorted(set(inner) - SKIPPED)
        for name in sorted(names):
            path = Path(folder) / name
            if len(texts) < COPIED_FILES and path.is_file() and not path.is_symlink():
                with suppress(OSError, ValueError):
                    texts[str(path.relative_to(project))] = get(Path(folder), name, COPIED_BYTES).decode()
    return texts


def _answers(folder: Path, name: str, page: str) -> bool:
    """Whether a page comes through the socket (by its folder's descriptor: a path may have 107 bytes).

    Of the answer only the beginning is read, for ANSWER_S in all: who answers may be hostile.
    """
    ends = time.monotonic() + ANSWER_S
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_S)
            connection.connect(f"/proc/self/fd/{opened}/{name}")
            connection.sendall(REQUEST.format(page=page).encode())
            return _status(connection, ends) == b"200"
    except OSError:
        return False
    finally:
        os.close(opened)


def _status(connection: socket.socket, ends: float) -> bytes:
    """The status in an answer's first line; empty where that does not come. Raises OSError."""
    line = b""
    while b"\n" not in line and len(line) < STATUS_BYTES and (left_s := ends - time.monotonic()) > 0:
        connection.settimeout(left_s)
        piece = connection.recv(STATUS_BYTES)
        if not piece:
            break
        line += piece
    words = line.partition(b"\n")[0].split() if b"\n" in line else []
    return words[1] if len(words) > 1 else b""
