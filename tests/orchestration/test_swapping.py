"""A built folder takes the place of the one that is served; who is killed meanwhile leaves a whole one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from orchestration.adapters.website import swapping
from orchestration.adapters.website.swapping import swap


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    fresh, served = tmp_path / "fresh", tmp_path / "served"
    for folder in (fresh, served):
        folder.mkdir()
        (folder / "index.html").write_text(folder.name)
    return fresh, served


def cannot(one: Path, other: Path) -> None:
    raise OSError(errno.EINVAL, "such a disk cannot")


@pytest.mark.parametrize("done", range(3))
def test_a_kill_between_any_two_renames_leaves_a_whole_site(
    folders: tuple[Path, Path], done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, rename = done, os.rename

    def until_killed(source: str | Path, target: str | Path) -> None:
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        rename(source, target)

    fresh, served = folders
    monkeypatch.setattr(os, "rename", until_killed)
    try:
        swap(fresh, served)
    except Killed:
        pass
    assert (served / "index.html").read_text() in ("fresh", "served")


@pytest.mark.parametrize("exchange", [swapping.exchange, cannot], ids=["at once", "in steps"])
def test_the_new_one_is_served_and_the_old_one_lies_where_that_was(
    folders: tuple[Path, Path], exchange: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, served = folders
    monkeypatch.setattr(swapping, "exchange", exchange)
    swap(fresh, served)
    assert (served / "index.html").read_text() == "fresh"
    assert (fresh / "index.html").read_text() == "served"
    assert sorted(path.name for path in served.parent.iterdir()) == ["fresh", "served"]


def test_where_there_was_none_it_is_just_there(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    swap(fresh, tmp_path / "served")
    assert [path.name for path in tmp_path.iterdir()] == ["served"]


def test_a_failure_of_another_kind_leaves_what_is_served(folders: tuple[Path, Path]) -> None:
    fresh, served = folders
    with pytest.raises(FileNotFoundError):
        swap(fresh / "nowhere", served)
    assert (served / "index.html").read_text() == "served"


@pytest.mark.parametrize("able", [True, False])
@pytest.mark.parametrize("leads", [True, False])
def test_a_link_gives_way_wherever_it_leads(
    folders: tuple[Path, Path], leads: bool, able: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, elsewhere = folders
    link = fresh.with_name("link")
    link.symlink_to(elsewhere if leads else fresh.with_name("nowhere"))
    if not able:
        monkeypatch.setattr(swapping, "exchange", cannot)
    swap(fresh, link)
    assert (link / "index.html").read_text() == "fresh"
    assert fresh.is_symlink()
    assert not link.is_symlink()
    assert (elsewhere / "index.html").read_text() == "served"
