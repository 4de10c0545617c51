"""The sandbox with hostile programs: each is contained, within seconds, and nothing of it stays."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from behind_walls import MIB, SMALL, Room, left_of, processes_with, sandbox_or_skip

from orchestration.adapters.sandbox import Ended, Limits, Mount, What, processes, sweep
from orchestration.adapters.sandbox.folders import size
from orchestration.adapters.sandbox.walls import PROJECT

BRIEF = replace(SMALL, seconds=1.5)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    folder = tmp_path / "work"
    folder.mkdir()
    return Room(sandbox_or_skip(), folder)


# Time


def test_a_program_that_sleeps_for_ever_is_ended(room: Room) -> None:
    assert room.shell("trap '' TERM; while :; do sleep 63; done", limits=BRIEF).ended is Ended.TIMED_OUT


def test_an_endless_computation_is_ended_by_its_processor_time(room: Room) -> None:
    limits = replace(SMALL, cpu_seconds=0.7, seconds=20)
    assert room.node("for (;;);", limits).ended is Ended.TIMED_OUT


def test_processor_time_is_that_of_all_processes_together(room: Room) -> None:
    limits = replace(SMALL, cpu_seconds=1.0, seconds=20)
    one_after_the_other = "while :; do node -e 'for (const end = Date.now() + 150; Date.now() < end;);'; done"
    assert room.shell(one_after_the_other, limits=limits).ended is Ended.TIMED_OUT


# Processes


def test_there_are_never_more_processes_than_allowed(room: Room) -> None:
    """Bounded, and before any bomb: forty are tried, sixteen allowed."""
    script = "i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); echo $i; done"
    room.shell(script, limits=replace(BRIEF, processes=16))
    assert len(room.lines) < 16 + 2


def test_a_fork_bomb_stays_inside(room: Room) -> None:
    mark = f"fork-bomb-{os.getpid()}"
    most = 0

    def count(line: str) -> None:
        nonlocal most
        most = max(most, len(processes_with(mark)))

    script = "bomb() { bomb | bomb & }; (while :; do echo tick; sleep 0.1; done) & bomb; while :; do :; done"
    ended = room.sandbox.run(
        ["/bin/sh", "-c", script, mark],
        mounts=room.mounts,
        cwd="/work",
        limits=replace(BRIEF, processes=24, output_lines=2000),
        on_line=count,
    )
    assert ended.code != 0
    assert most <= 24 + 2  # the launcher and bubblewrap outside
    assert not left_of(mark)


def test_daemons_end_with_the_program_that_left_them(room: Room) -> None:
    mark = f"daemon-{os.getpid()}"
    daemon = "trap '' TERM HUP INT; while :; do echo beat >> beats; sleep 0.02; done"
    script = (
        f'setsid sh -c "{daemon}" $1 >/dev/null 2>&1 &\n'
        f'(setsid sh -c "{daemon}" $1 </dev/null >/dev/null 2>&1 & ) &\n'
        f'(sh -c "{daemon}" $1 &) &\n'
        "while [ ! -s beats ]; do sleep 0.02; done"
    )
    assert room.shell(script, mark).code == 0
    assert not left_of(mark)
    beats = (room.folder / "beats").stat().st_size
    time.sleep(0.2)
    assert (room.folder / "beats").stat().st_size == beats


def test_a_program_cannot_reach_processes_outside(room: Room) -> None:
    script = """
    const seen = fs.readdirSync('/proc').filter(name => /^[0-9]+$/.test(name));
    const said = seen.map(pid => { try { return fs.readFileSync(`/proc/${pid}/environ`, 'latin1') }
                                   catch { return '' } });
    let killed = 0;
    const own = new Set(fs.readdirSync('/proc/self/task').map(Number));
    for (let pid = 2; pid < 70000; pid++) if (!own.has(pid)) try { process.kill(pid, 9); killed++ } catch {}
    console.log(JSON.stringify({ seen: seen.length, killed, said: said.join('\\0') }));
    """
    assert room.node(script).ok
    told = json.loads(room.lines[0])
    assert told["seen"] <= 3
    assert told["killed"] == 0
    names = {entry.partition("=")[0] for entry in told["said"].split("\0") if entry}
    assert names == {"HOME", "LANG", "NODE_OPTIONS", "PATH", "PWD", "TZ"}


# Memory


@pytest.mark.parametrize(
    "script",
    [
        "const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))",
        "const all = []; for (;;) all.push({ some: [all.length, 1, 2, 3] })",
    ],
    ids=["buffers", "objects"],
)
def test_a_hog_is_ended(room: Room, script: str) -> None:
    limits = replace(SMALL, memory_bytes=128 * MIB, seconds=20, cpu_seconds=20)
    assert room.node(script, limits).ended is Ended.OUT_OF_MEMORY


def test_a_hog_that_is_faster_than_the_watch_is_known_for_one(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "usage", lambda first: processes.Usage())
    limits = replace(SMALL, memory_bytes=128 * MIB, seconds=20, cpu_seconds=20)
    script = "const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))"
    assert room.node(script, limits).ended is Ended.OUT_OF_MEMORY


def test_memory_is_that_of_all_processes_together(room: Room) -> None:
    one = "node -e 'const all = Buffer.alloc(60 << 20, 1); setTimeout(() => all, 60000)'"
    limits = replace(SMALL, memory_bytes=192 * MIB, seconds=20, processes=120)
    assert room.shell(f"{one} & {one} & {one} & {one} & wait", limits=limits).ended is Ended.OUT_OF_MEMORY


def test_one_process_alone_cannot_outrun_the_watch(room: Room) -> None:
    """The kernel says no at twice the limit, even between two looks."""
    script = (
        "try { new SharedArrayBuffer(1) && Buffer.alloc(600 << 20, 0) && console.log('got it') } catch {}"
    )
    ended = room.node(script, replace(SMALL, memory_bytes=128 * MIB))
    assert not ended.ok or not room.lines


def test_scratch_space_is_small(room: Room) -> None:
    script = """
    let written = 0;
    try { for (let i = 0; ; i++) { fs.writeFileSync(`/tmp/${i}`, Buffer.alloc(1 << 20)); written++ } }
    catch (error) { console.log(error.code, written) }
    """
    room.node(script)
    code, written = room.lines[0].split()
    assert code == "ENOSPC"
    assert int(written) <= SMALL.scratch_bytes // MIB


# Disk


def test_a_file_of_10_gb_is_not_written(room: Room) -> None:
    script = """
    const file = fs.openSync('big', 'w'), block = Buffer.alloc(1 << 20, 7);
    for (let i = 0; i < 10240; i++) fs.writeSync(file, block);
    """
    ended = room.node(script)
    assert not ended.ok
    assert (room.folder / "big").stat().st_size <= SMALL.file_bytes
    assert room.shell(": > big; truncate -s 10G big").code != 0


def test_many_files_are_ended(room: Room) -> None:
    ended = room.node("for (let i = 0; ; i++) fs.writeFileSync(`${i}.txt`, 'x')")
    assert ended.ended is Ended.TOO_MUCH_DISK


def test_many_folders_and_links_are_ended(room: Room) -> None:
    ended = room.node("for (let i = 0; ; i++) { fs.mkdirSync(`${i}`); fs.symlinkSync('x', `${i}/l`) }")
    assert ended.ended is Ended.TOO_MUCH_DISK


def test_what_is_written_quickly_counts_although_it_ended_by_itself(room: Room) -> None:
    ended = room.node("for (let i = 0; i < 12; i++) fs.writeFileSync(`${i}`, Buffer.alloc(1 << 20, 1))")
    assert ended.ended is Ended.TOO_MUCH_DISK
    assert size(room.folder) > SMALL.total_bytes


def test_files_without_a_name_count(room: Room) -> None:
    script = """
    for (let i = 0; i < 12; i++) { const file = fs.openSync('f', 'w'); fs.unlinkSync('f');
                                   fs.writeSync(file, Buffer.alloc(1 << 20, 1)) }
    setTimeout(() => {}, 60000)
    """
    assert room.node(script).ended is Ended.TOO_MUCH_DISK


def test_a_tree_too_deep_to_be_walked_is_ended_and_removed(room: Room) -> None:
    script = (
        "for (let i = 0; i < 300; i++) { fs.mkdirSync('d'); process.chdir('d') } fs.writeFileSync('f', '')"
    )
    assert room.node(script).ended is Ended.TOO_MUCH_DISK
    sweep(room.folder)
    assert size(room.folder) < MIB


# Network


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[dict[str, socket.socket]]:
    """Sockets of ours that wait to be reached: TCP, a Unix socket in a folder, one without."""
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        path = stack.enter_context(socket.socket(socket.AF_UNIX))
        path.bind(str(tmp_path / "host.sock"))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0sandbox-test-{os.getpid()}")
        found = {"tcp": tcp, "path": path, "abstract": abstract}
        for listener in found.values():
            listener.listen()
            listener.setblocking(False)
        yield found


def test_nothing_is_reached(room: Room, listeners: dict[str, socket.socket], tmp_path: Path) -> None:
    port, path = listeners["tcp"].getsockname()[1], tmp_path / "host.sock"
    script = f"""
    const net = require('net'), dns = require('dns'), dgram = require('dgram'), os = require('os');
    const tries = {{
      tcp: done => net.connect({port}, '127.0.0.1').on('connect', () => done('reached')).on('error', done),
      out: done => net.connect(443, '1.1.1.1').on('connect', () => done('reached')).on('error', done),
      six: done => net.connect(443, '2606:4700::1').on('connect', () => done('reached')).on('error', done),
      path: done => net.connect('{path}').on('connect', () => done('reached')).on('error', done),
      name: done => dns.lookup('example.com', (error, found) => done(error ?? 'reached')),
      server: done => {{ const asked = new dns.Resolver({{ timeout: 300, tries: 1 }});
                         asked.setServers(['1.1.1.1']);
                         asked.resolve4('example.com', (error, found) => done(error ?? 'reached')) }},
      udp: done => dgram.createSocket('udp4').send('x', 53, '8.8.8.8', error => done(error ?? 'reached')),
    }};
    for (const [name, attempt] of Object.entries(tries))
      attempt(result => console.log(name, result.code ?? result));
    console.log('cards', Object.keys(os.networkInterfaces()).join());
    setTimeout(() => process.exit(0), 1500).unref();
    """
    assert room.node(script).ok
    told = dict(line.split(" ", 1) for line in room.lines)
    assert sorted(told) == ["cards", "name", "out", "path", "server", "six", "tcp", "udp"]
    assert told.pop("cards") == "lo"
    assert "reached" not in told.values()
    for listener in listeners.values():
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.skipif(not Path("/usr/bin/perl").exists(), reason="only Perl is at hand for it")
def test_a_socket_without_a_path_is_not_reached(room: Room, listeners: dict[str, socket.socket]) -> None:
    name = f"sandbox-test-{os.getpid()}"
    script = (
        "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0) or die;"
        f'print connect(S, pack("S a*", AF_UNIX, "\\0{name}")) ? "reached" : "not: $!";'
    )
    assert room.run("/usr/bin/perl", "-e", script).ok
    assert room.lines == ["not: Connection refused"]


# Files


def test_nothing_of_this_machine_is_seen_but_programs(room: Room) -> None:
    places = [
        *("/etc/shadow", "/etc/passwd", "/root", "/home", "/var", "/run", "/sys", "/mnt", "/dev/shm"),
        *(
            str(PROJECT / "README.md"),
            str(room.folder),
            f"/proc/{os.getpid()}",
            f"/proc/{os.getppid()}/environ",
        ),
        *("/dev/kmsg", "/dev/tty", "/dev/mem", "/proc/kcore", "/proc/1/root/etc", "/proc/1/cwd/etc"),
    ]
    script = f"""
    for (const place of {json.dumps(places)}) try {{
      const about = fs.statSync(place);
      if (about.isDirectory()) console.log(place, fs.readdirSync(place).length);
      else console.log(place, fs.readFileSync(place).length);
    }} catch {{}}
    console.log(fs.readdirSync('/').join());
    """
    assert room.node(script).ok
    assert len(room.lines) == 1, room.lines
    roots = set(room.lines[0].split(","))
    assert roots <= {"bin", "dev", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp", "usr", "work"}


def test_nothing_is_written_outside(room: Room, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir(mode=0o755)
    (given / "file").write_text("ours")
    (given / "file").chmod(0o666)
    script = """
    const places = ['/x', '/usr/x', '/usr/bin/x', '/bin/x', '/dev/x', '/proc/sys/kernel/core_pattern',
                    '/proc/sys/kernel/hostname', '/proc/sysrq-trigger', '/proc/1/oom_score_adj', '/given/x',
                    '/given/file', '/proc/self/cwd/../x', '/proc/1/root/x', '/opt/x'];
    for (const place of places) try { fs.writeFileSync(place, '0'); console.log(place) } catch {}
    """
    mounts = [*room.mounts, Mount(given, "/given")]
    ended = room.sandbox.run(
        ["node", "-e", script], mounts=mounts, cwd="/work", limits=SMALL, on_line=room.lines.append
    )
    assert ended.ok
    # Its own first process may be killed sooner than others: that is no way out.
    assert [line for line in room.lines if line != "/proc/1/oom_score_adj"] == []
    assert (given / "file").read_text() == "ours"


def test_links_that_lead_out_are_not_followed_afterwards(room: Room, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("ours")
    script = """
    mkdir deep && ln -s /etc/passwd passwd && ln -s / root && ln -s ../../precious deep/up
    ln -s . deep/here && ln -s here/../.. deep/round && ln -s ../work/inside again
    echo hi > inside && ln -s inside good && ln -s ../inside deep/good && mkfifo pipe && ln -s loop loop
    cp /bin/true own && chmod u+s own
    """
    assert room.shell(script).ok
    # The rights of an owner are gone by then; the rest is for the sweep.
    removed = {one.path: one.what for one in sweep(room.folder)}
    assert removed == {
        "passwd": What.LINK,
        "root": What.LINK,
        "deep/up": What.LINK,
        "deep/round": What.LINK,
        "again": What.LINK,
        "pipe": What.SPECIAL,
    }
    assert (room.folder / "deep" / "good").read_text() == "hi\n"
    assert (tmp_path / "precious" / "file").read_text() == "ours"


def test_a_link_in_place_of_a_folder_is_not_followed_when_it_is_taken_back(
    room: Room, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("ours")
    before = (outside / "file").stat()
    (room.folder / "sub").mkdir()
    assert room.shell(f"rmdir sub && ln -s {outside} sub").ok
    after = (outside / "file").stat()
    assert (after.st_uid, after.st_mode, after.st_ctime_ns) == (
        before.st_uid,
        before.st_mode,
        before.st_ctime_ns,
    )


# Output


def test_100_000_lines_are_ended(room: Room) -> None:
    ended = room.node("for (let i = 0; i < 100000; i++) fs.writeSync(1, `line ${i}\\n`)")
    assert ended.ended is Ended.TOO_MUCH_OUTPUT
    assert len(room.lines) == SMALL.output_lines
    assert room.lines[-1] == f"line {SMALL.output_lines - 1}"


def test_one_endless_line_is_ended(room: Room) -> None:
    ended = room.shell("while :; do printf 'no end in sight '; done", limits=replace(SMALL, output_lines=20))
    assert ended.ended is Ended.TOO_MUCH_OUTPUT
    assert all(len(line) <= SMALL.line_characters + 1 for line in room.lines)


def test_the_limits_of_one_are_counted_anew_for_the_next(room: Room) -> None:
    """After a hostile run an honest one works in the same folder: what was there before does not count."""
    room.node("for (let i = 0; ; i++) fs.writeFileSync(`${i}.txt`, 'x')")
    assert room.node("fs.writeFileSync('page.html', 'hi')", Limits(seconds=20)).ok
