"""Sites built by the real Vite in the real sandbox, and what happens where one of them is missing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from behind_walls import sandbox_or_skip
from work_samples import BAKERY, HOSTILE, Remembered, VisibleText, answers, visible

from orchestration.adapters import website
from orchestration.adapters.sandbox import Limits, Missing, Sandbox
from orchestration.adapters.website.check import check_site
from orchestration.adapters.website.plan import plan_of
from orchestration.adapters.website.vite import builder
from orchestration.adapters.website.vite.builder import ViteBuilder
from orchestration.adapters.website.vite.compiling import BuildError, compile_project
from orchestration.adapters.website.vite.project import write
from orchestration.adapters.website.vite.template import Template, template
from orchestration.adapters.work import Means, WorkError

NASTY = {
    "name": 'Tom\'s `${alert(1)}` & "Zoé" </script> {alert(1)} 🥐',
    "offer": "<script>alert(1)</script> %MODE% $& ${process.env.HOME} import.meta.env.MODE {alert(2)} `ink`",
    "audience": 'people" onmouseover="alert(2) <!-- --> */ // \\u003cb\\u003e import.meta.glob("./*")',
    "difference": "process.env.NODE_ENV is " + "lovely " * 300,
    "pages": "home, <img src=x onerror=alert(4)>, 24h service, contact, gallery, questions",
    "style": "red; } body { display:none } url(//evil.example/x.png)",
}


@pytest.fixture
def sandbox() -> Sandbox:
    return sandbox_or_skip()


@pytest.fixture
def packages(sandbox: Sandbox) -> Template:
    """Fetched by the set-up; here at the latest."""
    found = template(Means(), Remembered())
    if isinstance(found, Missing) and os.environ.get("CI"):
        pytest.fail(found.reason)
    if isinstance(found, Missing):
        pytest.skip(found.reason)
    return found


def order(texts: dict[str, str]) -> website.Order:
    return website.Order(answers(texts))


def test_a_site_is_built_and_its_source_kept(packages: Template, tmp_path: Path) -> None:
    report = Remembered()
    result = ViteBuilder().build(order(BAKERY), tmp_path, report)
    assert (result.kind, result.because) == ("vite", "")
    site, source = tmp_path / website.SITE_FOLDER, tmp_path / website.SOURCE_FOLDER
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "site-source"]
    assert result.files == len([path for path in site.rglob("*") if path.is_file()])
    assert all((site / path).is_file() for _, path in result.pages)
    assert not (source / "dist").exists()
    assert not (source / "node_modules").exists()
    assert json.loads((source / "package.json").read_text())["scripts"]["build"] == "tsc && vite build"
    size = f"{(source / 'src/pages/Menu.tsx').stat().st_size:,}".replace(",", " ")
    assert f"wrote src/pages/Menu.tsx ({size} bytes)" in report.lines
    assert any(line.startswith("vite v8") for line in report.lines)
    assert report.percents == sorted(report.percents)
    assert report.percents[-1] == 100
    text = VisibleText(site / "menu.html").text  # before any script has run
    assert all(words in text for words in ("Golden Crust Bakery", "Sourdough", "so it is warm at six"))


@pytest.mark.parametrize("texts", [NASTY, HOSTILE], ids=["nasty", "hostile"])
def test_hostile_answers_stay_text(texts: dict[str, str], packages: Template, tmp_path: Path) -> None:
    result = ViteBuilder().build(order(texts), tmp_path, Remembered())
    assert result.kind == "vite"
    for path in (tmp_path / "site").glob("*.html"):
        page = VisibleText(path)
        assert page.foreign == ["script"], path.name  # the site's own
    text = visible(tmp_path / "site")
    for word in texts["offer"].split():
        assert word.strip(".") in text, word
    assert "evil" not in "".join(path.read_text() for path in (tmp_path / "site/assets").glob("*.css"))


def project(texts: dict[str, str], folder: Path) -> Path:
    source = folder / "project"
    source.mkdir()
    write(plan_of(answers(texts), None, Remembered()), source, lambda file: None)
    return source


def test_an_error_in_the_source_is_told_with_its_lines(
    packages: Template, sandbox: Sandbox, tmp_path: Path
) -> None:
    source = project(BAKERY, tmp_path)
    (source / "src/business.ts").write_text("export const business: number = 'no';\n")
    with pytest.raises(BuildError) as failed:
        compile_project(source, packages, sandbox, Remembered())
    assert failed.value.code == "build_failed"
    assert any("src/business.ts(1,14)" in line for line in failed.value.lines)


def test_what_a_build_leaves_cannot_lead_out(packages: Template, sandbox: Sandbox, tmp_path: Path) -> None:
    source = project(BAKERY, tmp_path)
    evil = """
    import { symlinkSync } from "node:fs";
    export function prerender() {
      return { name: "evil", closeBundle() {
        symlinkSync("/etc/passwd", "dist/passwd");
        symlinkSync("../src/business.ts", "dist/business.ts");
      } };
    }
    """
    (source / "prerender.ts").write_text(evil)
    report = Remembered()
    with pytest.raises(WorkError):  # nobody has put the words into the pages
        compile_project(source, packages, sandbox, report)
    assert not [path for path in (source / "dist").rglob("*") if path.is_symlink()]
    assert len([line for line in report.lines if line.startswith("removed ")]) == 2


def test_an_endless_build_ends(packages: Template, sandbox: Sandbox, tmp_path: Path) -> None:
    source = project(BAKERY, tmp_path)
    (source / "vite.config.ts").write_text(
        "await new Promise((done) => setTimeout(done, 60_000));\nexport default {};"
    )
    with pytest.raises(BuildError, match="too long"):
        compile_project(source, packages, sandbox, Remembered(), limits=Limits(seconds=2.5))


def test_without_a_sandbox_it_is_the_plain_site_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "probe", lambda: Missing("bubblewrap is not installed", "apt install it."))
    report = Remembered()
    result = ViteBuilder().build(order(BAKERY), tmp_path, report)
    assert result.kind == "static"
    assert result.because == "There is no sandbox here, because bubblewrap is not installed."
    assert any(result.because in line for line in report.lines)
    assert result.as_json()["because"] == result.because
    assert check_site(tmp_path / "site").faults == ()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_without_packages_it_is_the_plain_site_and_says_so(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "template", lambda means, report: Missing("Node is not installed"))
    result = ViteBuilder().build(order(BAKERY), tmp_path, Remembered())
    assert (result.kind, result.because[-23:]) == ("static", " Node is not installed.")


def test_a_build_that_fails_becomes_the_plain_site_and_leaves_nothing_else(
    packages: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> Path:
        raise BuildError("Vite could not build the site.")

    monkeypatch.setattr(builder, "compile_project", fail)
    result = ViteBuilder().build(order(BAKERY), tmp_path, Remembered())
    assert (result.kind, result.because) == ("static", "Vite could not build the site.")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
