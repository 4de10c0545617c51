"""Takes what an external builder wrote out of its copy: files that may be written, and nothing else."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from orchestration.adapters import sandbox
from orchestration.adapters.sandbox import Swept, What
from orchestration.adapters.website.authored import rules
from orchestration.adapters.website.authored.bench import Bench, files_of
from orchestration.adapters.website.authored.rules import Refused
from orchestration.adapters.website.authored.terms import Unable
from orchestration.adapters.website.authored.wording import spaced
from orchestration.adapters.work import Report

BYTES_MAX = max(rules.TEXT_BYTES_MAX, rules.PICTURE_BYTES_MAX)


def harvest(copy: Path, bench: Bench, name: str, report: Report) -> None:
    """Bring the bench's files to what they are in the copy. Whoever wrote there must have ended.

    What may not be written is left out, and the log says so. Raises Unable for links and devices among the
    project's files, and for files of ours that are gone; OSError for a disk that is full.
    """
    for swept in sandbox.sweep(copy):
        _judge(swept)
    there = {found.path: found.size for found in files_of(copy)}
    ours = {found.path for found in bench.files()}
    for path in sorted(ours - there.keys()):
        if not rules.may_change(path):
            raise Unable(f"It removed {path}, which is not its to change.")
        bench.remove(path)
        report.log(f"{name}: removed {path}")
    for path, size in there.items():
        if rules.may_change(path):
            _take(copy, path, size, bench, name, report)
        elif path in ours and (size > BYTES_MAX or _read(copy, path) != (bench.folder / path).read_bytes()):
            report.log(f"{name}: its change of {path} is left out")


def _judge(swept: Swept) -> None:
    """Beside the project, in `node_modules` or hidden folders, an agent's programs make what they like."""
    parts = PurePosixPath(swept.path).parts
    aside = bool(parts) and (parts[0] == "node_modules" or parts[0].startswith("."))
    if not aside and swept.what is not What.BITS:
        raise Unable(f"It wrote {swept.what.value} into the project.")


def _take(copy: Path, path: str, size: int, bench: Bench, name: str, report: Report) -> None:
    if size > BYTES_MAX:
        report.log(f"{name}: {path} is left out: {spaced(size)} bytes")
        return
    data = _read(copy, path)
    known = bench.folder / path
    if known.is_file() and known.read_bytes() == data:
        return
    try:
        bench.write(path, data, text_only=False)
    except Refused as refused:
        report.log(f"{name}: {path} is left out: {refused}")
        return
    report.log(f"{name}: wrote {path} ({spaced(len(data))} bytes)")


def _read(copy: Path, path: str) -> bytes:
    try:
        return sandbox.get(copy, path, BYTES_MAX)
    except (OSError, ValueError):
        raise Unable("It wrote a file that cannot be read.") from None
