"""Websites of three invented businesses, built by Vite; and what their owners take home runs with npm."""

from __future__ import annotations

import json
import subprocess
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from sessions import ROOT, Note

from orchestration.adapters import website
from orchestration.adapters.answers import KEYS, Answers
from orchestration.adapters.website.check import check_site
from orchestration.adapters.website.vite.builder import ViteBuilder
from server.downloads import zipped

pytestmark = pytest.mark.accept

BUSINESSES = ("bakery", "repair", "yoga")
BUILD_MAX_S, FIRST_LINE_MAX_S = 20.0, 1.0


class Timed:
    """When the first line came, in seconds from now."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self.first_s = 0.0
        self.lines: list[str] = []

    def log(self, line: str) -> None:
        self.first_s = self.first_s or time.perf_counter() - self._began
        self.lines.append(line)

    def progress(self, percent: int, message: str) -> None: ...


def built(name: str, folder: Path) -> tuple[website.SiteResult, Timed]:
    said = json.loads((ROOT / f"tests/fixtures/answers-{name}.json").read_text("utf-8"))["answers"]
    answers = Answers.of({"brief": dict(zip(KEYS, said, strict=True))})
    report = Timed()
    return ViteBuilder().build(website.Order(answers), folder / name, report), report


def test_three_businesses_get_three_sites_quickly(note: Note, tmp_path: Path) -> None:
    built("yoga", tmp_path / "warm")
    made = {name: built(name, tmp_path) for name in BUSINESSES}
    results = [result for result, _ in made.values()]
    seconds = [result.seconds for result in results]
    first = max(report.first_s for _, report in made.values())
    note(
        point="Websites by Vite",
        required="three different sites, each built by Vite within 20 s; first line within 1 s",
        measured=f"{len(results)} sites in {', '.join(f'{one:.1f}' for one in seconds)} s; "
        f"first line after {first * 1000:.0f} ms",
    )
    assert [result.kind for result in results] == ["vite"] * 3
    assert max(seconds) <= BUILD_MAX_S
    assert first <= FIRST_LINE_MAX_S
    assert len({result.pages for result in results}) == 3
    assert len({str(result.palette["primary"]) for result in results}) == 3
    homes = {(tmp_path / name / "site/index.html").read_text("utf-8") for name in BUSINESSES}
    assert len(homes) == 3


def test_what_is_taken_home_runs_with_npm(note: Note, tmp_path: Path) -> None:
    result, _ = built("bakery", tmp_path)
    packed = zipped(tmp_path / "bakery/site", tmp_path / "bakery/site-source")
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        archive.extractall(tmp_path / "home")
    project = tmp_path / "home/site-source"
    started = time.perf_counter()
    for command in (["npm", "install"], ["npm", "run", "build"]):
        ran = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    seconds = time.perf_counter() - started
    dist = project / "dist"
    same = [path for _, path in result.pages if (dist / path).read_bytes() == _built(tmp_path, path)]
    note(
        point="The zip",
        required="runs with npm install && npm run build, and makes the pages that were shown",
        measured=f"{len(same)} of {len(result.pages)} pages the same to the byte, after {seconds:.0f} s",
    )
    assert check_site(dist, scripts=True).faults == ()
    assert len(same) == len(result.pages)


def _built(folder: Path, path: str) -> bytes:
    return (folder / "bakery/site" / path).read_bytes()
