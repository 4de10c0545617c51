"""A kit of a small project, without Node: what says BROKEN does not build."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from orchestration.adapters.website.authored.kit import BuildFailed, Draft
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


class SmallKit:
    """`compiled` are the projects that were built, by file."""

    def __init__(self, missing: str = "") -> None:
        self._missing = missing
        self.compiled: list[dict[str, str]] = []

    def missing(self, order: Order, report: Report) -> str:
        return self._missing

    def write(self, order: Order, source: Path, report: Report) -> Draft:
        for path, text in PROJECT.items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_text(text)
        return Draft((("Home", "index.html"),), {"name": "ember"})

    def seen(self, source: Path, folder: Path, report: Report) -> AbstractContextManager[object]:
        return nullcontext()

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
