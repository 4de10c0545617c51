"""The house's own numbers: no file over 500 lines, no function over 60 (run by `make check`)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
SUFFIXES = {".py", ".js", ".css", ".html", ".toml"}


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for name in listing.stdout.splitlines() if (path := Path(name)).suffix in SUFFIXES]


def long_functions(path: Path, text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                most = f"(at most {FUNCTION_LINES_MAX})"
                found.append(f"{path}:{node.lineno} {node.name} has {lines} lines {most}")
    return found


def complaints(path: Path) -> list[str]:
    text = path.read_text()
    lines = text.count("\n")
    found = [f"{path} has {lines} lines (at most {FILE_LINES_MAX})"] if lines > FILE_LINES_MAX else []
    return found + (long_functions(path, text) if path.suffix == ".py" else [])


def main() -> int:
    found = [line for path in tracked_files() if path.exists() for line in complaints(path)]
    print("\n".join(found) or "house: no file over 500 lines, no function over 60")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
