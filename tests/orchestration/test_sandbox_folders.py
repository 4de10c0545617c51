"""A folder in which somebody hostile wrote: measured, swept, taken back; and output that becomes lines."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from orchestration.adapters.sandbox import SandboxError, Swept, What, get, put, sweep
from orchestration.adapters.sandbox.folders import DEPTH_MAX, Unmeasurable, lend, size, take_back
from orchestration.adapters.sandbox.output import CUT, Lines

OURS = (os.geteuid(), os.getegid())


def test_a_folder_that_vanishes_while_it_is_measured_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As npm does it all the time: it is no attack, and nobody has filled the disk."""
    (tmp_path / "here").mkdir()
    (tmp_path / "gone").mkdir()
    opening = os.open

    def then_gone(path: str, flags: int, *more: int, **where: int) -> int:
        opened = opening(path, flags, *more, **where)
        if path == "gone":
            (tmp_path / "gone").rmdir()
        return opened

    monkeypatch.setattr(os, "open", then_gone)
    assert size(tmp_path) == 2 * 4096
    assert not (tmp_path / "gone").exists()


def nested(top: Path, depth: int) -> None:
    """A folder in a folder …, deeper than a path may be long."""
    folder = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)


@pytest.mark.parametrize(
    ("place", "target", "leads_out"),
    [
        ("link", "file", False),
        ("sub/link", "../file", False),
        ("sub/link", "deeper/..", False),
        ("link", "nowhere", False),
        ("link", "link", False),
        ("link", "/etc/passwd", True),
        ("link", "..", True),
        ("link", "../top/file", True),
        ("sub/link", "../../precious", True),
        ("sub/link", "here/../..", True),
        ("link", "sub/here/../../../precious", True),
        ("link", "a" * 300, False),
    ],
)
def test_a_link_stays_when_it_leads_nowhere_else(
    tmp_path: Path, place: str, target: str, leads_out: bool
) -> None:
    top = tmp_path / "top"
    (top / "sub" / "deeper").mkdir(parents=True)
    (top / "sub" / "here").symlink_to(".")
    (top / "file").write_text("")
    (tmp_path / "precious").write_text("")
    (top / place).symlink_to(target)
    assert sweep(top) == ((Swept(place, What.LINK),) if leads_out else ())
    assert (top / place).is_symlink() is not leads_out
    assert (tmp_path / "precious").exists()


def test_links_that_lead_out_together_go(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "a" / "b").mkdir(parents=True)
    (top / "one").symlink_to("a/b/two")
    (top / "a" / "b" / "two").symlink_to("../../three")
    (top / "three").symlink_to("/etc")
    sweep(top)
    for path in top.rglob("*"):
        assert path.resolve().is_relative_to(top.resolve())


def test_what_is_no_file_goes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    expected = {"pipe", "socket"}
    if os.geteuid() == 0:
        os.mknod(tmp_path / "device", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        expected.add("device")
    assert {one.path for one in sweep(tmp_path)} == expected
    assert os.listdir(tmp_path) == []


def test_rights_of_an_owner_go_and_what_is_locked_is_opened(tmp_path: Path) -> None:
    program, locked = tmp_path / "program", tmp_path / "locked"
    program.write_text("")
    program.chmod(0o6755)
    locked.mkdir()
    (locked / "file").write_text("")
    (locked / "file").chmod(0)
    locked.chmod(0)
    assert sweep(tmp_path) == (Swept("program", What.BITS),)
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    assert (locked / "file").read_text() == ""


def test_a_name_that_is_no_text_can_be_told(tmp_path: Path) -> None:
    os.symlink(b"/etc", os.fsencode(tmp_path) + b"/\xff\xfe")
    (found,) = sweep(tmp_path)
    found.path.encode()


def test_a_tree_of_any_depth_goes(tmp_path: Path) -> None:
    nested(tmp_path, 3000)
    (tmp_path / "page").write_text("stays")
    with pytest.raises(Unmeasurable):
        size(tmp_path)
    with pytest.raises(SandboxError):
        lend(tmp_path, None)
    assert [one.what for one in sweep(tmp_path)] == [What.DEEP]
    assert (tmp_path / "page").read_text() == "stays"
    assert size(tmp_path) < 1_000_000
    assert len(list(tmp_path.rglob("d"))) == DEPTH_MAX


def test_it_is_taken_back_whatever_is_in_it(tmp_path: Path) -> None:
    nested(tmp_path, 100)
    (tmp_path / "out").symlink_to("/etc/passwd")
    before = Path("/etc/passwd").stat()
    (tmp_path / "program").write_text("")
    (tmp_path / "program").chmod(0o4755)
    take_back(tmp_path, OURS)
    assert not (tmp_path / "program").stat().st_mode & stat.S_ISUID
    assert Path("/etc/passwd").stat().st_ctime_ns == before.st_ctime_ns


def test_links_within_may_be_lent_and_others_not(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (top / "one").write_text("")
    os.link(top / "one", top / "two")
    lend(top, None)
    os.link(top / "one", tmp_path / "elsewhere")
    with pytest.raises(SandboxError):
        lend(top, None)


def test_small_things_count_and_holes_do_not(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}").write_text("")
    assert size(tmp_path) == 10 * 4096
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(1 << 30)
    assert size(tmp_path) == 11 * 4096


def test_a_file_is_put_whole_and_read_back(tmp_path: Path) -> None:
    put(tmp_path, "src/pages/Home.tsx", b"one")
    (tmp_path / "src" / "alias").symlink_to("pages/Home.tsx")
    put(tmp_path, "src/pages/Home.tsx", b"two")
    put(tmp_path, "src/alias", b"no link any more")
    assert get(tmp_path, "src/pages/Home.tsx", 3) == b"two"
    assert not (tmp_path / "src" / "alias").is_symlink()
    assert sorted(os.listdir(tmp_path / "src")) == ["alias", "pages"]
    with pytest.raises(OSError, match="too large"):
        get(tmp_path, "src/pages/Home.tsx", 2)


@pytest.mark.parametrize("path", ["out/file", "in/../../file", "/file", "../file", "", "link", "pipe", "in"])
def test_nothing_outside_is_written_or_read(tmp_path: Path, path: str) -> None:
    outside, top = tmp_path / "outside", tmp_path / "top"
    outside.mkdir()
    (top / "in").mkdir(parents=True)
    (outside / "file").write_text("ours")
    (top / "out").symlink_to(outside)
    (top / "link").symlink_to(outside / "file")
    os.mkfifo(top / "pipe")
    with pytest.raises((OSError, ValueError)):
        get(top, path, 100)
    if path not in ("link", "pipe"):  # what stands there is replaced by a file
        with pytest.raises((OSError, ValueError)):
            put(top, path, b"theirs")
    assert (outside / "file").read_text() == "ours"
    assert os.listdir(outside) == ["file"]
    assert sorted(os.listdir(top)) == ["in", "link", "out", "pipe"]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\r\nno end", ["one", "no end"]),
        (b"10 %\r50 %\r100 %\n", ["100 %"]),
        (b"\x1b[32mgreen\x1b[0m\x1b]0;title\x07 \x1b[2K\n", ["green "]),
        (b"a\x00b\x08c\td\n", ["abc\td"]),
        ("left\u202eright\n".encode(), ["leftright"]),
        (b"\xff\xfe\n", ["\ufffd\ufffd"]),
        (b"0123456789\n", ["0123456789"]),
        (b"0123456789A\n", ["0123456789" + CUT]),
        (("é" * 10 + "\n").encode(), ["é" * 10]),
        (b"\n", [""]),
        (b"", []),
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_output_becomes_lines(data: bytes, lines: list[str], step: int) -> None:
    reader = Lines(10)
    told = [line for at in range(0, len(data), step) for line in reader.feed(data[at : at + step])]
    told += reader.end()
    assert told == lines
    assert (reader.count, reader.bytes) == (len(lines), len(data))
