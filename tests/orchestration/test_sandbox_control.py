"""The control group of a run, on a folder that looks like the kernel's: where one can be made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from behind_walls import SMALL, Room, sandbox_or_skip

from orchestration.adapters.sandbox import Ended, Exit, control
from orchestration.adapters.sandbox.control import PREFIX, Control, place


@pytest.fixture
def kernel(tmp_path: Path) -> tuple[Path, Path]:
    """The mounted hierarchy and our own line in it."""
    root, own = tmp_path / "cgroup", tmp_path / "own"
    (root / "user" / "app").mkdir(parents=True)
    (root / "user" / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (root / "user" / "cgroup.procs").write_text("")
    own.write_text("0::/user/app\n")
    return root, own


def test_it_is_made_beside_our_own(kernel: tuple[Path, Path]) -> None:
    root, own = kernel
    assert place(root, own) == root / "user"


def test_where_none_can_be_made_there_is_no_place(kernel: tuple[Path, Path], tmp_path: Path) -> None:
    root, own = kernel
    assert place(root, tmp_path / "missing") is None
    assert place(tmp_path / "missing", own) is None
    (root / "user" / "cgroup.subtree_control").write_text("cpu memory\n")
    assert place(root, own) is None
    for line in ("0::/\n", "4:memory:/user/app\n", ""):
        own.write_text(line)
        assert place(root, own) is None


def test_it_has_the_limits_and_takes_the_process(kernel: tuple[Path, Path]) -> None:
    root, own = kernel
    parent = place(root, own)
    left = root / "user" / f"{PREFIX}1-0"
    left.mkdir()
    with control.control(SMALL, parent) as group:
        assert not left.exists()
        (folder,) = (root / "user").glob(f"{PREFIX}*")
        assert (folder / "memory.max").read_text() == str(SMALL.memory_bytes + SMALL.scratch_bytes)
        assert (folder / "memory.oom.group").read_text() == "1"
        assert (folder / "pids.max").read_text() == str(SMALL.processes + 1)
        assert group.add(os.getpid())
        assert (folder / "cgroup.procs").read_text() == str(os.getpid())
        assert not group.out_of_memory()
        (folder / "memory.events").write_text("low 0\noom 1\noom_kill 0\n")
        assert not group.out_of_memory()
        (folder / "memory.events").write_text("low 0\noom 1\noom_kill 3\noom_group_kill 1\n")
        assert group.out_of_memory()
        for file in folder.iterdir():  # the kernel's own go with their folder
            file.unlink()
    assert not folder.exists()


def test_one_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    with control.control(SMALL, tmp_path / "missing") as group:
        assert not group.add(os.getpid())
        assert not group.out_of_memory()


def test_a_run_that_the_kernel_ended_for_its_memory_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox, added = sandbox_or_skip(), []
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(Control, "add", lambda _, pid: added.append(pid))
    monkeypatch.setattr(Control, "out_of_memory", lambda _: True)
    assert Room(sandbox, tmp_path / "work").shell("kill -KILL $$") == Exit(None, Ended.OUT_OF_MEMORY)
    assert len(added) == 1
