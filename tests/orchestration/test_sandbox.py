"""The sandbox with honest programs: what they see, how they end, and what is promised of it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from behind_walls import SMALL, Room, left_of, processes_with, sandbox_or_skip

from orchestration.adapters.sandbox import (
    Ended,
    Exit,
    Expose,
    Limits,
    Missing,
    Mount,
    Sandbox,
    SandboxError,
    probing,
    put,
    walls,
)
from orchestration.adapters.sandbox.walls import Walls


@pytest.fixture
def room(tmp_path: Path) -> Room:
    folder = tmp_path / "work"
    folder.mkdir()
    return Room(sandbox_or_skip(), folder)


def test_it_gives_way_to_everybody_also_in_a_session_of_its_own(room: Room) -> None:
    if not Path("/proc/self/autogroup").exists():
        pytest.skip("this kernel does not share its time out by sessions")
    script = """
      const { spawn } = require("node:child_process");
      spawn("sh", ["-c", "sleep 0.6; cat /proc/self/autogroup > own"], { detached: true });
      setTimeout(() => fs.writeFileSync("first", fs.readFileSync("/proc/self/autogroup")), 600);
    """
    assert room.node(script) == Exit(0, Ended.FINISHED)
    groups = [(room.folder / name).read_text().split() for name in ("first", "own")]
    assert [group[1:] for group in groups] == [["nice", "10"]] * 2
    assert groups[0][0] != groups[1][0]


def test_node_runs_and_what_it_writes_is_ours_afterwards(room: Room) -> None:
    script = "console.log('hello'); console.error('beside'); fs.writeFileSync('page.html', 'hi')"
    assert room.node(script) == Exit(0, Ended.FINISHED)
    assert sorted(room.lines) == ["beside", "hello"]
    written = room.folder / "page.html"
    assert written.read_text() == "hi"
    assert written.stat().st_uid == room.folder.stat().st_uid == os.geteuid()


def test_exit_codes_pass(room: Room) -> None:
    assert room.node("process.exit(7)") == Exit(7, Ended.FINISHED)
    assert room.shell("kill -TERM $$") == Exit(128 + 15, Ended.FINISHED)


def test_lines_arrive_while_it_runs(room: Room) -> None:
    def answer(line: str) -> None:
        room.lines.append(line)
        (room.folder / "answer").write_text(line)

    script = "echo first; while [ ! -e answer ]; do sleep 0.02; done; cat answer; echo; printf last"
    ended = room.sandbox.run(
        ["/bin/sh", "-c", script],
        mounts=room.mounts,
        cwd="/work",
        limits=SMALL,
        on_line=answer,
    )
    assert ended.ok
    assert room.lines == ["first", "first", "last"]


def test_a_cancel_from_another_thread_ends_it_at_once(room: Room) -> None:
    cancel = threading.Event()
    asked: list[float] = []

    def soon(line: str) -> None:
        asked.append(time.monotonic())
        threading.Timer(0.1, cancel.set).start()

    ended = room.sandbox.run(
        ["/bin/sh", "-c", "trap '' TERM INT HUP; echo ready; while :; do sleep 60; done"],
        mounts=room.mounts,
        cwd="/work",
        on_line=soon,
        cancel=cancel,
    )
    assert ended == Exit(None, Ended.CANCELLED)
    assert time.monotonic() - asked[0] < 1.5


def test_what_fails_in_the_reader_ends_the_program(room: Room) -> None:
    def fail(line: str) -> None:
        raise RuntimeError("the reader is broken")

    with pytest.raises(RuntimeError):
        room.sandbox.run(
            ["/bin/sh", "-c", "echo a; exec sleep 61", "sleeps-61"],
            mounts=room.mounts,
            cwd="/work",
            on_line=fail,
        )
    assert not processes_with("sleeps-61")


def test_mounts_are_read_only_unless_asked_and_may_lie_in_each_other(room: Room, tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir(mode=0o755)
    (template / "index.js").write_text("module.exports = 'of the template'")
    (template / "index.js").chmod(0o644)
    mounts = [*room.mounts, Mount(template, "/work/node_modules/shared")]
    script = (
        "console.log(require('shared'));"
        "try { fs.writeFileSync('node_modules/shared/x', '') } catch (error) { console.log(error.code) }"
    )
    ended = room.sandbox.run(
        ["node", "-e", script], mounts=mounts, cwd="/work", limits=SMALL, on_line=room.lines.append
    )
    assert ended.ok
    assert room.lines == ["of the template", "EROFS"]
    assert os.listdir(template) == ["index.js"]


def test_nothing_is_mounted_where_an_earlier_run_left_a_link(room: Room, tmp_path: Path) -> None:
    (tmp_path / "template").mkdir(mode=0o755)
    assert room.shell("mkdir sub && ln -s /tmp sub/link").ok
    for target in ("/work/sub/link", "/work/sub/link/deeper"):
        mounts = [*room.mounts, Mount(tmp_path / "template", target)]
        with pytest.raises(SandboxError, match="a link"):
            room.sandbox.run(["true"], mounts=mounts, cwd="/work")


def test_the_environment_is_what_was_given(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    room.sandbox.run(
        ["node", "-e", "console.log(JSON.stringify(process.env))"],
        mounts=room.mounts,
        cwd="/work",
        environment={"NO_COLOR": "1", "HOME": "/work"},
        on_line=room.lines.append,
    )
    seen = json.loads(room.lines[0])
    assert sorted(seen) == ["HOME", "LANG", "NODE_OPTIONS", "NO_COLOR", "PATH", "PWD", "TZ"]
    assert seen["HOME"] == "/work"


def test_a_program_that_is_not_in_usr_is_found_all_the_same(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    shutil.copy("/bin/echo", programs / "our-echo")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    assert room.run("our-echo", "found").ok
    assert room.lines == ["found"]


def test_rights_of_the_owner_do_not_come_out(room: Room) -> None:
    script = "cp /bin/true t; chmod 6755 t; mkdir d; chmod 7700 d; : > d-file; chmod 0 d-file; stat -c %a t"
    assert room.shell(script).ok
    assert room.lines == ["6755"]
    for name in ("t", "d", "d-file"):
        about = (room.folder / name).lstat()
        assert not about.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX)
        assert about.st_uid == os.geteuid()
        assert about.st_mode & 0o600 == 0o600


def test_what_cannot_begin_says_so(room: Room, tmp_path: Path) -> None:
    with pytest.raises(SandboxError):
        room.run("no-such-program")
    with pytest.raises(SandboxError):
        room.sandbox.run(["true"], mounts=room.mounts, cwd="/nowhere")
    for mount in (
        Mount(tmp_path / "missing", "/work"),
        Mount(room.folder, "work"),
        Mount(room.folder, "/work/../usr"),
        Mount(room.folder, "/"),
        Mount(walls.PROJECT.parent, "/work", writable=True),
    ):
        with pytest.raises(SandboxError):
            room.sandbox.run(["true"], mounts=[mount], cwd="/")


def test_a_file_with_a_name_elsewhere_is_not_given_away(room: Room, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("ours")
    os.link(tmp_path / "precious", room.folder / "also")
    with pytest.raises(SandboxError, match="another name"):
        room.node("fs.writeFileSync('also', 'theirs')")
    assert (tmp_path / "precious").stat().st_uid == os.geteuid()
    assert (tmp_path / "precious").read_text() == "ours"


WORKER = """
import sys
from pathlib import Path
from orchestration.adapters.sandbox import Mount, Sandbox, probe
sandbox = probe()
assert isinstance(sandbox, Sandbox)
script = "(trap '' TERM HUP INT; exec sleep 62) & echo up; exec sleep 62"
sandbox.run(["/bin/sh", "-c", script, sys.argv[2]], mounts=[Mount(Path(sys.argv[1]), "/work", True)],
            cwd="/work", on_line=lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_it_ends_with_the_worker_however_that_ends(room: Room, how: str) -> None:
    mark = f"sandbox-worker-{how}-{os.getpid()}"
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(room.folder), mark],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(walls.PROJECT)},
        start_new_session=True,
    )
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"up\n"
        assert len(processes_with(mark)) >= 2
        getattr(worker, how)()
        worker.wait()
        assert not left_of(mark)
    # And the folder, which was not taken back, serves the next run.
    assert room.node("fs.writeFileSync('again', '')").ok
    assert (room.folder / "again").stat().st_uid == os.geteuid()


def test_a_server_inside_is_reached_through_a_socket_outside(room: Room, tmp_path: Path) -> None:
    script = (
        "require('http').createServer((q, a) => a.end('you asked ' + q.url))"
        ".listen(5173, '127.0.0.1', () => console.log('ready'))"
    )
    # Longer than a socket's path may be.
    place = tmp_path / ("long" * 20) / ("folder" * 10)
    place.mkdir(parents=True)
    running = room.sandbox.start(
        ["node", "-e", script], mounts=room.mounts, cwd="/work", expose=Expose(5173, place / "dev")
    )
    try:
        assert next(running.lines) == "ready"
        for path in ("/first", "/second"):
            assert _asked(place / "dev", path).endswith(f"you asked {path}")
        assert running.alive
    finally:
        running.stop()
    assert running.wait() == Exit(None, Ended.CANCELLED)
    assert not (place / "dev").exists()


def _asked(path: Path, what: str) -> str:
    folder = os.open(path.parent, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(f"/proc/self/fd/{folder}/{path.name}")
            client.sendall(f"GET {what} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            answer = b""
            while data := client.recv(4096):
                answer += data
            return answer.decode()
    finally:
        os.close(folder)


def test_a_file_put_from_outside_is_seen_and_owned_inside(room: Room) -> None:
    """So that a page changes as it is written."""
    wait = "while [ ! -e src/page ]; do sleep 0.02; done"
    script = f"echo ready; {wait}; cat src/page; echo more >> src/page; : > src/another"

    def write(line: str) -> None:
        room.lines.append(line)
        if line == "ready":
            put(room.folder, "src/page", b"written outside\n")

    ended = room.sandbox.run(
        ["/bin/sh", "-c", script], mounts=room.mounts, cwd="/work", limits=SMALL, on_line=write
    )
    assert ended.ok
    assert room.lines == ["ready", "written outside"]
    assert (room.folder / "src" / "page").read_text() == "written outside\nmore\n"


def test_the_bridge_ends_with_what_it_serves(room: Room, tmp_path: Path) -> None:
    running = room.sandbox.start(
        ["node", "-e", "process.exit(5)"],
        mounts=room.mounts,
        cwd="/work",
        expose=Expose(5173, tmp_path / "dev"),
    )
    assert running.wait(10) == Exit(5, Ended.FINISHED)


def test_what_is_in_force_is_described(room: Room) -> None:
    assert room.sandbox.kind == "bubblewrap"
    described = " ".join(room.sandbox.describe())
    for promise in ("no network", "user", "memory", "RLIMIT_DATA", "ends as a whole"):
        assert promise in described


def test_without_bubblewrap_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert probing.examine() == Missing("bubblewrap is not installed", "apt install bubblewrap.")


@pytest.mark.parametrize(
    ("left_out", "added", "reason"),
    [
        ("--unshare-net", (), "net namespace"),
        ("--unshare-pid", (), "pid namespace"),
        ("", ("--ro-bind", "/etc", "/etc"), "can read"),
        ("", ("--ro-bind", "/nowhere", "/etc"), "could not put up"),
        ("", ("--no-such-wall",), "too old"),
    ],
)
def test_a_wall_that_does_not_hold_is_noticed(
    room: Room, monkeypatch: pytest.MonkeyPatch, left_out: str, added: tuple[str, ...], reason: str
) -> None:
    honest = walls.build

    def broken(*given: object, **named: int) -> Walls:
        made = honest(*given, **named)  # type: ignore[arg-type]
        made.words = [word for word in made.words if word != left_out]
        made.words[1:1] = added
        return made

    monkeypatch.setattr(walls, "build", broken)
    found = probing.examine()
    assert isinstance(found, Missing)
    assert reason in found.reason


def test_limits_of_one_run_are_not_those_of_another(room: Room, tmp_path: Path) -> None:
    """Whoever uses up its processes leaves the others theirs."""
    greedy = Limits(seconds=20, processes=12, memory_bytes=SMALL.memory_bytes)
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    full = "i=0; while [ $i -lt 40 ]; do sleep 20 & i=$((i+1)); done 2>/dev/null; echo full; wait"
    others = [
        room.sandbox.start(
            ["/bin/sh", "-c", f"({full}); echo full; exec sleep 20"],
            mounts=[Mount(folder, "/work", writable=True)],
            cwd="/work",
            limits=greedy,
        )
        for folder in folders
    ]
    try:
        assert all("full" in next(one.lines) for one in others)
        assert room.node("console.log(1)").ok
    finally:
        for one in others:
            one.stop()


def test_the_sandbox_is_frozen(room: Room) -> None:
    with pytest.raises(AttributeError):
        room.sandbox.bwrap = "/bin/sh"  # type: ignore[misc]
    assert isinstance(room.sandbox, Sandbox)
