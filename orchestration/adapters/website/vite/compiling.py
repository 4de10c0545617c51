"""Turns a project into finished pages, behind the walls of the sandbox: whoever wrote it is not trusted."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from orchestration.adapters.sandbox import Ended, Exit, Limits, Mount, Sandbox, SandboxError, sweep
from orchestration.adapters.website.build import check_files
from orchestration.adapters.website.vite.template import MODULES, Template
from orchestration.adapters.work import Report, WorkError, WorkErrorCode

INSIDE = "/project/site"
INSIDE_MODULES = f"/project/{MODULES}"
"""Beside the project: there Node looks as well, and the project's own folder stays as it is."""
DIST = "dist"
LIMITS = Limits(seconds=90.0, cpu_seconds=90.0, total_bytes=64 * 1024 * 1024)
"""The seconds are for the whole build; it takes three, on a machine that does nothing else."""
TYPES = ("node", f"{INSIDE_MODULES}/typescript/bin/tsc", "--noEmit", "--pretty", "false")
VITE = ("node", f"{INSIDE_MODULES}/vite/bin/vite.js", "build", "--configLoader", "runner", "--emptyOutDir")
LINES_KEPT = 60
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
NOISE = re.compile(
    r"The `runner` config loader is deprecated|computing gzip size|^(transforming|rendering chunks)\."
)
WHY = {
    Ended.TIMED_OUT: "Building the site took too long.",
    Ended.OUT_OF_MEMORY: "Building the site took too much memory.",
    Ended.TOO_MUCH_OUTPUT: "Building the site never stopped talking.",
    Ended.TOO_MUCH_DISK: "Building the site filled the disk.",
    Ended.CANCELLED: "Building the site was stopped.",
}


class BuildError(WorkError):
    """The project cannot be built. `lines` are the last that were said, for whoever wrote it."""

    def __init__(self, reason: str, lines: Sequence[str] = ()) -> None:
        super().__init__(WorkErrorCode.BUILD_FAILED, reason)
        self.lines = tuple(lines)


def compile_project(
    source: Path, template: Template, sandbox: Sandbox, report: Report, *, limits: Limits = LIMITS
) -> Path:
    """Check the types, build, prerender; returns `dist` in the project, swept and checked.

    Blocks, for some seconds. What the tools say goes to the report as they say it. Nothing of the project is
    executed outside of the sandbox, and nothing that it made leads out of its folder. Raises BuildError, and
    WorkError `check_failed` for pages that must not be delivered.
    """
    _clear(source)
    run = _Run(source, template, sandbox, report, limits)
    report.progress(60, "checking the types")
    run.step("tsc --noEmit", TYPES, "The site's source has errors.")
    report.progress(65, "building with Vite")
    run.step("vite build", VITE, "Vite could not build the site.")
    dist = source / DIST
    _sweep(source, report)
    shutil.rmtree(source / MODULES, ignore_errors=True)
    if dist.is_symlink() or not dist.is_dir():
        raise BuildError("Vite left no finished site.", run.lines)
    _sweep(dist, report)  # once more: it will lie elsewhere, and a link to the source leads out of it
    check_files(dist, report, scripts=True)
    return dist


class _Run:
    """The steps of one build, and the last lines that they said."""

    def __init__(
        self, source: Path, template: Template, sandbox: Sandbox, report: Report, limits: Limits
    ) -> None:
        self._mounts = (Mount(source, INSIDE, writable=True), Mount(template.modules, INSIDE_MODULES))
        self._sandbox = sandbox
        self._report = report
        self._limits = limits
        self._ends = time.perf_counter() + limits.seconds
        self.lines: list[str] = []

    def step(self, shown: str, command: Sequence[str], failure: str) -> None:
        """Raises BuildError with `failure` when the command does not end well."""
        started = time.perf_counter()
        left = replace(self._limits, seconds=max(1.0, self._ends - started))
        self._report.log(f"$ {shown}")
        try:
            ended = self._sandbox.run(
                command,
                mounts=self._mounts,
                cwd=INSIDE,
                environment={"CI": "1", "NO_COLOR": "1"},
                limits=left,
                on_line=self._hear,
            )
        except SandboxError as error:
            self._report.log(f"sandbox: {error}")
            raise BuildError("The sandbox could not be started.", self.lines) from error
        self._judge(shown, ended, failure)
        self._report.log(f"{shown}: done in {time.perf_counter() - started:.1f} s")

    def _hear(self, line: str) -> None:
        plain = COLOURS.sub("", line).rstrip()
        if plain and not NOISE.search(plain):
            self.lines = [*self.lines[1 - LINES_KEPT :], plain]
            self._report.log(plain)

    def _judge(self, shown: str, ended: Exit, failure: str) -> None:
        if ended.ended is not Ended.FINISHED:
            raise BuildError(WHY[ended.ended], self.lines)
        if ended.code != 0:
            self._report.log(f"{shown}: ended with code {ended.code}")
            raise BuildError(failure, self.lines)


def _sweep(folder: Path, report: Report) -> None:
    for found in sweep(folder):
        report.log(f"removed {found.path}: {found.what}")


def _clear(source: Path) -> None:
    """What an earlier build left; a link in its place goes, and not what it leads to."""
    for name in (DIST, MODULES):
        path = source / name
        if path.is_symlink() or path.is_file():
            os.unlink(path)
        else:
            shutil.rmtree(path, ignore_errors=True)
