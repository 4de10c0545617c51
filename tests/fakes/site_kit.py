"""A kit of a small project, without Node: what says BROKEN does not build."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.adapters.website.authored.kit import BuildFailed, Draft, Show
from orchestration.adapters.website.order import SITE_FOLDER, SOURCE_FOLDER, Order
from orchestration.adapters.work import Report

PROJECT = {
    "package.json": '{"name": "site"}\n',
    "package-lock.json": "{}\n",
    "vite.config.ts": "export default {}\n",
    "index.html": "<!doctype html><title>Home</title>\n",
    "src/App.tsx": "export const App = () => <h1>Hello</h1>\n",
    "src/theme.css": ":root { --primary: #a33 }\n",
}

FINISHED, OVER = "(finished)", "(over)"


class SmallKit:
    """`compiled` are the projects that were built, by file; `shown` is what was seen meanwhile."""

    def __init__(self, missing: str = "") -> None:
        self._missing = missing
        self.compiled: list[dict[str, str]] = []
        self.shown: dict[str, str] = {}

    def missing(self, order: Order, report: Report) -> str:
        return self._missing

    @contextmanager
    def watched(self, folder: Path, report: Report) -> Iterator[SmallKit]:
        self.shown = {}
        yield self
        self.shown[OVER] = ""

    def put(self, path: str, text: str) -> None:
        self.shown[path] = text

    def finish(self) -> None:
        self.shown[FINISHED] = ""

    def write(self, order: Order, source: Path, report: Report, show: Show) -> Draft:
        for path, text in PROJECT.items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_text(text)
            show(path, text)
        return Draft((("Home", "index.html"),), {"name": "ember"})

    def compile(self, source: Path, built: Path, draft: Draft, report: Report) -> None:
        files = sorted(path for path in source.rglob("*") if path.is_file())
        texts = {str(path.relative_to(source)): path.read_text("utf-8", "replace") for path in files}
        self.compiled.append(texts)
        if wrong := [path for path, text in texts.items() if "BROKEN" in text]:
            raise BuildFailed(tuple(f"{path}(1,1): error TS1005: ';' expected." for path in wrong))
        shutil.rmtree(built, ignore_errors=True)
        built.mkdir()
        (built / "index.html").write_text(texts["index.html"] + texts["src/App.tsx"])

    def deliver(self, source: Path, built: Path, folder: Path) -> tuple[int, int]:
        for kind, fresh in ((SITE_FOLDER, built), (SOURCE_FOLDER, source)):
            shutil.rmtree(folder / kind, ignore_errors=True)
            shutil.move(fresh, folder / kind)
        sizes = [path.stat().st_size for path in (folder / SITE_FOLDER).rglob("*") if path.is_file()]
        return len(sizes), sum(sizes)
