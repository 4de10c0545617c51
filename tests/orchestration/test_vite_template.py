"""The packages that sites are built with: fetched once, whole or not at all, and why they are missing."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from work_samples import Remembered

from orchestration.adapters.sandbox import Missing
from orchestration.adapters.website.vite import template as packages
from orchestration.adapters.website.vite.template import Template, key, ready, template
from orchestration.adapters.work import Means

INSTALLS = 'echo x >> "$COUNT"; sleep 0.3; mkdir -p node_modules/vite; echo made > node_modules/vite/it'
FAILS = "echo no such host; mkdir -p node_modules/half; exit 1"


class Machine:
    """A PATH of its own with a Node and an npm that do what a test wants."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin, self.place, self.count = folder / "bin", folder / "packages", folder / "count"
        self.bin.mkdir()
        self.count.touch()
        self.means = Means({packages.SETTING: str(self.place)})
        monkeypatch.setenv("PATH", f"{self.bin}:/usr/bin:/bin")
        self.program("node", "echo v20.19.0")

    def program(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\nCOUNT={self.count}\n{script}\n")
        path.chmod(0o755)

    @property
    def installs(self) -> int:
        return len(self.count.read_text().split())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_they_are_fetched_once_and_said(machine: Machine) -> None:
    machine.program("npm", INSTALLS)
    report = Remembered()
    assert ready(machine.means) is None
    first = template(machine.means, report)
    assert isinstance(first, Template)
    assert (first.modules / "vite/it").read_text() == "made\n"
    assert "npm install" in report.lines[0]
    again = Remembered()
    assert template(machine.means, again) == first == ready(machine.means)
    assert again.lines == []
    assert machine.installs == 1


def test_everybody_may_read_them(machine: Machine) -> None:
    machine.program("npm", INSTALLS)
    former = os.umask(0o077)
    try:
        found = template(machine.means, Remembered())
    finally:
        os.umask(former)
    assert isinstance(found, Template)
    for path in (found.modules.parent, found.modules, found.modules / "vite"):
        assert path.stat().st_mode & 0o055 == 0o055
    assert (found.modules / "vite/it").stat().st_mode & 0o044 == 0o044


def test_two_at_once_do_not_clash(machine: Machine) -> None:
    machine.program("npm", INSTALLS)
    reports = [Remembered(), Remembered()]
    found: list[Template | Missing] = []
    threads = [
        threading.Thread(target=lambda report=report: found.append(template(machine.means, report)))
        for report in reports
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert machine.installs == 1
    assert found[0] == found[1]
    assert isinstance(found[0], Template)
    assert ["waiting: another job is fetching Vite's packages"] in [report.lines for report in reports]


def test_what_failed_leaves_nothing_and_is_tried_again(machine: Machine) -> None:
    machine.program("npm", FAILS)
    report = Remembered()
    assert template(machine.means, report) == Missing("Vite's packages could not be fetched")
    assert "npm: no such host" in report.lines
    assert sorted(path.name for path in machine.place.iterdir()) == [".failed", ".lock"]
    machine.program("npm", INSTALLS)
    assert isinstance(template(machine.means, report, rest_s=0.0), Template)


def test_where_it_failed_not_every_site_waits_for_it(machine: Machine) -> None:
    machine.program("npm", f"echo x >> $COUNT; {FAILS}")
    template(machine.means, Remembered())
    found = template(machine.means, Remembered())
    assert found == Missing("Vite's packages could not be fetched a while ago")
    assert machine.installs == 1
    os.utime(machine.place / packages.FAILED, (0, 0))
    assert template(machine.means, Remembered()) == Missing("Vite's packages could not be fetched")
    assert machine.installs == 2


def test_an_npm_that_cannot_start_is_a_reason_and_no_accident(machine: Machine) -> None:
    (machine.bin / "npm").write_text("#!/no/such/interpreter\n")
    (machine.bin / "npm").chmod(0o755)
    assert template(machine.means, Remembered()) == Missing("npm is installed but does not start")
    assert sorted(path.name for path in machine.place.iterdir()) == [".failed", ".lock"]


def test_a_full_disk_is_a_reason_and_leaves_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.program("npm", INSTALLS)

    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(packages, "_install", full)
    report = Remembered()
    assert template(machine.means, report) == Missing("Vite's packages could not be put on the disk")
    assert report.lines == [f"Vite's packages: {os.strerror(errno.ENOSPC)}"]
    assert [path.name for path in machine.place.iterdir()] == [".lock"]


def test_what_somebody_left_half_done_goes(machine: Machine) -> None:
    machine.program("npm", INSTALLS)
    (machine.place / ".new-gone/node_modules").mkdir(parents=True)
    template(machine.means, Remembered())
    assert sorted(path.name for path in machine.place.iterdir()) == [".lock", key()]


def test_an_install_that_never_ends_is_ended(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.program("npm", "exec sleep 60")
    monkeypatch.setattr(packages, "SECONDS_MAX", 0.2)
    monkeypatch.setattr(packages, "TELL_EVERY_S", 0.1)
    report = Remembered()
    assert template(machine.means, report) == Missing("Vite's packages could not be fetched in time")
    assert any("still fetching" in line for line in report.lines)


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("echo v18.20.4", "Node is too old here (18.20)"),
        ("echo v22.11.0", "Node is too old here (22.11)"),
        ("exit 127", "Node is installed but does not start"),
    ],
)
def test_another_node_is_told(machine: Machine, says: str, reason: str) -> None:
    machine.program("node", says)
    found = template(machine.means, Remembered())
    assert isinstance(found, Missing)
    assert found.reason == reason


def test_no_node_and_no_npm_are_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(machine.bin))
    found = template(machine.means, Remembered())
    assert isinstance(found, Missing)
    assert found.reason == "npm is not installed"
    (machine.bin / "node").unlink()
    found = template(machine.means, Remembered())
    assert isinstance(found, Missing)
    assert found.reason == "Node is not installed"


def test_no_secret_of_ours_reaches_npm(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.program("npm", f"{INSTALLS}; env > node_modules/vite/env")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    found = template(machine.means, Remembered())
    assert isinstance(found, Template)
    seen = (found.modules / "vite/env").read_text()
    assert "sk-secret" not in seen
    assert "proxy.invalid" in seen
