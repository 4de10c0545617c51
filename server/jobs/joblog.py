"""A job's log, in the session's folder: each line has a number that no restart gives twice."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

LINES_MAX = 2000
BYTES_MAX = 200 * 1024
CUT = "(the log is longer than what is kept; it is cut here)"
FOLDER = "jobs"


class JobLog:
    """Lines are written before they are told. A full disk costs their survival, not the lines."""

    def __init__(self, folder: Path, job: str) -> None:
        self._path = folder / FOLDER / f"{job}.log"
        self._lines = self._read()
        cut = CUT in self._lines[-1:]
        self._bytes = BYTES_MAX + 1 if cut else sum(len(line.encode()) + 1 for line in self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def since(self, first: int) -> tuple[str, ...]:
        return tuple(self._lines[first:])

    def add(self, lines: Sequence[str]) -> tuple[str, ...]:
        """What is kept of these: all while the limits last, then one line that says that it is cut."""
        kept: list[str] = []
        for line in lines:
            if self._full:
                break
            self._bytes += len(line.encode()) + 1
            # The last place is the notice's.
            fits = len(self._lines) + len(kept) < LINES_MAX and self._bytes <= BYTES_MAX
            kept.append(line if fits else CUT)
            if not fits:
                self._bytes = BYTES_MAX + 1
        self._write(kept)
        self._lines += kept
        return tuple(kept)

    @property
    def _full(self) -> bool:
        return self._bytes > BYTES_MAX

    def _read(self) -> list[str]:
        try:
            text = self._path.read_text("utf-8", "replace")
        except OSError:
            return []
        lines = text.split("\n")
        if lines.pop():  # torn: the write of a batch did not end
            self._shorten(len(text.encode()) - len(text.rpartition("\n")[2].encode()))
        return lines

    def _shorten(self, size: int) -> None:
        with contextlib.suppress(OSError):
            os.truncate(self._path, size)

    def _write(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                file.write("".join(line + "\n" for line in lines).encode())
